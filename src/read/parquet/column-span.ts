/**
 * Which bytes of a row group hold some rows of some columns. With an offset index these are the pages over the rows, and
 * the dictionary before them; without one the whole column chunk.
 */
import type { ByteRange } from '../../store/store.ts';
import type { ReadSchema } from '../schema.ts';
import { type ColumnForm, columnForm } from './column-form.ts';
import { chunkRange, type Footer } from './footer.ts';
import type { Page, PagesByLeaf, RowRange } from './page-index.ts';

/** A leaf column's part of a span. */
export interface LeafSpan {
  /** Number of the column chunk. */
  readonly leaf: number;
  readonly dictionary: ByteRange | undefined;
  /** Data pages behind each other; with a dictionary in front where `dictionary` is undefined and the chunk has one. */
  readonly pages: ByteRange;
  /** The rows of these pages, which are read as wholes. */
  readonly rows: RowRange;
  readonly isWholeChunk: boolean;
}

/** Some rows of a top-level column. */
export interface ColumnSpan {
  readonly column: string;
  /** How the column is decoded here; without one its leaves all have the same rows, as parquet-wasm wants them. */
  readonly form: ColumnForm | undefined;
  readonly leaves: readonly LeafSpan[];
}

/** Numbers of the column chunks below the top-level columns. */
export function leavesOf(footer: Footer, columns: Iterable<string>): readonly number[] {
  const leaves: number[] = [];
  for (const column of columns) leaves.push(...(footer.columns.get(column)?.leaves ?? []));
  return leaves;
}

/** Compressed bytes of the columns in the row group. */
export function columnBytes(footer: Footer, group: number, columns: ReadonlySet<string>): number {
  const chunks = footer.metadata.row_groups[group]!.columns;
  let bytes = 0;
  for (const leaf of leavesOf(footer, columns)) bytes += Number(chunks[leaf]!.meta_data!.total_compressed_size);
  return bytes;
}

/** Encoded bytes of the columns in the row group, after decompression. */
export function encodedBytes(footer: Footer, group: number, columns: ReadonlySet<string>): number {
  const chunks = footer.metadata.row_groups[group]!.columns;
  let bytes = 0;
  for (const leaf of leavesOf(footer, columns)) bytes += Number(chunks[leaf]!.meta_data!.total_uncompressed_size);
  return bytes;
}

/** Of the columns of `schema`; columns that it has not, and all without one, are left to parquet-wasm. */
export function spansOf(
  footer: Footer,
  group: number,
  columns: Iterable<string>,
  pages: PagesByLeaf,
  rows: RowRange,
  schema?: ReadSchema,
): readonly ColumnSpan[] {
  const { columns: chunks, num_rows } = footer.metadata.row_groups[group]!;
  return Array.from(columns, (column): ColumnSpan => {
    const { leaves } = footer.columns.get(column)!;
    const type = schema?.columns.find(({ name }) => name === column)?.type;
    const form = type && columnForm(footer, group, column, type);
    const known = leaves.map((leaf) => pages.get(leaf));
    if (form !== undefined) return { column, form, leaves: leaves.map((leaf, i) => leafSpan(leaf, known[i], rows)) };
    const hasAll = known.every((found) => found !== undefined);
    const same = hasAll ? aligned(known, rows) : undefined;
    return { column, form, leaves: leaves.map((leaf, i) => leafSpan(leaf, same && known[i], same ?? rows)) };
  });

  function leafSpan(leaf: number, found: readonly Page[] | undefined, { start: from, end: to }: RowRange): LeafSpan {
    const chunk = chunkRange(chunks[leaf]!.meta_data!);
    if (found === undefined) {
      const all = { start: 0, end: Number(num_rows) };
      return { leaf, dictionary: undefined, pages: chunk, rows: all, isWholeChunk: true };
    }
    const first = found.find((page) => page.endRow > from)!;
    const last = found.findLast((page) => page.firstRow < to)!;
    const dictionary = chunk.start < found[0]!.start ? { start: chunk.start, end: found[0]!.start } : undefined;
    const covered = { start: first.firstRow, end: last.endRow };
    return { leaf, dictionary, pages: { start: first.start, end: last.end }, rows: covered, isWholeChunk: false };
  }
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
