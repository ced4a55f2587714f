/**
 * The files of a plan, row group by row group, as selected batches in file order.
 *
 * Footers and the bytes of the next row groups are fetched ahead; decoding is done a slice of a row group at a time. So
 * memory holds: `lookahead` footers, at most MAX_AHEAD_BYTES of compressed row groups (or one that is larger), one
 * decoded slice of the filter's columns and one of the others. The filter's columns are read first, then the others only
 * around the rows that passed; where the others are large they are not even fetched before. In a daemon, row groups are
 * fetched and decoded only while the process has room for them (room.ts).
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ahead } from './ahead.ts';
import { type AttemptContext, attempt } from './attempt.ts';
import { viewBatch } from './columns/batch.ts';
import { checkView, sliceView } from './columns/view.ts';
import { select } from './filter/evaluate.ts';
import { openFile } from './open.ts';
import { type ByteRuns, fetchRuns } from './parquet/byte-runs.ts';
import { columnBytes, encodedBytes, leavesOf, rangesOf, spansOf } from './parquet/column-span.ts';
import { decodeSpans, releasePages, type Views } from './parquet/decode.ts';
import type { Footer } from './parquet/footer.ts';
import type { FooterCache } from './parquet/footer-cache.ts';
import type { RowRange } from './parquet/page-index.ts';
import type { ReadPlan } from './plan.ts';
import { createHolds, type Hold, type Holds } from './room.ts';
import { placeOf, rangesAround } from './row-ranges.ts';
import { type ScanGroup, scanGroupOf } from './scan-group.ts';
import type { ReadDeps, SelectedBatch } from './types.ts';

/** Bound on the compressed bytes of row groups that are fetched or wait for their turn. */
const MAX_AHEAD_BYTES = 64 * 1024 * 1024;
/** Columns a filter does not ask are fetched along with the others up to this size: it saves a round trip. */
const FETCH_ALONG_BYTES = 1024 * 1024;
/** Encoded bytes decoded at once; less where memory is small (room.ts). */
const SLICE_ENCODED_BYTES = 16 * 1024 * 1024;
/** Batches of rows decoded at once where there are maps or lists: spans of the demo take 2 KB each. */
const NESTED_BATCHES = 3;
/** What decoded rows of spans take of their encoded bytes, while they are decoded. */
const DECODED_TIMES = 4;

export interface ScanContext
  extends Pick<ReadDeps, 'store' | 'schema' | 'promotions' | 'batchSize' | 'rooms' | 'ranges'>,
    AttemptContext {
  /** Footers and row groups fetched at once. */
  readonly lookahead: number;
  /** Rows that are wanted at most, of each file too: without a filter only the pages that hold so many are read. */
  readonly limit?: number | undefined;
  readonly footers?: FooterCache | undefined;
  /** Throws where a file must not be read as the schema says. */
  readonly checkFooter?: ((footer: Footer, key: string) => void) | undefined;
}

interface Fetched {
  readonly group: ScanGroup;
  readonly first: ByteRuns;
  /** Undefined where it is fetched only when a row has passed. */
  readonly rest: ByteRuns | undefined;
  readonly hold: Hold;
}

export async function* scanFiles(plan: ReadPlan, context: ScanContext): AsyncGenerator<SelectedBatch> {
  const groups = openGroups(plan, context);
  const bounds = { count: context.lookahead, maxWeight: MAX_AHEAD_BYTES, weight: groupBytes };
  const fetching = createHolds(context.rooms?.fetching, context.signal);
  const decoding = createHolds(context.rooms?.decoding, context.signal);
  const fetchNext = (group: ScanGroup) => attempt(group.file, context, () => fetchGroup(group, fetching));
  try {
    for await (const fetched of ahead(groups, bounds, fetchNext)) {
      if (fetched === undefined) continue;
      if (!fetched.value.group.file.failed) yield* scanFetched(plan, fetched.value, decoding, context);
      fetched.value.hold.release();
    }
  } finally {
    fetching.releaseAll();
    decoding.releaseAll();
  }
}

