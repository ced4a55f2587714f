import { type RecordBatch, tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm/node';
import { fromArrow } from '../columns/from-arrow.ts';
import { sliceView, type View } from '../columns/view.ts';
import type { ReadSchema } from '../schema.ts';
import type { ByteRuns } from './byte-runs.ts';
import { type ColumnSpan, spansOf } from './column-span.ts';
import { canDecodeFlat, decodeFlat } from './flat-column.ts';
import type { Footer } from './footer.ts';
import { corruptFile, type ObjectReader } from './object-reader.ts';
import type { RowRange } from './page-index.ts';
import { smallFile } from './small-file.ts';

/** Columns of some rows, by name. */
export type Views = Map<string, View>;

/**
 * The columns of the spans, cut to the rows. Blocks the thread while it decodes; WebAssembly memory is released before
 * it returns. Throws `corrupt` for pages that cannot be read, `unprocessable` for types that cannot be the table's.
 */
export function decodeSpans(
  key: string,
  footer: Footer,
  group: number,
  spans: readonly ColumnSpan[],
  runs: ByteRuns,
  rows: RowRange,
  schema: ReadSchema,
): Views {
  const views: Views = new Map();
  const others = new Map<string, ColumnSpan[]>();
  for (const span of spans) {
    const view = flatView(key, footer, group, span, runs, rows, schema);
    if (view !== undefined) {
      views.set(span.column, view);
      continue;
    }
    const place = `${span.firstRow} ${span.endRow}`;
    const same = others.get(place);
    if (same === undefined) others.set(place, [span]);
    else same.push(span);
  }
  for (const same of others.values()) decodeTogether(key, footer, group, same, runs, rows, schema, views);
  return views;
}

function flatView(
  key: string,
  footer: Footer,
  group: number,
  { column, firstRow, endRow, leaves }: ColumnSpan,
  runs: ByteRuns,
  rows: RowRange,
  schema: ReadSchema,
): View | undefined {
  const { leaf, dictionary, pages } = leaves[0]!;
  const meta = footer.metadata.row_groups[group]!.columns[leaf]!.meta_data!;
  const element = footer.leaves[leaf]!;
  const { type } = schema.columns.find(({ name }) => name === column)!;
  if (leaves.length > 1 || !canDecodeFlat(meta, element, type)) return undefined;
  const parts = [dictionary, pages].flatMap((range) => (range === undefined ? [] : [runs.at(range.start, range.end)]));
  try {
    const wanted = { start: rows.start - firstRow, end: rows.end - firstRow };
    return decodeFlat(meta, element, type, parts, endRow - firstRow, wanted);
  } catch (error) {
    throw corruptFile(key, `pages of ${column}`, error);
  }
}

/** Spans of the same rows as one small file, through parquet-wasm. */
function decodeTogether(
  key: string,
  footer: Footer,
  group: number,
  spans: readonly ColumnSpan[],
  runs: ByteRuns,
  rows: RowRange,
  schema: ReadSchema,
  views: Views,
): void {
  const { firstRow } = spans[0]!;
  const skipped = canSkip(footer, group, spans) ? rows.start - firstRow : 0;
  const limit = rows.end - firstRow - skipped;
  const batch = readRows(key, () => smallFile(footer, group, spans, runs), skipped, limit);
  if (batch.numRows !== limit) {
    throw corruptFile(key, `it gave ${batch.numRows} rows where its footer promises ${limit}`);
  }
  for (const { column } of spans) {
    const { type } = schema.columns.find(({ name }) => name === column)!;
    const i = batch.schema.fields.findIndex(({ name }) => name === column);
    views.set(
      column,
      sliceView(fromArrow(batch.data.children[i]!, type, column), rows.start - firstRow - skipped, limit),
    );
  }
}

/** parquet-wasm fails where it has to skip deltas in the large blocks that DuckDB writes: there all rows are decoded. */
function canSkip(footer: Footer, group: number, spans: readonly ColumnSpan[]): boolean {
  const { columns } = footer.metadata.row_groups[group]!;
  return !spans.some(({ leaves }) => {
    return leaves.some(({ leaf }) =>
      columns[leaf]!.meta_data!.encodings.some((encoding) => encoding.startsWith('DELTA')),
    );
  });
}

function readRows(key: string, file: () => Uint8Array, offset: number, limit: number): RecordBatch {
  try {
    const table = readParquet(file(), { offset, limit, batchSize: limit });
    try {
      const batches = table.recordBatches();
      if (batches.length !== 1) throw new Error(`${batches.length} batches of rows`);
      return tableFromIPC(batches[0]!.intoIPCStream()).batches[0]!;
    } finally {
      table.free();
    }
  } catch (error) {
    throw corruptFile(key, 'its pages', error);
  }
}

/** Rows of a row group that its pages give, all columns decoded: for the check of a whole file. */
export async function decodeWhole(
  file: ObjectReader,
  footer: Footer,
  group: number,
  batchSize: number,
): Promise<number> {
  const expected = Number(footer.metadata.row_groups[group]!.num_rows);
  const spans = spansOf(footer, group, footer.columns, new Map(), { start: 0, end: expected });
  const ranges = spans.flatMap(({ leaves }) => leaves.map(({ pages }) => pages));
  const start = Math.min(...ranges.map((range) => range.start));
  const bytes = await file.read({ start, end: Math.max(...ranges.map((range) => range.end)) });
  const small = smallFile(footer, group, spans, { at: (from, to) => bytes.subarray(from - start, to - start) });
  let rows = 0;
  for (let offset = 0; offset < expected; offset += batchSize) {
    rows += readRows(file.key, () => small, offset, Math.min(batchSize, expected - offset)).numRows;
  }
  return rows;
}
