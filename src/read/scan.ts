/**
 * The files of a plan, row group by row group, as selected batches in file order.
 *
 * Footers and the bytes of the next row groups are fetched ahead; decoding is done a slice of a row group at a time. So
 * memory holds: `lookahead` footers, at most MAX_AHEAD_BYTES of compressed row groups (or one that is larger), one
 * decoded slice. Where a filter asks other columns than the output takes, those are decoded first, and the rest of the
 * slice only if a row passed; where the rest is large it is not even fetched before.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RecordBatch } from 'apache-arrow';
import { BridgeError, errorToData } from '../errors.ts';
import { ahead } from './ahead.ts';
import { createReadBatch } from './columns/batch.ts';
import { promotedNeeds } from './columns/promoted.ts';
import { select } from './filter/evaluate.ts';
import { type Bounds, type Knowledge, prune } from './filter/prune.ts';
import { decodeRows } from './parquet/decode.ts';
import { type Footer, readFooter } from './parquet/footer.ts';
import { createObjectReader, type ObjectReader } from './parquet/object-reader.ts';
import { columnBytes, encodedBytes, fetchColumns } from './parquet/row-group.ts';
import { rowGroupBounds } from './parquet/statistics.ts';
import type { PlannedFile, ReadPlan } from './plan.ts';
import type { ReadDeps, ReadStats, SelectedBatch } from './types.ts';

/** Bound on the compressed bytes of row groups that are fetched or wait for their turn. */
const MAX_AHEAD_BYTES = 64 * 1024 * 1024;
/** Columns a filter does not ask are fetched along with the others up to this size: it saves a round trip. */
const FETCH_ALONG_BYTES = 1024 * 1024;
/** Encoded bytes decoded at once: decoded rows of spans take three to four times as much. Smaller slices cost more, because
 * each skips through the pages before it (a quarter of it: twice the time). */
const SLICE_ENCODED_BYTES = 16 * 1024 * 1024;

export interface ScanContext extends Pick<ReadDeps, 'store' | 'schema' | 'promotions' | 'batchSize'> {
  /** Footers and row groups fetched at once. */
  readonly lookahead: number;
  readonly stats: ReadStats;
  readonly signal: AbortSignal;
  readonly onError: 'fail' | 'skip';
}

interface OpenFile {
  readonly reader: ObjectReader;
  readonly footer: Footer;
  /** Columns of the file that are read first, to be filtered; all, where there is nothing to filter by. */
  readonly first: ReadonlySet<string>;
  /** Columns read for rows that passed. */
  readonly rest: ReadonlySet<string>;
  failed: boolean;
}

interface Group {
  readonly file: OpenFile;
  readonly index: number;
  readonly rows: number;
  readonly restAlong: boolean;
}

interface Fetched {
  readonly group: Group;
  readonly first: Uint8Array | undefined;
  readonly rest: Uint8Array | undefined;
}

/** A failure that is reported instead of thrown, or a result. */
type Outcome<T> = { readonly value: T } | undefined;

export async function* scanFiles(plan: ReadPlan, context: ScanContext): AsyncGenerator<SelectedBatch> {
  const groups = openGroups(plan, context);
  const bounds = { count: context.lookahead, maxWeight: MAX_AHEAD_BYTES, weight: groupBytes };
  for await (const fetched of ahead(groups, bounds, (group) => attempt(group.file, context, () => fetchGroup(group)))) {
    if (fetched === undefined || fetched.value.group.file.failed) continue;
    const { file } = fetched.value.group;
    const batches = scanGroup(plan, fetched.value, context);
    for (;;) {
      const next = await attempt(file, context, () => batches.next());
      if (next === undefined || next.value.done) break;
      yield next.value.value;
    }
  }
}

/** Row groups that may hold asked rows, in file order. */
async function* openGroups(plan: ReadPlan, context: ScanContext): AsyncGenerator<Group> {
  const { stats, schema } = context;
  const bounds = { count: context.lookahead, maxWeight: context.lookahead, weight: () => 1 };
  for await (const file of ahead(plan.files, bounds, (planned) => openFile(planned, plan, context))) {
    if (file === undefined) continue;
    stats.filesScanned++;
    const { metadata } = file.footer;
    for (let index = 0; index < metadata.row_groups.length && !file.failed; index++) {
      const rows = Number(metadata.row_groups[index]!.num_rows);
      const known: Knowledge = (source) => {
        return source.kind === 'attribute' ? undefined : boundsOf(file, index, rows, source.column, context);
      };
      if (rows === 0 || prune(plan.predicate, known) === 'none') {
        stats.rowGroupsPruned++;
        continue;
      }
      stats.rowGroupsScanned++;
      const restAlong = file.first.size === 0 || columnBytes(file.footer, index, file.rest) <= FETCH_ALONG_BYTES;
      yield { file, index, rows, restAlong };
    }
  }

  function boundsOf(file: OpenFile, index: number, rows: number, column: string, { promotions }: ScanContext) {
    if (file.footer.columns.has(column)) return rowGroupBounds(file.footer, index, schema, column);
    const promoted = promotions.some((promotion) => promotion.column === column);
    return promoted ? undefined : ({ rows, nullCount: rows } satisfies Bounds);
  }
}

async function openFile(planned: PlannedFile, plan: ReadPlan, context: ScanContext): Promise<OpenFile | undefined> {
  const reader = createObjectReader(context.store, planned, context.stats, context.signal);
  const opening = { reader, failed: false } as OpenFile;
  const footer = await attempt(opening, context, () => readFooter(reader));
  if (footer === undefined) return undefined;
  const asked = plan.filterColumns.length > 0 ? plan.filterColumns : plan.outputColumns;
  const first = present(asked, footer.value, context);
  const rest = present(plan.outputColumns, footer.value, context);
  for (const column of first) rest.delete(column);
  return { reader, footer: footer.value, first, rest, failed: false };
}