async function* scanFetched(
  plan: ReadPlan,
  fetched: Fetched,
  decoding: Holds,
  context: ScanContext,
): AsyncGenerator<SelectedBatch> {
  const { group } = fetched;
  const hold = await decoding.enter(decodedBytes(group, context));
  const batches = scanGroup(plan, fetched, context);
  for (;;) {
    const next = await attempt(group.file, context, () => batches.next());
    if (next === undefined || next.value.done) break;
    hold.settle();
    yield next.value.value;
  }
  hold.release();
}

/** Row groups that may hold asked rows, in file order. */
export async function* openGroups(plan: ReadPlan, context: ScanContext): AsyncGenerator<ScanGroup> {
  const bounds = { count: context.lookahead, maxWeight: context.lookahead, weight: () => 1 };
  for await (const groups of ahead(plan.files, bounds, (planned) => openFile(planned, plan, context))) {
    for (const group of groups ?? []) if (!group.file.failed) yield scanGroupOf(group, plan);
  }
}

/** Whether the columns outside the filter are fetched before it has been asked. */
export function fetchesAlong(group: ScanGroup): boolean {
  const { first, rest, ranges } = group;
  if (first.size === 0) return true;
  const bytes = rangesOfRows(group, rest, ranges).reduce((sum, { start, end }) => sum + end - start, 0);
  return bytes <= FETCH_ALONG_BYTES;
}

/** The byte ranges that the columns of some rows take. */
export function rangesOfRows(group: ScanGroup, columns: ReadonlySet<string>, rows: readonly RowRange[]) {
  const { file, index, pages } = group;
  return rows.flatMap((range) => rangesOf(spansOf(file.footer, index, columns, pages, range, file.schema)));
}

function groupBytes(group: ScanGroup): number {
  const { file, index, rest } = group;
  const first = columnBytes(file.footer, index, group.first);
  return fetchesAlong(group) ? first + columnBytes(file.footer, index, rest) : first;
}

function sliceBytes({ rooms }: Pick<ScanContext, 'rooms'>): number {
  return Math.min(SLICE_ENCODED_BYTES, rooms?.sliceBytes ?? Number.POSITIVE_INFINITY);
}

/** About what the rows of a row group that are decoded at once take. */
function decodedBytes({ file, index, first, rest }: ScanGroup, context: Pick<ScanContext, 'rooms'>): number {
  const columns = new Set([...first, ...rest]);
  return DECODED_TIMES * Math.min(sliceBytes(context), encodedBytes(file.footer, index, columns));
}

async function fetchGroup(group: ScanGroup, holds: Holds): Promise<Fetched> {
  const { file, ranges } = group;
  const hold = await holds.enter(groupBytes(group));
  try {
    const along = fetchesAlong(group);
    const columns = along ? new Set([...group.first, ...group.rest]) : group.first;
    const runs = await fetchRuns(file.reader, rangesOfRows(group, columns, ranges));
    hold.settle();
    return { group, first: runs, rest: along ? runs : undefined, hold };
  } catch (error) {
    hold.release(); // a file that is left out must not hold room until the read ends
    throw error;
  }
}

async function* scanGroup(plan: ReadPlan, fetched: Fetched, context: ScanContext): AsyncGenerator<SelectedBatch> {
  const { group, first } = fetched;
  const { file, ranges } = group;
  for (const rows of slicesOf(group, group.first, ranges, context)) {
    await breathe(context);
    const views = decode(group, group.first, first, rows);
    const batch = viewBatch(views, rows.end - rows.start, context, file.inPath);
    const hits = select(group.predicate, batch);
    context.stats.rowsScanned += hits.length === 0 || group.first.size > 0 ? rows.end - rows.start : hits.length;
    if (hits.length === 0) continue;
    const hitRows = moved(hits, rows.start);
    const around = group.rest.size === 0 ? [rows] : rangesAround(hitRows);
    const rest = fetched.rest ?? (await fetchRuns(file.reader, rangesOfRows(group, group.rest, around)));
    yield* restOf(plan, { group, views, rows, hitRows, rest, around }, context);
    if (rest !== fetched.rest) rest.release();
  }
  releasePages(group.memos);
  first.release();
}

