/**
 * Some columns of one row group, as a small Parquet file of their own: the fetched column chunks behind each other, and
 * a new footer that names just them.
 *
 * Why: parquet-wasm's reader over ranges ends the whole thread where a damaged file makes it panic inside a promise; its
 * reader over bytes throws. And what goes into WebAssembly memory is then what is needed and nothing else. The footer's
 * key-values stay behind, and with them Arrow's hints of other writers: text arrives as plain text, whatever they used.
 */
import type { FileMetaData, RowGroup, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import { chunkRange, type Footer, topLevel } from './footer.ts';
import type { ObjectReader } from './object-reader.ts';

/** Gaps up to this many bytes between wanted column chunks are read along: cheaper than another request. */
const MAX_GAP_BYTES = 65_536;

const MAGIC = Uint8Array.from('PAR1', (c) => c.charCodeAt(0));

interface Chunk {
  readonly index: number;
  readonly start: number;
  readonly end: number;
}

/** Compressed bytes of the columns in the row group. */
export function columnBytes(footer: Footer, group: number, columns: ReadonlySet<string>): number {
  return chunksOf(footer, group, columns).reduce((sum, { start, end }) => sum + end - start, 0);
}

/** Encoded bytes of the columns in the row group, after decompression. */
export function encodedBytes(footer: Footer, group: number, columns: ReadonlySet<string>): number {
  const chunks = footer.metadata.row_groups[group]!.columns;
  return chunksOf(footer, group, columns).reduce((sum, { index }) => {
    return sum + Number(chunks[index]!.meta_data!.total_uncompressed_size);
  }, 0);
}

/** Fetches the columns' bytes in as few reads as their places allow. */
export async function fetchColumns(
  file: ObjectReader,
  footer: Footer,
  group: number,
  columns: ReadonlySet<string>,
): Promise<Uint8Array> {
  const chunks = chunksOf(footer, group, columns);
  const runs = coalesce(chunks);
  const parts = await Promise.all(runs.map(({ start, end }) => file.read({ start, end })));
  const total = chunks.reduce((sum, { start, end }) => sum + end - start, 0);
  const metadata = footerOf(footer.metadata, group, columns, chunks);
  const bytes = new Uint8Array(MAGIC.length + total + metadata.length + MAGIC.length);
  bytes.set(MAGIC);
  let at = MAGIC.length;
  for (const { start, end } of chunks) {
    const run = runs.findIndex((candidate) => candidate.start <= start && end <= candidate.end);
    bytes.set(parts[run]!.subarray(start - runs[run]!.start, end - runs[run]!.start), at);
    at += end - start;
  }
  bytes.set(metadata, at);
  bytes.set(MAGIC, at + metadata.length);
  return bytes;
}

/** The wanted column chunks in file order. */
function chunksOf({ metadata }: Footer, group: number, columns: ReadonlySet<string>): readonly Chunk[] {
  const chunks = metadata.row_groups[group]!.columns.map((chunk, index) => {
    const meta = chunk.meta_data!;
    return { index, name: meta.path_in_schema[0]!, ...chunkRange(meta) };
  });
  return chunks.filter(({ name }) => columns.has(name)).sort((a, b) => a.start - b.start);
}

function coalesce(chunks: readonly Chunk[]): readonly { start: number; end: number }[] {
  const runs: { start: number; end: number }[] = [];
  for (const { start, end } of chunks) {
    const last = runs.at(-1);
    if (last !== undefined && start - last.end <= MAX_GAP_BYTES) last.end = Math.max(last.end, end);
    else runs.push({ start, end });
  }
  return runs;
}

/** The footer of the small file, with its length behind it. Statistics, indexes and hints are left out. */
function footerOf(
  metadata: FileMetaData,
  group: number,
  columns: ReadonlySet<string>,
  chunks: readonly Chunk[],
): Uint8Array {
  const { schema, row_groups } = metadata;
  const kept = topLevel(metadata).filter(({ first }) => columns.has(schema[first]!.name));
  const root = { ...schema[0]!, num_children: kept.length };
  const { columns: found, num_rows } = row_groups[group]!;
  const place = new Map<number, number>();
  let at = MAGIC.length;
  for (const { index, start, end } of chunks) {
    place.set(index, at);
    at += end - start;
  }
  const moved = [...place.keys()].sort((a, b) => a - b).map((index) => movedChunk(found[index]!, place.get(index)!));
  const small: FileMetaData = {
    version: metadata.version,
    schema: [root, ...kept.flatMap(({ first, end }) => schema.slice(first, end).map(withOldInteger))],
    num_rows,
    row_groups: [{ columns: moved, total_byte_size: BigInt(at), num_rows }],
    metadata_length: 0,
  };
  const writer = new ByteWriter();
  writeMetadata(writer, small);
  return writer.getBytes();
}

/** hyparquet-writer gives the width of INTEGER a Thrift type that parquet-wasm misreads; the older annotation says as much. */
function withOldInteger({ logical_type, ...element }: SchemaElement): SchemaElement {
  if (logical_type?.type !== 'INTEGER') return logical_type ? { ...element, logical_type } : element;
  const { isSigned, bitWidth } = logical_type;
  return { ...element, converted_type: `${isSigned ? 'INT' : 'UINT'}_${bitWidth}` as NonNullable<ConvertedType> };
}

type ConvertedType = SchemaElement['converted_type'];

function movedChunk({ meta_data }: RowGroup['columns'][number], start: number): RowGroup['columns'][number] {
  const meta = meta_data!;
  const shift = BigInt(start - chunkRange(meta).start);
  const dictionary = meta.dictionary_page_offset;
  return {
    file_offset: 0n,
    meta_data: {
      type: meta.type,
      encodings: meta.encodings,
      path_in_schema: meta.path_in_schema,
      codec: meta.codec,
      num_values: meta.num_values,
      total_uncompressed_size: meta.total_uncompressed_size,
      total_compressed_size: meta.total_compressed_size,
      data_page_offset: meta.data_page_offset + shift,
      ...(dictionary ? { dictionary_page_offset: dictionary + shift } : {}),
    },
  };
}
