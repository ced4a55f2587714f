/**
 * Some columns of one row group, as a small Parquet file of their own: the fetched pages behind each other, and a new
 * footer that names just them.
 *
 * Why: parquet-wasm's reader over ranges ends the whole thread where a damaged file makes it panic inside a promise; its
 * reader over bytes throws. And what goes into WebAssembly memory is then what is needed and nothing else. The footer's
 * key-values stay behind, and with them Arrow's hints of other writers: text arrives as plain text, whatever they used.
 */
import type { FileMetaData, RowGroup, SchemaElement } from 'hyparquet';
import { ByteWriter } from 'hyparquet-writer';
import { writeMetadata } from 'hyparquet-writer/src/metadata.js';
import type { ByteSource } from './byte-runs.ts';
import type { ColumnSpan, LeafSpan } from './column-span.ts';
import type { FileChunk, FileMetadata } from './file-metadata.ts';
import { topLevel } from './file-schema.ts';
import { chunkRange, type Footer } from './footer.ts';
import { pagesIn, valuesIn } from './page.ts';

const MAGIC = Uint8Array.from('PAR1', (c) => c.charCodeAt(0));

/** The file of spans that all have the same rows. */
export function smallFile(footer: Footer, group: number, spans: readonly ColumnSpan[], runs: ByteSource): Uint8Array {
  const chunks = footer.metadata.row_groups[group]!.columns;
  const leaves = spans.flatMap((span) => span.leaves).toSorted((a, b) => a.leaf - b.leaf);
  const bytes: Uint8Array[] = [MAGIC];
  let at = MAGIC.length;
  const placed = leaves.map((leaf) => {
    const dictionary = leaf.dictionary && runs.at(leaf.dictionary.start, leaf.dictionary.end);
    const pages = runs.at(leaf.pages.start, leaf.pages.end);
    const chunk = placedChunk(chunks[leaf.leaf]!, leaf, at, dictionary?.length ?? 0, pages);
    for (const part of [dictionary, pages]) {
      if (part === undefined) continue;
      bytes.push(part);
      at += part.length;
    }
    return chunk;
  });
  const { start, end } = spans[0]!.leaves[0]!.rows;
  const rows = end - start;
  bytes.push(footerOf(footer.metadata, new Set(spans.map(({ column }) => column)), placed, BigInt(rows), at), MAGIC);
  return concat(bytes);
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** A column chunk of the small file; `at` is where it begins there. */
function placedChunk(
  { meta_data }: FileChunk,
  { isWholeChunk }: LeafSpan,
  at: number,
  dictionaryBytes: number,
  pages: Uint8Array,
): RowGroup['columns'][number] {
  const meta = meta_data!;
  const whole = chunkRange(meta).start;
  const dictionary = meta.dictionary_page_offset;
  const moved = isWholeChunk
    ? {
        num_values: meta.num_values,
        data_page_offset: meta.data_page_offset + BigInt(at - whole),
        ...(dictionary ? { dictionary_page_offset: dictionary + BigInt(at - whole) } : {}),
      }
    : {
        num_values: BigInt([...pagesIn(pages)].reduce((sum, { header }) => sum + valuesIn(header), 0)),
        data_page_offset: BigInt(at + dictionaryBytes),
        ...(dictionaryBytes > 0 ? { dictionary_page_offset: BigInt(at) } : {}),
      };
  return {
    file_offset: 0n,
    meta_data: {
      type: meta.type,
      encodings: meta.encodings,
      path_in_schema: meta.path_in_schema,
      codec: meta.codec,
      total_uncompressed_size: meta.total_uncompressed_size,
      total_compressed_size: BigInt(dictionaryBytes + pages.length),
      ...moved,
    },
  };
}

/** The footer of the small file, with its length behind it. Statistics, indexes and hints are left out. */
function footerOf(
  { version, schema }: FileMetadata,
  columns: ReadonlySet<string>,
  chunks: readonly RowGroup['columns'][number][],
  num_rows: bigint,
  bytes: number,
): Uint8Array {
  const kept = topLevel(schema).filter(({ first }) => columns.has(schema[first]!.name));
  const root = { ...schema[0]!, num_children: kept.length };
  const small: FileMetaData = {
    version,
    schema: [root, ...kept.flatMap(({ first, end }) => schema.slice(first, end).map(withOldInteger))],
    num_rows,
    row_groups: [{ columns: [...chunks], total_byte_size: BigInt(bytes), num_rows }],
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