interface Passed {
  readonly group: ScanGroup;
  /** The filter's columns of `rows`. */
  readonly views: Views;
  readonly rows: RowRange;
  /** Rows of the row group that passed. */
  readonly hitRows: Int32Array;
  readonly rest: ByteRuns;
  /** Ranges of rows that hold them. */
  readonly around: readonly RowRange[];
}

/** The rows that passed with all their columns, a slice at a time. */
async function* restOf(plan: ReadPlan, passed: Passed, context: ScanContext): AsyncGenerator<SelectedBatch> {
  const { group, views, rows, hitRows, rest, around } = passed;
  let at = 0;
  for (const range of slicesOf(group, group.rest, around, context)) {
    const first = at;
    at = placeOf(range.end, hitRows, at);
    if (at === first) continue;
    await breathe(context);
    const all = decode(group, group.rest, rest, range);
    for (const [name, view] of views) all.set(name, sliceView(view, range.start - rows.start, range.end - rows.start));
    const batch = viewBatch(all, range.end - range.start, context, group.file.inPath);
    // Here, so that a column of a foreign type, or a damaged one, is this file's failure and not its reader's.
    for (const column of plan.outputColumns) checkView(batch.column(column));
    yield { batch, rows: moved(hitRows.subarray(first, at), -range.start) };
  }
}

function decode(group: ScanGroup, columns: ReadonlySet<string>, runs: ByteRuns, rows: RowRange): Views {
  if (columns.size === 0) return new Map();
  const { file, index, pages, memos } = group;
  const { footer, schema } = file;
  const spans = spansOf(footer, index, columns, pages, rows, schema);
  return decodeSpans({ key: file.reader.key, footer, group: index, runs, memos, schema }, spans, rows);
}

function moved(rows: Int32Array, by: number): Int32Array {
  return by === 0 ? rows : rows.map((row) => row + by);
}

/** Decoding blocks the thread: let a cancellation in. */
async function breathe({ signal }: ScanContext): Promise<void> {
  await nextTurn();
  signal.throwIfAborted();
}

/**
 * The ranges in pieces, few enough rows that a decoded piece stays small. Dictionaries make columns of maps and lists
 * many times as large as their encoded bytes tell: those go in pieces of a few batches, cut where the largest column has
 * a page end, so that few pages are decompressed twice.
 */
function* slicesOf(
  { file, index, pages }: ScanGroup,
  columns: ReadonlySet<string>,
  ranges: readonly RowRange[],
  { batchSize, rooms }: ScanContext,
): Generator<RowRange> {
  const { num_rows, columns: chunks } = file.footer.metadata.row_groups[index]!;
  const rowBytes = Math.max(1, encodedBytes(file.footer, index, columns) / Number(num_rows));
  // Whole batches, unless already one would be too much.
  const fitting = Math.max(1, Math.floor(sliceBytes({ rooms }) / rowBytes));
  const byBytes = Math.max(Math.min(fitting, batchSize), fitting - (fitting % batchSize));
  const leaves = leavesOf(file.footer, columns);
  const isNested = leaves.length > columns.size;
  const size = isNested ? Math.min(byBytes, NESTED_BATCHES * batchSize) : byBytes;
  const bytesOf = (leaf: number) => Number(chunks[leaf]!.meta_data!.total_compressed_size);
  const largest = leaves.toSorted((a, b) => bytesOf(b) - bytesOf(a))[0];
  const cuts = isNested && largest !== undefined ? (pages.get(largest) ?? []).map(({ endRow }) => endRow) : [];
  for (const { start, end } of ranges) {
    for (let from = start; from < end; ) {
      const most = Math.min(end, from + size);
      const to = most === end ? end : (cuts.findLast((cut) => cut > from && cut <= most) ?? most);
      yield { start: from, end: to };
      from = to;
    }
  }
}
