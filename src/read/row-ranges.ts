/** The rows of a row group that its page index leaves to be read: the same predicate, asked of one stretch of pages after the other. */
import type { Predicate } from './filter/predicate.ts';
import { type Bounds, type Knowledge, prune } from './filter/prune.ts';
import type { Page, RowRange } from './parquet/page-index.ts';

export interface IndexedColumn {
  readonly pages: readonly Page[];
  /** Of each page. */
  readonly bounds: readonly Bounds[];
}

/** Rows that are left out for less than this many between two ranges are read along. */
const MIN_SKIPPED_ROWS = 2048;

/**
 * Stretches end where a page of any of the columns ends, so that each lies in one page of every column. What is known of
 * the row group (its other columns, Bloom filters) holds in each of them too.
 */
export function rowsByPages(
  predicate: Predicate,
  columns: ReadonlyMap<string, IndexedColumn>,
  group: Knowledge,
  rows: number,
): readonly RowRange[] {
  const ends = [...new Set([...columns.values()].flatMap(({ pages }) => pages.map(({ endRow }) => endRow)))];
  const ranges: RowRange[] = [];
  let start = 0;
  for (const end of ends.toSorted((a, b) => a - b)) {
    const at = start;
    const known: Knowledge = (source) => {
      const column = source.kind === 'column' ? columns.get(source.column) : undefined;
      if (column === undefined) return group(source);
      const page = column.pages.findIndex(({ endRow }) => endRow > at);
      return { ...column.bounds[page]!, lacks: group(source)?.lacks };
    };
    if (prune(predicate, known) === 'maybe') addRange(ranges, { start, end });
    start = end;
  }
  if (start < rows) addRange(ranges, { start, end: rows });
  return ranges;
}

/** Appends a range to ascending ones; small gaps are closed. */
function addRange(ranges: RowRange[], { start, end }: RowRange): void {
  const last = ranges.at(-1);
  if (last !== undefined && start - last.end < MIN_SKIPPED_ROWS) ranges[ranges.length - 1] = { start: last.start, end };
  else ranges.push({ start, end });
}

/** Ranges around ascending row numbers. */
export function rangesAround(rows: Int32Array): readonly RowRange[] {
  const ranges: RowRange[] = [];
  for (let i = 0; i < rows.length; ) {
    const start = rows[i]!;
    let end = start + 1;
    for (i++; i < rows.length && rows[i]! - end < MIN_SKIPPED_ROWS; i++) end = rows[i]! + 1;
    ranges.push({ start, end });
  }
  return ranges;
}

/** Where the first of ascending rows that is not below `row` stands, from `first` on. */
export function placeOf(row: number, rows: Int32Array, first: number): number {
  let low = first;
  let high = rows.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (rows[middle]! < row) low = middle + 1;
    else high = middle;
  }
  return low;
}

export function countRows(ranges: readonly RowRange[]): number {
  return ranges.reduce((sum, { start, end }) => sum + end - start, 0);
}
