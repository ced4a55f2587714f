/**
 * Byte ranges of objects on a local disk, for lakes whose reads go over a network.
 *
 * What is kept are blocks of BLOCK_BYTES at fixed places of an object, so that a query finds what another one has read;
 * ranges are fetched from block to block. An object is known by the store's location, its key, size and time of change.
 * Each block is a file `ab/cdef….block`: CRC-32 of the rest (4 bytes, little endian), then the bytes. It appears by a
 * rename and is believed only where its checksum holds, so nothing is synced, and threads and processes share a folder
 * without a lock. Nothing here fails a read: what the disk cannot give is fetched, what it cannot take is left out.
 *
 * Bound: what was used longest ago is removed whenever a sixteenth of `maxBytes` has been written by this cache, so
 * each thread that writes can be over the bound by that much.
 */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isErrno } from '../platform/files.ts';
import type { ByteRange } from '../store/store.ts';
import type { FileIdentity } from './parquet/footer-cache.ts';

export interface RangeCache {
  /** The bytes of a range; `fetch` is asked for what is not kept, in runs of whole blocks (the last one to the end). */
  read(
    file: FileIdentity,
    range: ByteRange,
    fetch: (range: ByteRange) => Promise<Uint8Array>,
  ): Promise<{ readonly bytes: Uint8Array; readonly cachedBytes: number }>;
  /** Resolves when all that was given to the disk is there, and the bound holds. */
  settled(): Promise<void>;
}

export interface RangeCacheOptions {
  readonly folder: string;
  readonly maxBytes: number;
  /** Of the store: caches of two lakes may share a folder. */
  readonly location: string;
  /** Told once for each run of failures: what the disk said. */
  readonly onProblem: (error: unknown) => void;
}

export const BLOCK_BYTES = 256 * 1024;
const CHECKSUM_BYTES = 4;
/** Blocks on their way to the disk; more are not kept. */
const MAX_PENDING_BLOCKS = 64;
/** A block's time of use is written anew when it is older than this. */
const TOUCH_MS = 60_000;
/** After a failed write nothing is kept for this long: a full disk is not asked with every block. */
const PAUSE_MS = 30_000;

export function createRangeCache({ folder, maxBytes, location, onProblem }: RangeCacheOptions): RangeCache {
  const pending = new Set<Promise<void>>();
  let writtenBytes = maxBytes; // so that the first write looks at what an earlier process left
  let pausedUntilMs = 0;
  let sweeping: Promise<void> | undefined;

  function pathOf({ key, size, modifiedMs }: FileIdentity, block: number): string {
    const name = createHash('sha256').update(`${location}\0${key}\0${size}\0${modifiedMs}\0${block}`).digest('hex');
    return join(folder, name.slice(0, 2), `${name.slice(2, 40)}.block`);
  }

  async function load(path: string, length: number): Promise<Uint8Array | undefined> {
    try {
      const handle = await open(path, 'r');
      try {
        const content = Buffer.allocUnsafe(CHECKSUM_BYTES + length);
        const { bytesRead } = await handle.read(content, 0, content.length, 0);
        const bytes = content.subarray(CHECKSUM_BYTES);
        if (bytesRead !== content.length || crc32(bytes) !== content.readUInt32LE(0)) {
          await rm(path, { force: true });
          return undefined;
        }
        const now = new Date();
        if (now.getTime() - (await handle.stat()).mtimeMs > TOUCH_MS) await handle.utimes(now, now);
        return bytes;
      } finally {
        await handle.close();
      }
    } catch (error) {
      if (!isErrno(error, 'ENOENT')) onProblem(error);
      return undefined;
    }
  }

  async function store(path: string, bytes: Uint8Array): Promise<void> {
    const temporary = `${path}.${randomUUID()}`;
    try {
      const checksum = Buffer.allocUnsafe(CHECKSUM_BYTES);
      checksum.writeUInt32LE(crc32(bytes));
      const content = Buffer.concat([checksum, bytes]);
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await writeFile(temporary, content, { mode: 0o600 });
      await rename(temporary, path);
      writtenBytes += content.length;
      if (writtenBytes >= maxBytes / 16) await sweep();
    } catch (error) {
      await rm(temporary, { force: true }).catch(() => {}); // the first error is the one to tell
      if (Date.now() >= pausedUntilMs) onProblem(error);
      pausedUntilMs = Date.now() + PAUSE_MS;
    }
  }

  function keep(path: string, bytes: Uint8Array): void {
    if (pending.size >= MAX_PENDING_BLOCKS || Date.now() < pausedUntilMs) return;
    const storing = store(path, bytes).finally(() => pending.delete(storing));
    pending.add(storing);
  }

  function sweep(): Promise<void> {
    sweeping ??= removeOldest(folder, maxBytes).finally(() => {
      sweeping = undefined;
    });
    writtenBytes = 0;
    return sweeping;
  }

  return {
    async read(file, range, fetch) {
      const first = Math.floor(range.start / BLOCK_BYTES);
      const count = Math.ceil(range.end / BLOCK_BYTES) - first;
      const spans = Array.from({ length: count }, (_, i) => {
        const start = (first + i) * BLOCK_BYTES;
        return { path: pathOf(file, first + i), start, end: Math.min(start + BLOCK_BYTES, file.size) };
      });
      const blocks = await Promise.all(spans.map(({ path, start, end }) => load(path, end - start)));
      const missing = runsOf(blocks.map((block) => block === undefined));
      let cachedBytes = range.end - range.start;
      for (const run of missing) {
        const [start, end] = [spans[run.start]!.start, spans[run.end - 1]!.end];
        const bytes = await fetch({ start, end });
        cachedBytes -= Math.min(end, range.end) - Math.max(start, range.start);
        for (let i = run.start; i < run.end; i++) {
          const span = spans[i]!;
          blocks[i] = bytes.subarray(span.start - start, span.end - start);
          keep(span.path, blocks[i]!);
        }
      }
      const offset = range.start - spans[0]!.start;
      const all = count === 1 ? blocks[0]! : Buffer.concat(blocks as Uint8Array[]);
      return { bytes: all.subarray(offset, offset + range.end - range.start), cachedBytes };
    },
    async settled() {
      while (pending.size > 0) await Promise.all(pending);
    },
  };
}

/** Runs of `true`. */
function runsOf(flags: readonly boolean[]): readonly ByteRange[] {
  const runs: { start: number; end: number }[] = [];
  for (const [i, flag] of flags.entries()) {
    if (!flag) continue;
    const last = runs.at(-1);
    if (last?.end === i) last.end = i + 1;
    else runs.push({ start: i, end: i + 1 });
  }
  return runs;
}

/** Another process may remove the same files at the same time. */
async function removeOldest(folder: string, maxBytes: number): Promise<void> {
  const files: { path: string; bytes: number; usedMs: number }[] = [];
  for (const name of await readdir(folder, { recursive: true })) {
    const path = join(folder, name);
    const info = await stat(path).catch((error) => {
      if (isErrno(error, 'ENOENT')) return undefined;
      throw error;
    });
    if (info?.isFile() && name.includes('.block')) files.push({ path, bytes: info.size, usedMs: info.mtimeMs });
  }
  files.sort((a, b) => a.usedMs - b.usedMs);
  let bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  for (const file of files) {
    if (bytes <= maxBytes) break;
    await rm(file.path, { force: true });
    bytes -= file.bytes;
  }
}
