import { type RecordBatch, tableFromIPC } from 'apache-arrow';
import type { ColumnMetaData } from 'hyparquet';
import { readParquet } from 'parquet-wasm/node';
import { releaseMade } from '../../platform/memory.ts';
import { fromArrow } from '../columns/from-arrow.ts';
import { sliceView, type View } from '../columns/view.ts';
import type { ReadSchema } from '../schema.ts';
import type { ByteSource } from './byte-runs.ts';
import { codedColumn, type Guard } from './coded-column.ts';
import type { ColumnForm, LeafForm } from './column-form.ts';
import { type ColumnSpan, spansOf } from './column-span.ts';
import type { Footer } from './footer.ts';
import { decodeLeaf, type LeafMemo } from './leaf-column.ts';
import { assembleColumn } from './nested-column.ts';
import { corruptFile, type ObjectReader } from './object-reader.ts';
import { pagesIn, type RawPage } from './page.ts';
import type { RowRange } from './page-index.ts';
import { smallFile } from './small-file.ts';

/** Columns of some rows, by name. */
export type Views = Map<string, View>;

/** What slices of a row group leave for the next ones, by leaf column. */
export type LeafMemos = Map<number, LeafMemo>;

/** Gives back the memory of pages that no further slice will ask for. */
export function releasePages(memos: LeafMemos): void {
  for (const { page } of memos.values()) if (page !== undefined) releaseMade(page.bytes, page.body);
  memos.clear();
}

/** Where the bytes of a row group's columns are, and what is asked of them. */
export interface ChunkSource {
  /** For messages. */
  readonly key: string;
  readonly footer: Footer;
  readonly group: number;
  readonly runs: ByteSource;
  readonly memos: LeafMemos;
  readonly schema: ReadSchema;
}

/**
 * The columns of the spans, cut to the rows. Blocks the thread while it decodes; WebAssembly memory is released before
 * it returns. Throws `corrupt` for pages that cannot be read, `unprocessable` for types that cannot be the table's.
 */
export function decodeSpans(source: ChunkSource, spans: readonly ColumnSpan[], rows: RowRange): Views {
  const views: Views = new Map();
  const others = new Map<string, ColumnSpan[]>();
  for (const span of spans) {
    if (span.form !== undefined) {
      views.set(span.column, formedView(source, span, span.form, rows));
      continue;
    }
    const { start, end } = span.leaves[0]!.rows;
    const place = `${start} ${end}`;
    const same = others.get(place);
    if (same === undefined) others.set(place, [span]);
    else same.push(span);
  }
  for (const same of others.values()) decodeTogether(source, same, rows, views);
  return views;
}

/** A column by the decoders here. */
function formedView(source: ChunkSource, span: ColumnSpan, form: ColumnForm, rows: RowRange): View {
  const { key, footer, group, runs, memos } = source;
  const chunks = footer.metadata.row_groups[group]!.columns;
  const guard: Guard = (run) => {
    try {
      return run();
    } catch (error) {
      throw corruptFile(key, `pages of ${span.column}`, error);
    }
  };
  /** With the arguments of the decoders of leaves. */
  function ofLeaf<T>({ leaf }: LeafForm, decoder: (...leaf: LeafPages) => T): T {
    const { dictionary, pages, rows: there } = span.leaves.find((one) => one.leaf === leaf)!;
    const ranges = dictionary === undefined ? [pages] : [dictionary, pages];
    const raw = ranges.flatMap(({ start, end }) => [...pagesIn(runs.at(start, end))]);
    const wanted = { start: rows.start - there.start, end: rows.end - there.start };
    const memo = memos.get(leaf) ?? {};
    memos.set(leaf, memo);
    return decoder(chunks[leaf]!.meta_data!, raw, there.end - there.start, wanted, memo);
  }
  return guard(() => {
    const coded = form.kind === 'leaf' ? ofLeaf(form, (...leaf) => codedColumn(form, ...leaf, guard)) : undefined;
    return (
      coded ?? assembleColumn(form, rows.end - rows.start, (one) => ofLeaf(one, (...leaf) => decodeLeaf(one, ...leaf)))
    );
  });
}

type LeafPages = [meta: ColumnMetaData, raw: readonly RawPage[], rows: number, wanted: RowRange, memo: LeafMemo];

/** Spans of the same rows as one small file, through parquet-wasm. */
function decodeTogether(source: ChunkSource, spans: readonly ColumnSpan[], rows: RowRange, views: Views): void {
  const { key, footer, group, runs, schema } = source;
  const { start: firstRow } = spans[0]!.leaves[0]!.rows;
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
  const spans = spansOf(footer, group, footer.columns.keys(), new Map(), { start: 0, end: expected });
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
