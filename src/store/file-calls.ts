/**
 * The calls by which files are looked at and read. A thread that serves nobody else while it reads makes them itself as
 * long as they are quick: handing one over to Node's pool and back takes 30 µs of CPU and more, ten times what looking at
 * a file takes that the system knows, and reads of many files make thousands. Calls that are slow tell of a disk that
 * has to be waited for, or of one over a network: then calls go to the pool for a while, several at once.
 */
import {
  type BigIntStats,
  closeSync,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readSync,
  statSync,
} from 'node:fs';
import { open, readdir, stat } from 'node:fs/promises';
import type { ByteRange } from './store.ts';

export interface FileCalls {
  readdir(path: string): readonly Dirent[] | Promise<readonly Dirent[]>;
  stat(path: string): BigIntStats | Promise<BigIntStats>;
  /** The bytes of the range that `choose` wants of a file of a size; fewer where the file is cut meanwhile. */
  readRange(path: string, choose: (found: FoundFile) => ByteRange): Uint8Array | Promise<Uint8Array>;
}

export interface FoundFile {
  readonly isFile: boolean;
  /** Bytes. */
  readonly size: number;
}

/** As long as a quick disk takes to read a megabyte. */
const SLOW_MS = 2;
/** Of this many calls one may be slow: on a busy machine the thread itself has to wait for its turn. */
const CALLS_WITH_ONE_SLOW = 64;
/** Calls that go to the pool after more were slow. */
const CALLS_AFTER_SLOW = 256;
/** So long no event may be heard, such as that a read is cancelled; the next call goes to the pool. */
const MAX_STRETCH_MS = 10;

/** `mayBlock`: of threads that do nothing else which must not wait. */
export function createFileCalls(mayBlock: boolean): FileCalls {
  return mayBlock ? blockingWhileQuick(now, pooled) : pooled;
}

const pooled: FileCalls = {
  readdir: (path) => readdir(path, { withFileTypes: true }),
  stat: (path) => stat(path, { bigint: true }),
  async readRange(path, choose) {
    await using handle = await open(path, 'r');
    const found = await handle.stat();
    const { start, end } = choose({ isFile: found.isFile(), size: found.size });
    const body = new Uint8Array(end - start);
    let filled = 0;
    while (filled < body.length) {
      const { bytesRead } = await handle.read(body, filled, body.length - filled, start + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return body.subarray(0, filled);
  },
};

const now: FileCalls = {
  readdir: (path) => readdirSync(path, { withFileTypes: true }),
  stat: (path) => statSync(path, { bigint: true }),
  readRange(path, choose) {
    const file = openSync(path, 'r');
    try {
      const found = fstatSync(file);
      const { start, end } = choose({ isFile: found.isFile(), size: found.size });
      const body = new Uint8Array(end - start);
      let filled = 0;
      while (filled < body.length) {
        const bytesRead = readSync(file, body, filled, body.length - filled, start + filled);
        if (bytesRead === 0) break;
        filled += bytesRead;
      }
      return body.subarray(0, filled);
    } finally {
      closeSync(file);
    }
  },
};

/** The calls of `quick`; those of `slow` for a while after some that took long, and now and then for others to have a turn. */
export function blockingWhileQuick(quick: FileCalls, slow: FileCalls, clock = () => performance.now()): FileCalls {
  let callsToPool = 0;
  let callsSinceSlow = CALLS_WITH_ONE_SLOW;
  let lastTurnMs = Number.NEGATIVE_INFINITY;

  function call<T>(run: (calls: FileCalls) => T): T {
    const start = clock();
    if (callsToPool === 0 && start - lastTurnMs > MAX_STRETCH_MS) callsToPool = 1;
    if (callsToPool > 0) {
      callsToPool--;
      lastTurnMs = start;
      return run(slow);
    }
    try {
      return run(quick);
    } finally {
      callsSinceSlow++;
      if (clock() - start > SLOW_MS) {
        if (callsSinceSlow < CALLS_WITH_ONE_SLOW) callsToPool = CALLS_AFTER_SLOW;
        callsSinceSlow = 0;
      }
    }
  }

  return {
    readdir: (path) => call((calls) => calls.readdir(path)),
    stat: (path) => call((calls) => calls.stat(path)),
    readRange: (path, choose) => call((calls) => calls.readRange(path, choose)),
  };
}
