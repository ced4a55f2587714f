/** A read planned down to its pages, with what that took and what the rest would take; no row is read. */
import type { Cost, ExplainedFile, ReadExplanation } from '../model/read-explanation.ts';
import type { ByteRange } from '../store/store.ts';
import { coalesce } from './parquet/byte-runs.ts';
import { bindRequest, type ReadPlan } from './plan.ts';
import { planLake } from './read.ts';
import type { ReadRequest } from './request.ts';
import { countRows } from './row-ranges.ts';
import { fetchesAlong, openGroups, rangesOfRows, type ScanContext } from './scan.ts';
import type { ScanGroup } from './scan-group.ts';
import type { ReadDeps, ReadStats } from './types.ts';

/** Files that are told one by one. */
const MAX_FILES = 100;

export async function explainRead(
  request: ReadRequest,
  deps: ReadDeps,
  stats: ReadStats,
  signal: AbortSignal,
): Promise<ReadExplanation> {
  const { table, partition, onError } = request;
  const bound = bindRequest(request, deps.schema);
  const snapshot = request.buffered ? await deps.fresh?.open(table, { partition }) : undefined;
  try {
    const { plan, fresh } = await planLake(request, bound, deps, stats, snapshot, signal);
    const context = { ...deps, lookahead: deps.parallelism, limit: request.limit, stats, signal, onError };
    return await explainPlan({ table, filter: request.filter, journalSegments: fresh }, plan, context);
  } finally {
    await snapshot?.close();
  }
}

export interface Explained {
  /** Or what else is read. */
  readonly table: string;
  readonly filter: string | undefined;
  readonly journalSegments: number;
}

export async function explainPlan(
  { table, filter, journalSegments }: Explained,
  plan: ReadPlan,
  context: ScanContext,
): Promise<ReadExplanation> {
  const { stats } = context;
  const files = new Map<string, ExplainedFile & { readonly rowGroups: ExplainedFile['rowGroups'][number][] }>();
  const [toRead, toReadIfRowsPass] = [
    { requests: 0, bytes: 0 },
    { requests: 0, bytes: 0 },
  ];
  let rows = 0;
  for await (const group of openGroups(plan, context)) {
    rows += countRows(group.ranges);
    addCosts(group, toRead, toReadIfRowsPass);
    const { key, size } = group.file.reader;
    const file = files.get(key) ?? { key, bytes: size, rowGroups: [] };
    if (!files.has(key) && files.size >= MAX_FILES) continue;
    files.set(key, file);
    file.rowGroups.push({ index: group.index, rows: group.ranges.map(({ start, end }) => [start, end]) });
  }
  return {
    table,
    filter: filter ?? null,
    columns: { filter: plan.filterColumns, output: plan.outputColumns },
    partitions: { listed: plan.partitions.asked, pruned: plan.partitions.pruned },
    files: {
      listed: stats.filesListed,
      notAsked: plan.pruned.notAsked,
      prunedByPartition: plan.pruned.partition,
      prunedByCommit: plan.pruned.commit,
      prunedByFooter: stats.filesPrunedByFooter,
      read: stats.filesScanned,
    },
    rowGroups: {
      prunedByStatistics: stats.rowGroupsPruned - stats.rowGroupsPrunedByBloom - stats.rowGroupsPrunedByPages,
      prunedByBloomFilters: stats.rowGroupsPrunedByBloom,
      prunedByPages: stats.rowGroupsPrunedByPages,
      read: stats.rowGroupsScanned,
    },
    pages: { pruned: stats.pagesPruned, read: stats.pagesScanned },
    rows: { pruned: stats.rowsPrunedByPages, read: rows },
    journalSegments,
    planned: { requests: stats.requests, bytes: stats.bytesRead },
    toRead,
    toReadIfRowsPass,
    readFiles: [...files.values()],
    skipped: stats.skipped.map(({ key, error }) => ({ key, reason: error.message })),
  };
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function addCosts(group: ScanGroup, now: Mutable<Cost>, later: Mutable<Cost>): void {
  const { first, rest } = group;
  const { reader } = group.file;
  const along = fetchesAlong(group);
  add(now, rangesOfRows(group, along ? new Set([...first, ...rest]) : first, group.ranges));
  if (!along) add(later, rangesOfRows(group, rest, group.ranges));

  function add(cost: Mutable<Cost>, ranges: readonly ByteRange[]): void {
    const away = ranges.filter((range) => !reader.has(range));
    const runs = coalesce(away, reader.gapBytes);
    cost.requests += runs.length;
    for (const { start, end } of runs) cost.bytes += end - start;
  }
}
