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
/**
 * Slow calls in a row after which calls go to the pool. A quick one makes up for half of a slow one: on a busy machine
 * the thread itself has to wait for its turn, and then a call among many looks slow.
 */
const SLOW_CALLS = 4;
/** Calls that go to the pool then, before the thread tries again. */
const POOLED_CALLS = 256;
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

/** What tells of time; tests have their own. */
export interface Turns {
  nowMs(): number;
  /** Runs it when the event loop has come around. */
  next(run: () => void): void;
}

const systemTurns: Turns = { nowMs: () => performance.now(), next: setImmediate };

/** The calls of `quick`; those of `slow` for a while after some that took long, and where others have waited for a turn. */
export function blockingWhileQuick(quick: FileCalls, slow: FileCalls, turns: Turns = systemTurns): FileCalls {
  let slowness = 0;
  let callsToPool = 0;
  let stretchStartMs: number | undefined;

  function isForPool(startMs: number): boolean {
    if (callsToPool > 0) {
      callsToPool--;
      return true;
    }
    if (stretchStartMs === undefined) {
      stretchStartMs = startMs;
      turns.next(() => {
        stretchStartMs = undefined;
      });
    }
    return startMs - stretchStartMs > MAX_STRETCH_MS;
  }

  function call<T>(run: (calls: FileCalls) => T): T {
    const startMs = turns.nowMs();
    if (isForPool(startMs)) return run(slow);
    try {
      return run(quick);
    } finally {
      const isSlow = turns.nowMs() - startMs > SLOW_MS;
      slowness = Math.max(0, slowness + (isSlow ? 1 : -0.5));
      if (slowness >= SLOW_CALLS) {
        callsToPool = POOLED_CALLS;
        slowness = 0;
      }
    }
  }

  return {
    readdir: (path) => call((calls) => calls.readdir(path)),
    stat: (path) => call((calls) => calls.stat(path)),
    readRange: (path, choose) => call((calls) => calls.readRange(path, choose)),
  };
}
