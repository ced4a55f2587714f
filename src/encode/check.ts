/**
 * What was written is read again: the footer is parsed by another implementation than the one that wrote it, and held
 * against what the encoder knows. It costs about 0.5 ms a row group and keeps a file that no engine could read out of
 * the lake.
 */
import { type ColumnChunk, type FileMetaData, parquetMetadata } from 'hyparquet';
import { BridgeError } from '../errors.ts';

export interface ExpectedFile {
  /** Bytes of the whole file. */
  readonly bytes: number;
  /** End of the last row group's pages. */
  readonly pagesEnd: number;
  /** Where the footer begins; indexes and Bloom filters end there. */
  readonly footerStart: number;
  /** Rows of each row group. */
  readonly rowGroups: readonly number[];
  /** Leaf columns of a row group. */
  readonly columns: number;
}

const MAGIC_BYTES = 4;

/**
 * @param tail the file from `footerStart` on
 * @throws BridgeError internal, with the first difference
 */
export function verifyFooter(tail: Uint8Array, expected: ExpectedFile): void {
  const metadata = parse(tail);
  same('file length', expected.footerStart + tail.length, expected.bytes);
  same('footer length', metadata.metadata_length + 8, tail.length);
  same('row groups', metadata.row_groups.length, expected.rowGroups.length);
  same('rows', Number(metadata.num_rows), sum(expected.rowGroups));
  let page = MAGIC_BYTES;
  metadata.row_groups.forEach((rowGroup, i) => {
    const name = `row group ${i}`;
    same(`${name}: rows`, Number(rowGroup.num_rows), expected.rowGroups[i]!);
    same(`${name}: columns`, rowGroup.columns.length, expected.columns);
    same(`${name}: file_offset`, Number(rowGroup.file_offset), page);
    const start = page;
    for (const column of rowGroup.columns) page = verifyChunk(`${name}, ${pathOf(column)}`, column, page);
    same(`${name}: total_compressed_size`, Number(rowGroup.total_compressed_size), page - start);
  });
  same('end of pages', page, expected.pagesEnd);
  same('bytes between pages and footer', sum(auxiliaryLengths(metadata)), expected.footerStart - expected.pagesEnd);
  for (const [what, start, length] of auxiliaries(metadata)) {
    if (start < expected.pagesEnd || start + length > expected.footerStart) mismatch(what, start, expected.pagesEnd);
  }
}

/** Chunks stand in the order of the columns without gaps; returns the end of this one. */
function verifyChunk(name: string, column: ColumnChunk, start: number): number {
  const chunk = column.meta_data;
  if (chunk === undefined) return mismatch(name, 'no metadata', 'metadata');
  same(`${name}: first page`, Number(chunk.dictionary_page_offset ?? chunk.data_page_offset), start);
  const end = start + Number(chunk.total_compressed_size);
  if (Number(chunk.data_page_offset) >= end) mismatch(`${name}: data page`, Number(chunk.data_page_offset), end);
  return end;
}

type Auxiliary = [what: string, start: number, length: number];

function auxiliaries(metadata: FileMetaData): Auxiliary[] {
  return metadata.row_groups.flatMap((rowGroup, i) =>
    rowGroup.columns.flatMap((column) => {
      const name = `row group ${i}, ${pathOf(column)}`;
      const chunk = column.meta_data;
      return [
        auxiliary(`${name}: Bloom filter`, chunk?.bloom_filter_offset, chunk?.bloom_filter_length),
        auxiliary(`${name}: column index`, column.column_index_offset, column.column_index_length),
        auxiliary(`${name}: offset index`, column.offset_index_offset, column.offset_index_length),
      ].flat();
    }),
  );
}

function auxiliary(what: string, start: bigint | undefined, length: number | undefined): Auxiliary[] {
  return start === undefined ? [] : [[what, Number(start), length ?? 0]];
}

function auxiliaryLengths(metadata: FileMetaData): number[] {
  return auxiliaries(metadata).map(([, , length]) => length);
}

function parse(tail: Uint8Array): FileMetaData {
  try {
    return parquetMetadata(tail.slice().buffer, { geoparquet: false });
  } catch (cause) {
    throw new BridgeError('internal', `the Parquet footer just written cannot be read: ${cause}`, { cause });
  }
}

function pathOf(column: ColumnChunk): string {
  return column.meta_data?.path_in_schema.join('.') ?? 'column';
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

function same(what: string, found: number, expected: number): void {
  if (found !== expected) mismatch(what, found, expected);
}

function mismatch(what: string, found: number | string, expected: number | string): never {
  throw new BridgeError('internal', `the Parquet footer just written is wrong: ${what} is ${found}, not ${expected}`);
}
