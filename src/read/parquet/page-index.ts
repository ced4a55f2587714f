/**
 * Pages of the columns of a row group by their offset and column indexes
 * (https://parquet.apache.org/docs/file-format/pageindex/). A file may have none, or one for some columns only.
 */
import { type ColumnIndex, readColumnIndex, readOffsetIndex, type SchemaElement } from 'hyparquet';
import type { ByteRange } from '../../store/store.ts';
import type { Bounds } from '../filter/prune.ts';
import type { ReadType } from '../schema.ts';
import { typedBound } from './bounds.ts';
import { type ByteRuns, fetchRuns } from './byte-runs.ts';
import type { Footer } from './footer.ts';
import { corruptFile, type TailReader } from './object-reader.ts';
import { EXACT } from './part-footer.ts';

/** Bound on the indexes of one column chunk. */
const MAX_INDEX_BYTES = 16 * 1024 * 1024;

export interface Page {
  /** Bytes in the file, header included. */
  readonly start: number;
  readonly end: number;
  /** Rows of the row group; `endRow` is exclusive. */
  readonly firstRow: number;
  readonly endRow: number;
}

export interface RowRange {
  readonly start: number;
  /** Exclusive. */
  readonly end: number;
}

/** Pages by leaf column; a column without an offset index is missing. */
export type PagesByLeaf = ReadonlyMap<number, readonly Page[]>;

/** The data pages of the leaf columns asked for. */
export async function readPages(
  file: TailReader,
  footer: Footer,
  group: number,
  leaves: readonly number[],
): Promise<PagesByLeaf> {
  const { columns, num_rows } = footer.metadata.row_groups[group]!;
  const ranges = leaves.flatMap((leaf) => {
    const { offset_index_offset: offset, offset_index_length: length } = columns[leaf]!;
    const range = indexRange(footer, offset, length);
    return range === undefined ? [] : [{ leaf, range }];
  });
  const runs = await fetchRuns(
    file,
    ranges.map(({ range }) => range),
  );
  const rows = Number(num_rows);
  const found = ranges.map(({ leaf, range }) => [leaf, parsePages(file, footer, runs, range, rows)] as const);
  return new Map(found);
}

function indexRange(footer: Footer, offset: bigint | undefined, length: number | undefined): ByteRange | undefined {
  if (offset === undefined || !length || length > MAX_INDEX_BYTES) return undefined;
  const start = Number(offset);
  return start > 0 && start + length <= footer.start ? { start, end: start + length } : undefined;
}

function parsePages(
  { key }: TailReader,
  footer: Footer,
  runs: ByteRuns,
  range: ByteRange,
  rows: number,
): readonly Page[] {
  try {
    const { page_locations } = readOffsetIndex(readerOf(runs.at(range.start, range.end)));
    const pages = page_locations.map(({ offset, compressed_page_size, first_row_index }, i): Page => {
      const start = Number(offset);
      const next = page_locations[i + 1];
      return {
        start,
        end: start + compressed_page_size,
        firstRow: Number(first_row_index),
        endRow: next === undefined ? rows : Number(next.first_row_index),
      };
    });
    const inOrder = pages.every(({ start, end, firstRow, endRow }, i) => {
      return start >= (pages[i - 1]?.end ?? 0) && end > start && end <= footer.start && endRow > firstRow;
    });
    if (pages[0]?.firstRow === 0 && inOrder) return pages;
    throw new Error('its pages are out of order');
  } catch (error) {
    throw corruptFile(key, 'an offset index', error);
  }
}

function readerOf(bytes: Uint8Array) {
  return { view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), offset: 0 };
}

/** What the column index says of each page of a leaf column; undefined where there is none. */
export async function readPageBounds(
  file: TailReader,
  footer: Footer,
  group: number,
  leaf: number,
  type: ReadType,
  pages: readonly Page[],
): Promise<readonly Bounds[] | undefined> {
  const { column_index_offset: offset, column_index_length: length } =
    footer.metadata.row_groups[group]!.columns[leaf]!;
  const range = indexRange(footer, offset, length);
  if (range === undefined) return undefined;
  const bytes = await file.read(range);
  const element = footer.leaves[leaf]!;
  try {
    const index = readColumnIndex(readerOf(bytes), element, EXACT);
    if (index.null_pages.length !== pages.length) throw new Error(`it speaks of ${index.null_pages.length} pages`);
    return pages.map(({ firstRow, endRow }, i) => pageBounds(index, i, endRow - firstRow, type, element));
  } catch (error) {
    throw corruptFile(file.key, 'a column index', error);
  }
}

function pageBounds(index: ColumnIndex, i: number, rows: number, type: ReadType, element: SchemaElement): Bounds {
  if (index.null_pages[i]) return { rows, allNull: true };
  const nullCount = index.null_counts === undefined ? undefined : Number(index.null_counts[i]);
  const min = typedBound(index.min_values[i], type, element, 'min');
  const max = typedBound(index.max_values[i], type, element, 'max');
  return { rows, nullCount, min, max };
}
