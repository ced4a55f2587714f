/**
 * The footer of a Parquet file: one read of the file's tail, a second where the footer is longer
 * (https://parquet.apache.org/docs/file-format/metadata/).
 */
import type { ColumnMetaData, SchemaElement } from 'hyparquet';
import { type FileMetadata, parseMetadata } from './file-metadata.ts';
import type { FileColumn } from './file-schema.ts';
import { corruptFile, type ObjectReader } from './object-reader.ts';

/** Bytes of the first read: this share of the file, within bounds. Filters and indexes stand before the footer. */
export const TAIL_BYTES = 65_536;
const MAX_TAIL_BYTES = 524_288;
const TAIL_SHARE = 1 / 96;
/** Bound on a footer. */
export const MAX_FOOTER_BYTES = 64 * 1024 * 1024;

const MAGIC = 'PAR1';
const ENDING_BYTES = 8;

export interface Footer {
  readonly metadata: FileMetadata;
  /** Where the footer begins: data lies before it. */
  readonly start: number;
  /** Columns by their names, nested ones once. */
  readonly columns: ReadonlyMap<string, FileColumn>;
  /** Schema elements of the leaf columns, in the order of a row group's column chunks. */
  readonly leaves: readonly SchemaElement[];
  /** The file from here to its end, as it was read. */
  readonly tail: FileTail;
}

export interface FileTail {
  readonly start: number;
  readonly bytes: Uint8Array;
}

export function tailBytes(size: number): number {
  return Math.min(size, MAX_TAIL_BYTES, Math.max(TAIL_BYTES, Math.ceil(size * TAIL_SHARE)));
}

export async function readFooter(file: ObjectReader): Promise<Footer> {
  const { key, size } = file;
  if (size < MAGIC.length + ENDING_BYTES) throw corruptFile(key, `${size} bytes are too few`);
  let tail = await file.read({ start: size - tailBytes(size), end: size });
  const magic = String.fromCharCode(...tail.subarray(-MAGIC.length));
  if (magic !== MAGIC) throw corruptFile(key, `it ends in ${JSON.stringify(magic)}, expected "${MAGIC}" (cut off?)`);
  const length = footerLength(tail);
  const start = size - ENDING_BYTES - length;
  if (start < MAGIC.length || length > MAX_FOOTER_BYTES) {
    throw corruptFile(key, `its footer of ${length} bytes is longer than the file or the limit of ${MAX_FOOTER_BYTES}`);
  }
  if (start < size - tail.length) {
    tail = joined(await file.read({ start, end: size - tail.length }), tail);
  }
  return footerIn(key, { start: size - tail.length, bytes: tail });
}

/** The footer with the file from `start` on: one request for all filters and indexes that are needed. */
export async function extendTail(file: ObjectReader, { tail }: Footer, start: number): Promise<Footer> {
  const head = await file.read({ start, end: tail.start });
  // Parsed anew from the longer tail: the shorter one can go.
  return footerIn(file.key, { start, bytes: joined(head, tail.bytes) });
}

function footerIn(key: string, tail: FileTail): Footer {
  const end = tail.bytes.length - ENDING_BYTES;
  const begin = end - footerLength(tail.bytes);
  const start = tail.start + begin;
  const { metadata, schema } = parseMetadata(key, tail.bytes.subarray(begin, end), start);
  return { metadata, start, columns: schema.columns, leaves: schema.leaves, tail };
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const whole = new Uint8Array(a.length + b.length);
  whole.set(a);
  whole.set(b, a.length);
  return whole;
}

function footerLength(tail: Uint8Array): number {
  return new DataView(tail.buffer, tail.byteOffset + tail.length - ENDING_BYTES).getUint32(0, true);
}

/** Bytes of a column chunk, its dictionary page first. */
export function chunkRange(meta: ColumnMetaData): { readonly start: number; readonly end: number } {
  const dictionary = meta.dictionary_page_offset;
  const first = dictionary !== undefined && dictionary > 0n && dictionary < meta.data_page_offset;
  const start = Number(first ? dictionary : meta.data_page_offset);
  return { start, end: start + Number(meta.total_compressed_size) };
}
