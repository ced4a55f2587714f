/** One object, looked into: its footer, and where asked for every byte and every page of it. */
import { crc32 } from 'node:zlib';
import { COMMIT_ID_KEY } from '../encode/identity.ts';
import { BridgeError } from '../errors.ts';
import { decodeWhole } from '../read/parquet/decode.ts';
import { parseAll } from '../read/parquet/file-metadata.ts';
import { type Footer, readFooter } from '../read/parquet/footer.ts';
import { corruptFile, type ObjectReader } from '../read/parquet/object-reader.ts';
import type { ByteRange, ObjectStore } from '../store/store.ts';

/** Objects up to this size are read once and kept for both uses. */
const MAX_WHOLE_BYTES = 64 * 1024 * 1024;
const CHUNK_BYTES = 8 * 1024 * 1024;
const BATCH_ROWS = 10_000;

export interface Examined {
  readonly rows: number;
  /** As the file itself says; undefined where another writer made it. */
  readonly commitId: string | undefined;
  readonly footer: Footer;
  /** Eight hex digits; only with `deep`. */
  readonly crc32: string | undefined;
}

/** Throws `corrupt` where it is no whole Parquet file, `not_found` where it is gone. */
export async function examine(
  store: ObjectStore,
  { key, size }: { readonly key: string; readonly size: number },
  deep: boolean,
  signal: AbortSignal,
): Promise<Examined> {
  if (size === 0) throw new BridgeError('corrupt', `${key} has no bytes`);
  const reader = deep && size <= MAX_WHOLE_BYTES ? await wholeReader(store, key, size, signal) : rangeReader();
  const checksum = deep ? await checksumOf(reader) : undefined;
  const footer = await readFooter(reader);
  parseAll(footer.metadata);
  if (deep) await decodeAll(reader, footer);
  const { num_rows, key_value_metadata } = footer.metadata;
  const commitId = key_value_metadata?.find((pair) => pair.key === COMMIT_ID_KEY)?.value;
  return { rows: Number(num_rows), commitId, footer, crc32: checksum };

  function rangeReader(): ObjectReader {
    return { key, size, read: (range) => readWhole(store, key, range, signal) };
  }
}

async function readWhole(store: ObjectStore, key: string, range: ByteRange, signal: AbortSignal): Promise<Uint8Array> {
  const bytes = await store.get(key, { range, signal });
  if (bytes.length === range.end - range.start) return bytes;
  throw new BridgeError('corrupt', `${key} gave ${bytes.length} bytes of ${range.end - range.start} asked for`);
}

async function wholeReader(store: ObjectStore, key: string, size: number, signal: AbortSignal): Promise<ObjectReader> {
  const bytes = await readWhole(store, key, { start: 0, end: size }, signal);
  return { key, size, read: async ({ start, end }) => bytes.subarray(start, end) };
}

async function checksumOf(reader: ObjectReader): Promise<string> {
  let checksum = 0;
  for (let start = 0; start < reader.size; start += CHUNK_BYTES) {
    const chunk = await reader.read({ start, end: Math.min(reader.size, start + CHUNK_BYTES) });
    checksum = crc32(chunk, checksum);
  }
  return checksum.toString(16).padStart(8, '0');
}

/** Decodes row group after row group, and counts what comes out. */
async function decodeAll(reader: ObjectReader, footer: Footer): Promise<void> {
  for (const [i, group] of footer.metadata.row_groups.entries()) {
    const expected = Number(group.num_rows);
    const rows = await decodeWhole(reader, footer, i, BATCH_ROWS);
    if (rows !== expected) throw corruptFile(reader.key, `row group ${i} gives ${rows} rows of ${expected}`);
  }
}
