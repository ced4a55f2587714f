import { BridgeError } from '../../errors.ts';
import type { ByteRange, ObjectStore } from '../../store/store.ts';
import type { RangeCache } from '../range-cache.ts';
import type { ReadStats } from '../types.ts';
import type { FileIdentity } from './footer-cache.ts';

/** Reads byte ranges of one object. */
export interface ObjectReader {
  readonly key: string;
  /** Bytes, as listed. */
  readonly size: number;
  read(range: ByteRange): Promise<Uint8Array>;
}

/** A reader that keeps the end of its object, where the footer, filters and indexes stand. */
export interface TailReader extends ObjectReader {
  /** Gaps up to this many bytes between wanted ranges are read along: a request takes as long as they do. */
  readonly gapBytes: number;
  /** Whether nobody else has the memory of what is read, but for what is in the kept tail. */
  readonly ownsReads: boolean;
  /** Whether a read of the range takes no request. */
  has(range: ByteRange): boolean;
  /** Keeps the object's last bytes, from `start` on, for further reads. */
  keepTail(tail: Tail): void;
}

/** A request to S3 takes some tens of milliseconds, and costs more than its bytes. */
const REMOTE_GAP_BYTES = 1024 * 1024;
const LOCAL_GAP_BYTES = 128 * 1024;

interface Tail {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export function createObjectReader(
  store: ObjectStore,
  file: FileIdentity,
  stats: ReadStats,
  signal: AbortSignal,
  ranges?: RangeCache,
): TailReader {
  const { key, size } = file;
  const isRemote = store.location.includes('://');
  let tail: Tail = { start: size, bytes: new Uint8Array(0) };
  const has = (range: ByteRange) => range.start >= tail.start && range.end <= size;
  return {
    key,
    size,
    gapBytes: isRemote ? REMOTE_GAP_BYTES : LOCAL_GAP_BYTES,
    // Blocks of the cache on disk are parts of what was read; what clients of S3 keep is not known.
    ownsReads: !isRemote && ranges === undefined,
    has,
    keepTail(kept) {
      tail = kept;
    },
    async read(range) {
      signal.throwIfAborted();
      if (has(range)) return tail.bytes.subarray(range.start - tail.start, range.end - tail.start);
      if (ranges === undefined) return fetch(range);
      const { bytes, cachedBytes } = await ranges.read(file, range, fetch);
      stats.bytesCached += cachedBytes;
      return bytes;
    },
  };

  async function fetch(range: ByteRange): Promise<Uint8Array> {
    stats.requests++;
    const bytes = await store.get(key, { range, signal }).catch((error) => {
      throw readError(key, error);
    });
    stats.bytesRead += bytes.length;
    if (bytes.length !== range.end - range.start) {
      const found = `${bytes.length} bytes at ${range.start} of ${key}, expected ${range.end - range.start}`;
      throw new BridgeError('corrupt', `the store gave ${found}`, {
        hint: 'The object was cut or replaced while it was read; read again.',
      });
    }
    return bytes;
  }
}

function readError(key: string, thrown: unknown): unknown {
  if (!(thrown instanceof BridgeError)) return thrown;
  if (thrown.code === 'not_found') {
    return new BridgeError('conflict', `${key} was deleted while it was read`, {
      cause: thrown,
      hint: 'Read again: what was listed when the read began is gone.',
    });
  }
  return thrown;
}

/** A file that does not hold what Parquet promises. */
export function corruptFile(key: string, what: string, cause?: unknown): BridgeError {
  const because = cause instanceof Error ? `: ${cause.message.split('\n')[0]}` : '';
  return new BridgeError('corrupt', `${key} cannot be read as Parquet: ${what}${because}`, {
    cause,
    hint: 'Replace or delete the object, or read with on_error=skip.',
  });
}
