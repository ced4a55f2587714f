/**
 * Incremental reads: the rows that were committed since a cursor, commit by commit, and the next cursor. What a cursor
 * is and promises stands in catalog/cursor.ts.
 */
import { createHash } from 'node:crypto';
import type { Changes } from '../catalog/changes.ts';
import type { LakeObject } from '../catalog/types.ts';
import { type BoundRequest, planFiles } from './plan.ts';
import type { ReadRequest } from './request.ts';
import { scanFiles } from './scan.ts';
import type { ReadDeps, ReadStats, SelectedBatch } from './types.ts';

type ChangesRequest = ReadRequest & { readonly after: string };

/** `stats.cursor` is set before the first row where no limit is given, else at the end. */
export async function* readChanges(
  request: ChangesRequest,
  bound: BoundRequest,
  deps: ReadDeps,
  stats: ReadStats,
  signal: AbortSignal,
): AsyncGenerator<SelectedBatch> {
  const { table, after, partition, limit } = request;
  const changes = await deps.changes.open({ table, after, partition, query: queryFingerprint(request), signal });
  // What was fetched ahead is given up when the caller stops.
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  try {
    const objects = await changes.objects(both);
    stats.filesListed = objects.length;
    const scan = (some: readonly LakeObject[], lookahead: number) => {
      const plan = planFiles(request, bound, some, { ...deps, fromJournal: new Set() });
      stats.filesPruned += some.length - plan.files.length;
      return scanFiles(plan, { ...deps, lookahead, stats, signal: both, onError: request.onError });
    };
    if (limit !== undefined || changes.position !== undefined) {
      yield* upTo(limit ?? Number.POSITIVE_INFINITY, changes, objects, (object) => scan([object], 1), stats);
      return;
    }
    stats.cursor = changes.cursor(changes.commitIds);
    for await (const selected of scan(objects, deps.parallelism)) {
      stats.rows += selected.rows.length;
      yield selected;
    }
  } finally {
    stop.abort();
  }
}

/** File by file, so that the place where the limit cuts is known; what was given of the first file is passed over. */
async function* upTo(
  limit: number,
  { commitIds, position, cursor }: Changes,
  objects: readonly LakeObject[],
  scan: (object: LakeObject) => AsyncIterable<SelectedBatch>,
  stats: ReadStats,
): AsyncGenerator<SelectedBatch> {
  const isGiven = ({ commitId, key }: LakeObject) => commitId === position?.commitId && key < position!.key;
  const doneBefore = (id: string | undefined) => commitIds.slice(0, commitIds.indexOf(id!));
  let left = limit;
  for (const object of objects) {
    if (left <= 0 || isGiven(object)) continue;
    let given = object.key === position?.key ? position.rows : 0;
    let skip = given;
    for await (const { batch, rows } of scan(object)) {
      const part = rows.subarray(skip, skip + left);
      skip = Math.max(0, skip - rows.length);
      if (part.length === 0) continue;
      given += part.length;
      left -= part.length;
      stats.rows += part.length;
      yield { batch, rows: part };
      if (left <= 0) break;
    }
    if (left > 0) continue;
    stats.cursor = cursor(doneBefore(object.commitId), { commitId: object.commitId!, key: object.key, rows: given });
    return;
  }
  stats.cursor = left > 0 ? cursor(commitIds) : cursor([], position);
}

/** Counted rows are those of one question only. */
function queryFingerprint({ partition, filter, from, to }: ReadRequest): string {
  return createHash('sha256')
    .update(JSON.stringify([partition, filter, from, to]))
    .digest('hex')
    .slice(0, 16);
}
