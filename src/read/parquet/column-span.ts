/**
 * Which bytes of a row group hold some rows of some columns. With an offset index these are the pages over the rows, and
 * the dictionary before them; without one the whole column chunk.
 */
import type { ByteRange } from '../../store/store.ts';
import { chunkRange, type Footer } from './footer.ts';
import type { Page, PagesByLeaf, RowRange } from './page-index.ts';

/** A leaf column's part of a span. */
export interface LeafSpan {
  /** Number of the column chunk. */
  readonly leaf: number;
  readonly dictionary: ByteRange | undefined;
  /** Data pages behind each other; with a dictionary in front where `dictionary` is undefined and the chunk has one. */
  readonly pages: ByteRange;
  readonly isWholeChunk: boolean;
}

/** Rows [firstRow, endRow) of a top-level column, at least those asked for: pages are read as wholes. */
export interface ColumnSpan {
  readonly column: string;
  readonly firstRow: number;
  readonly endRow: number;
  readonly leaves: readonly LeafSpan[];
}

/** Numbers of the column chunks below the top-level columns, in their order in the file. */
export function leavesOf({ metadata }: Footer, group: number, columns: ReadonlySet<string>): readonly number[] {
  return metadata.row_groups[group]!.columns.flatMap(({ meta_data }, leaf) => {
    return columns.has(meta_data!.path_in_schema[0]!) ? [leaf] : [];
  });
}

/** Compressed bytes of the columns in the row group. */
export function columnBytes(footer: Footer, group: number, columns: ReadonlySet<string>): number {
  const chunks = footer.metadata.row_groups[group]!.columns;
  const sizes = leavesOf(footer, group, columns).map((leaf) => Number(chunks[leaf]!.meta_data!.total_compressed_size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Encoded bytes of the columns in the row group, after decompression. */
export function encodedBytes(footer: Footer, group: number, columns: ReadonlySet<string>): number {
  const chunks = footer.metadata.row_groups[group]!.columns;
  const sizes = leavesOf(footer, group, columns).map((leaf) =>
    Number(chunks[leaf]!.meta_data!.total_uncompressed_size),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

export function spansOf(
  footer: Footer,
  group: number,
  columns: ReadonlySet<string>,
  pages: PagesByLeaf,
  rows: RowRange,
): readonly ColumnSpan[] {
  const { columns: chunks, num_rows } = footer.metadata.row_groups[group]!;
  const byColumn = Map.groupBy(leavesOf(footer, group, columns), (leaf) => chunks[leaf]!.meta_data!.path_in_schema[0]!);
  return [...byColumn].map(([column, leaves]): ColumnSpan => {
    const known = leaves.map((leaf) => pages.get(leaf));
    if (known.some((found) => found === undefined)) return wholeChunks(footer, group, column, leaves, Number(num_rows));
    const { start: firstRow, end: endRow } = aligned(known as (readonly Page[])[], rows);
    return { column, firstRow, endRow, leaves: leaves.map((leaf, i) => leafSpan(leaf, known[i]!, firstRow, endRow)) };
  });

  function leafSpan(leaf: number, found: readonly Page[], firstRow: number, endRow: number): LeafSpan {
    const { start } = chunkRange(chunks[leaf]!.meta_data!);
    const first = found.find((page) => page.endRow > firstRow)!;
    const last = found.findLast((page) => page.firstRow < endRow)!;
    const dictionary = start < found[0]!.start ? { start, end: found[0]!.start } : undefined;
    return { leaf, dictionary, pages: { start: first.start, end: last.end }, isWholeChunk: false };
  }
}

function wholeChunks(
  footer: Footer,
  group: number,
  column: string,
  leaves: readonly number[],
  endRow: number,
): ColumnSpan {
  const chunks = footer.metadata.row_groups[group]!.columns;
  const spans = leaves.map((leaf): LeafSpan => {
    return { leaf, dictionary: undefined, pages: chunkRange(chunks[leaf]!.meta_data!), isWholeChunk: true };
  });
  return { column, firstRow: 0, endRow, leaves: spans };
}

/** The least rows around those asked for that begin and end with a page in every leaf column of a nested column. */
function aligned(leaves: readonly (readonly Page[])[], { start, end }: RowRange): RowRange {
  let first = start;
  for (let before = -1; before !== first; ) {
    before = first;
    for (const pages of leaves) first = pages.findLast((page) => page.firstRow <= first)!.firstRow;
  }
  let last = end;
  for (let before = -1; before !== last; ) {
    before = last;
    for (const pages of leaves) last = pages.find((page) => page.endRow >= last)!.endRow;
  }
  return { start: first, end: last };
}

/** Every byte range of the spans. */
export function rangesOf(spans: readonly ColumnSpan[]): readonly ByteRange[] {
  return spans.flatMap(({ leaves }) => {
    return leaves.flatMap(({ dictionary, pages }) => (dictionary === undefined ? [pages] : [dictionary, pages]));
  });
}