/** The file's columns that answer the asked ones: a promoted column the file has not is answered by the maps. */
function present(asked: readonly string[], { columns }: Footer, { promotions }: ScanContext): Set<string> {
  const needed = asked.flatMap((name) => {
    const absent = !columns.has(name) && promotions.some((promotion) => promotion.column === name);
    return absent ? promotedNeeds() : [name];
  });
  return new Set(needed.filter((name) => columns.has(name)));
}

function groupBytes({ file, index, restAlong }: Group): number {
  const first = columnBytes(file.footer, index, file.first);
  return restAlong ? first + columnBytes(file.footer, index, file.rest) : first;
}

async function fetchGroup(group: Group): Promise<Fetched> {
  const { file, index, restAlong } = group;
  const fetch = (columns: ReadonlySet<string>) => fetchColumns(file.reader, file.footer, index, columns);
  const [first, rest] = await Promise.all([
    file.first.size > 0 ? fetch(file.first) : undefined,
    file.rest.size > 0 && restAlong ? fetch(file.rest) : undefined,
  ]);
  return { group, first, rest };
}

async function* scanGroup(plan: ReadPlan, fetched: Fetched, context: ScanContext): AsyncGenerator<SelectedBatch> {
  const { group, first } = fetched;
  const { file, index, rows } = group;
  const { batchSize, stats, signal } = context;
  const sliceRows = rowsOfSlice(group, batchSize);
  let rest = fetched.rest;
  for (let offset = 0; offset < rows; offset += sliceRows) {
    // Decoding blocks the thread: let a cancellation in.
    await nextTurn();
    signal.throwIfAborted();
    const slice = { offset, limit: Math.min(sliceRows, rows - offset), batchSize };
    const firstParts = decodeSlice(file, first, slice);
    const counts = batchRows(slice);
    const selected = counts.map((count, i) => {
      return select(plan.predicate, createReadBatch(partsAt([firstParts], i), count, context));
    });
    stats.rowsScanned += slice.limit;
    if (selected.every((hits) => hits.length === 0)) continue;
    if (rest === undefined && file.rest.size > 0) {
      rest = await fetchColumns(file.reader, file.footer, index, file.rest);
    }
    const restParts = decodeSlice(file, rest, slice);
    for (const [i, count] of counts.entries()) {
      if (selected[i]!.length === 0) continue;
      const batch = createReadBatch(partsAt([firstParts, restParts], i), count, context);
      // Here, so that a column of a foreign type is this file's failure and not its reader's.
      for (const column of plan.outputColumns) batch.column(column);
      yield { batch, rows: selected[i]! };
    }
  }
}

interface Slice {
  readonly offset: number;
  readonly limit: number;
  readonly batchSize: number;
}

/** Undefined where the file has none of the columns. */
function decodeSlice(file: OpenFile, bytes: Uint8Array | undefined, slice: Slice): readonly RecordBatch[] | undefined {
  if (bytes === undefined) return undefined;
  const batches = decodeRows(file.reader.key, bytes, slice);
  const expected = batchRows(slice);
  const whole = batches.length === expected.length && batches.every((batch, i) => batch.numRows === expected[i]);
  if (whole) return batches;
  const found = batches.reduce((sum, batch) => sum + batch.numRows, 0);
  throw new BridgeError('corrupt', `${file.reader.key} gave ${found} rows where its footer promises ${slice.limit}`);
}

function batchRows({ limit, batchSize }: Slice): readonly number[] {
  return Array.from({ length: Math.ceil(limit / batchSize) }, (_, i) => Math.min(batchSize, limit - i * batchSize));
}

function partsAt(parts: readonly (readonly RecordBatch[] | undefined)[], i: number): readonly RecordBatch[] {
  return parts.flatMap((batches) => (batches === undefined ? [] : [batches[i]!]));
}

/** Whole batches, few enough that a decoded slice stays small. */
function rowsOfSlice({ file, index, rows }: Group, batchSize: number): number {
  const columns = new Set([...file.first, ...file.rest]);
  const rowBytes = Math.max(1, encodedBytes(file.footer, index, columns) / rows);
  return batchSize * Math.max(1, Math.floor(SLICE_ENCODED_BYTES / rowBytes / batchSize));
}

/** With `on_error=skip` the file's failure is reported once, and the rest of the file left out. */
async function attempt<T>(file: OpenFile, context: ScanContext, run: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { value: await run() };
  } catch (thrown) {
    context.signal.throwIfAborted();
    const error = named(file.reader.key, thrown);
    if (context.onError === 'fail' || !SKIPPABLE.has(error.code)) throw error;
    if (!file.failed) context.stats.skipped.push({ key: file.reader.key, error: errorToData(error) });
    file.failed = true;
    return undefined;
  }
}

function named(key: string, thrown: unknown): BridgeError {
  const error = BridgeError.from(thrown);
  if (error.message.includes(key)) return error;
  const { code, hint, retryable, retryAfterMs } = error;
  return new BridgeError(code, `${key}: ${error.message}`, { cause: error, hint, retryable, retryAfterMs });
}

/** Faults of one file. A store that does not answer is none: it ends the read. */
const SKIPPABLE = new Set(['corrupt', 'conflict', 'unprocessable', 'too_large']);
