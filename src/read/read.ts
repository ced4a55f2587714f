/**
 * A read of one table: the rows of the lake that a request asks for, and those that are durable in the journal but in no
 * object yet, each row exactly once.
 *
 * The rule, by commit (a journal segment and all its objects share a commit id):
 *   1. The journal is opened first. Its snapshot holds every row that was acknowledged before and whose commit was not
 *      complete; it stays readable while segments are flushed and removed.
 *   2. Then the commit records of the snapshot's commits are asked for. A commit with a record is complete: all its
 *      objects are stored, and its segment is left out of the fresh rows.
 *   3. Only then the objects are listed. Objects of commits without a record in step 2 are left out, complete or not:
 *      their rows come from the journal.
 * So a flush between any two steps neither hides a row nor shows it twice. (Listing before step 2 would: a commit could
 * complete between, its objects missing from the list and its segment left out.) Rows that are acknowledged after step 1
 * may or may not be seen.
 *
 * Rows come in the order of files and, last, the journal; no other order is promised.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { readChanges } from './changes.ts';
import { createReadBatch } from './columns/batch.ts';
import { select } from './filter/evaluate.ts';
import { pathTextsOf } from './path-columns.ts';
import { type BoundRequest, bindRequest, planFiles, type ReadPlan } from './plan.ts';
import type { ReadRequest } from './request.ts';
import { createHolds } from './room.ts';
import { scanFiles } from './scan.ts';
import type { OutputColumn } from './selection.ts';
import { emptyStats, type FreshSnapshot, type ReadDeps, type ReadStats, type SelectedBatch } from './types.ts';

export interface ReadResult {
  readonly output: readonly OutputColumn[];
  /** May be gone through once. Ends early with the signal's reason where it is aborted. */
  batches(signal?: AbortSignal): AsyncGenerator<SelectedBatch>;
  /** Counts so far. */
  readonly stats: ReadStats;
}

/** Throws invalid_argument at once where the request does not fit the table; reads nothing before `batches`. */
export function readRows(request: ReadRequest, deps: ReadDeps): ReadResult {
  const bound = bindRequest(request, deps.schema);
  const stats = emptyStats();
  return {
    output: bound.output,
    stats,
    batches(given) {
      const signal = given ?? new AbortController().signal;
      const { after } = request;
      return after === undefined
        ? limited(request, bound, deps, stats, signal)
        : readChanges({ ...request, after }, bound, deps, stats, signal);
    },
  };
}

async function* limited(
  request: ReadRequest,
  bound: BoundRequest,
  deps: ReadDeps,
  stats: ReadStats,
  signal: AbortSignal,
): AsyncGenerator<SelectedBatch> {
  for await (const selected of upTo(request.limit, stats, signal, (both) =>
    allRows(request, bound, deps, stats, both),
  )) {
    if (selected.fresh) stats.freshRows += selected.rows.length;
    yield selected;
  }
}

/** The first rows, counted; what was fetched ahead is given up when they are there, or the caller stops. */
export async function* upTo<S extends SelectedBatch>(
  limit: number | undefined,
  stats: ReadStats,
  signal: AbortSignal,
  all: (signal: AbortSignal) => AsyncIterable<S>,
): AsyncGenerator<S> {
  if (limit === 0) return;
  const stop = new AbortController();
  try {
    for await (const selected of all(AbortSignal.any([signal, stop.signal]))) {
      const left = (limit ?? Number.POSITIVE_INFINITY) - stats.rows;
      const rows = selected.rows.length > left ? selected.rows.subarray(0, left) : selected.rows;
      stats.rows += rows.length;
      yield { ...selected, rows };
      if (limit !== undefined && stats.rows >= limit) return;
    }
  } finally {
    stop.abort();
  }
}

async function* allRows(
  request: ReadRequest,
  bound: BoundRequest,
  deps: ReadDeps,
  stats: ReadStats,
  signal: AbortSignal,
): AsyncGenerator<SelectedBatch & { readonly fresh: boolean }> {
  const { table, partition, onError } = request;
  const source = request.buffered ? deps.fresh : undefined;
  const snapshot = await source?.open(table, { partition });
  try {
    const { plan, complete } = await planLake(request, bound, deps, stats, snapshot, signal);
    // A limit is often met by the first row group: what lies ahead of it would be fetched in vain.
    const lookahead = request.limit === undefined ? deps.parallelism : 1;
    for await (const selected of scanFiles(plan, {
      ...deps,
      lookahead,
      limit: request.limit,
      stats,
      signal,
      onError,
    })) {
      yield { ...selected, fresh: false };
    }
    if (snapshot === undefined) return;
    for await (const selected of freshRows(snapshot, complete, bound, deps, stats, signal)) {
      yield { ...selected, fresh: true };
    }
  } finally {
    await snapshot?.close();
  }
}

/** Steps 2 and 3, and the plan of what is left. */
export async function planLake(
  { table, partition }: ReadRequest,
  bound: BoundRequest,
  deps: ReadDeps,
  stats: ReadStats,
  snapshot: FreshSnapshot | undefined,
  signal: AbortSignal,
): Promise<{ readonly plan: ReadPlan; readonly complete: ReadonlySet<string>; readonly fresh: number }> {
  const ids = snapshot?.commitIds ?? [];
  const complete = ids.length === 0 ? new Set<string>() : await deps.committed(ids, signal);
  signal.throwIfAborted();
  const objects = await deps.objects(table, partition, signal);
  const fromJournal = new Set(ids.filter((id) => !complete.has(id)));
  const pathTexts = pathTextsOf(deps.schema, deps.partitioning);
  const plan = planFiles({ partition }, bound, objects, { ...deps, fromJournal, pathTexts });
  stats.filesListed = objects.length;
  stats.filesPruned = objects.length - plan.files.length;
  return { plan, complete, fresh: fromJournal.size };
}

/** Rows of the journal that are decoded at once; less where memory is small (room.ts). */
const FRESH_BATCH_BYTES = 16 * 1024 * 1024;
/** A batch of them, what it was decoded from and as Arrow data. */
const FRESH_TIMES = 3;

async function* freshRows(
  snapshot: FreshSnapshot,
  complete: ReadonlySet<string>,
  bound: BoundRequest,
  deps: ReadDeps,
  stats: ReadStats,
  signal: AbortSignal,
): AsyncGenerator<SelectedBatch> {
  const holds = createHolds(deps.rooms?.decoding, signal);
  try {
    const batchBytes = Math.min(FRESH_BATCH_BYTES, deps.rooms?.sliceBytes ?? Number.POSITIVE_INFINITY);
    const hold = await holds.enter(FRESH_TIMES * batchBytes);
    for await (const { commitId, batch: arrow } of snapshot.batches(complete, batchBytes)) {
      // Decoding the journal blocks the thread: let a cancellation in.
      await nextTurn();
      signal.throwIfAborted();
      hold.settle();
      if (complete.has(commitId) || arrow.numRows === 0) continue;
      const batch = createReadBatch(arrow, deps);
      stats.rowsScanned += arrow.numRows;
      const rows = select(bound.predicate, batch);
      if (rows.length > 0) yield { batch, rows };
    }
  } finally {
    holds.releaseAll();
  }
}
