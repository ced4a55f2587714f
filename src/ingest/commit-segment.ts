/**
 * From a sealed segment to the lake: partition, order, encode, store, commit record, and last the segment is removed.
 *
 * The same function commits fresh rows and replays. Every object's key follows from the commit id and the layout in the
 * segment's header, and is created with `ifAbsent`; what a further try finds there already is looked at (own-object.ts).
 * Uploads that earlier tries left open are aborted before it begins.
 */
import pLimit from 'p-limit';
import { transferables } from '../batch/arrow.ts';
import { orderRows } from '../batch/order.ts';
import type { Commits } from '../catalog/commits.ts';
import { abortLeftUploads } from '../catalog/left-uploads.ts';
import { BridgeError } from '../errors.ts';
import { removeSegment } from '../journal/journal.ts';
import { copyDamage, quarantineSegment } from '../journal/quarantine.ts';
import { openSegment, type SegmentReader } from '../journal/segment-reader.ts';
import { settleSegment } from '../journal/settle.ts';
import type { Batch } from '../model/batch.ts';
import type { CommitObject, CommitRecord } from '../model/commit.ts';
import type { Layout } from '../model/layout.ts';
import { withPromotions } from '../model/promote.ts';
import { type ByTable, imbalance, type JournalledRows, type RowCounts } from '../model/row-counts.ts';
import type { TableName } from '../model/signal.ts';
import { TABLES } from '../model/tables.ts';
import { createPartitioner } from '../partition/partition.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import { releaseBuffers } from '../platform/memory.ts';
import { type ObjectDeps, type TableWrite, writeObject } from './commit-object.ts';
import { noteCut, readCutNote, removeCutNote } from './cut-note.ts';
import type { CommitResult, SealedSegment, StoredObjects } from './messages.ts';
import { type ReplayedSegment, replaySegment } from './replay.ts';

export interface CommitDeps extends ObjectDeps {
  readonly layout: Layout;
  readonly commits: Commits;
  readonly files: Files;
  readonly clock: Clock;
}

/**
 * How long an object of an earlier try is taken to be there still without asking the store. Long enough for a commit of
 * many objects to get on while one call in three fails; short enough that nobody has cleaned up what looked like orphans.
 */
const STORED_TRUST_MS = 10 * 60_000;

export { writerMemoryBytes } from '../encode/row-group.ts';

/**
 * Commits a segment. Throws a BridgeError when the store fails; the segment then stays, and can be given again, with
 * `stored`, where every object is noted once it is in the store.
 */
export async function commitSegment(
  sealed: SealedSegment,
  deps: CommitDeps,
  stored: StoredObjects = new Map(),
): Promise<CommitResult> {
  const { files, config, commits } = deps;
  const { commitId, path } = sealed;
  const journalPath = config.journal.path;
  const nothing = { commitId, record: undefined, quarantined: undefined };

  if (sealed.batches) {
    const isNoted = await cutOrNote(sealed, deps);
    const record = await writeCommit(commitId, sealed.batches, sealed.counts, deps.layout, deps, stored);
    if (isNoted) await removeCutNote(deps.store, commitId);
    removeSegment(files, journalPath, path);
    return { ...nothing, record };
  }
  await abortLeftUploads(deps.store, commitId);
  // After a crash between commit record and removal only the removal is left to do. Without this check a replay would
  // bring back partitions that were deleted since.
  const already = await commits.read(commitId);
  if (already && !already.recovered) {
    refuseLess(already, sealed.counts);
    await commits.write(already); // the earlier run may have ended before the record's name was durable
    removeSegment(files, journalPath, path);
    return { ...nothing, record: already };
  }
  const notedBytes = await readCutNote(deps.store, commitId);
  const asNoted = notedBytes === undefined ? sealed : { ...sealed, journalBytes: notedBytes, needsCopy: true };
  const found = readSegment(asNoted, deps);
  if (!found || 'quarantined' in found) return { ...nothing, quarantined: found?.quarantined };
  const { layout, batches, counts, damage, cutBytes, lostRequests } = found;
  // Before the commit record: once that is there, a restart only removes the segment.
  let paths = copyDamage(files, journalPath, path, damage);
  const hasRows = Object.keys(counts).length > 0;
  const record = hasRows ? await writeCommit(commitId, batches, counts, layout, deps, stored) : undefined;
  if (notedBytes !== undefined) await removeCutNote(deps.store, commitId);
  if (paths) removeSegment(files, journalPath, path);
  else paths = [quarantineSegment(files, journalPath, path) ?? path];
  const bytes = damage.reduce((sum, { start, end }) => sum + end - start, 0);
  return { ...nothing, record, quarantined: damage.length > 0 ? { paths, bytes, cutBytes, lostRequests } : undefined };
}

/**
 * A record under this commit's id without rows that this run has acknowledged is of another bridge that went on from a copy
 * of the journal, from a snapshot of the machine perhaps: the segment is the only place those rows are in. What an
 * earlier run has acknowledged is not known here; its record is taken at its word.
 */
function refuseLess(record: CommitRecord, acknowledged: ByTable<JournalledRows>): void {
  for (const [table, { journalled }] of Object.entries(acknowledged)) {
    const recorded = record.rows[table as TableName]?.journalled ?? 0;
    if (recorded >= journalled) continue;
    const { commitId } = record;
    const what = `tells of ${recorded} rows of ${table}, and ${journalled} were acknowledged`;
    throw new BridgeError('already_exists', `the record of commit ${commitId} is there already, ${what}`, {
      hint: 'Two bridges have gone on from copies of one journal folder. Keep the segment: its rows are in it alone.',
    });
  }
}

/** Settles a segment of which a copy is needed, or else notes in the store how much of it counts. Returns whether it is noted. */
async function cutOrNote(sealed: SealedSegment, deps: CommitDeps): Promise<boolean> {
  if (!sealed.needsCopy) return false;
  try {
    settle(sealed, deps);
    return false;
  } catch {
    // The lane has told of the disk's failure.
    await noteCut(deps.store, sealed.commitId, sealed.journalBytes);
    return true;
  }
}

function settle({ path, journalBytes, needsCopy = false }: SealedSegment, { files, config }: CommitDeps): void {
  settleSegment(files, config.journal.path, path, needsCopy ? journalBytes : Infinity, needsCopy);
}

/** Undefined where the segment is gone; `quarantined` where nothing of it can be read. */
function readSegment(
  sealed: SealedSegment,
  deps: CommitDeps,
): (ReplayedSegment & { readonly layout: Layout }) | Pick<CommitResult, 'quarantined'> | undefined {
  const { path } = sealed;
  const { files, config } = deps;
  settle(sealed, deps);
  let reader: SegmentReader | undefined;
  try {
    reader = openSegment(files, path);
    return reader && { ...replaySegment(reader), layout: reader.header.layout };
  } catch (error) {
    if (BridgeError.from(error).code !== 'corrupt') throw error;
    const moved = quarantineSegment(files, config.journal.path, path);
    return {
      quarantined: moved ? { paths: [moved], bytes: sealed.journalBytes, cutBytes: 0, lostRequests: 0 } : undefined,
    };
  } finally {
    reader?.close();
  }
}

async function writeCommit(
  commitId: string,
  batches: readonly Batch[],
  journalled: ByTable<JournalledRows>,
  layout: Layout,
  deps: CommitDeps,
  stored: StoredObjects,
): Promise<CommitRecord> {
  const written: CommitObject[] = [];
  for (const batch of batches) {
    written.push(...(await writeTable(commitId, batch, layout, deps, stored)));
    releaseBuffers(transferables(batch));
  }
  const committedAt = new Date(deps.clock.nowMs()).toISOString();
  const rows = balance(commitId, journalled, written);
  const { partitioning } = layout;
  const record: CommitRecord = { formatVersion: 1, commitId, committedAt, partitioning, objects: written, rows };
  await deps.commits.write(record);
  return record;
}

/**
 * What was journalled beside what the objects hold. A commit whose counts do not add up is not completed: its segment
 * stays, and the next try decodes it again.
 */
function balance(
  commitId: string,
  journalled: ByTable<JournalledRows>,
  objects: readonly CommitObject[],
): ByTable<RowCounts> {
  const rows: Partial<Record<TableName, RowCounts>> = {};
  for (const [table, counts] of Object.entries(journalled) as [TableName, JournalledRows][]) {
    const written = objects.reduce((sum, object) => sum + (object.table === table ? object.rows : 0), 0);
    rows[table] = { ...counts, written };
    const wrong = imbalance(rows[table]);
    if (wrong) throw new BridgeError('internal', `rows of ${table} in commit ${commitId} do not add up: ${wrong}`);
  }
  return rows;
}

/** One object a partition, `operations.parallelism` of them on their way to the store at the same time. */
async function writeTable(
  commitId: string,
  batch: Batch,
  layout: Layout,
  deps: CommitDeps,
  stored: StoredObjects,
): Promise<CommitObject[]> {
  const name = batch.table as TableName; // lanes fill the bridge's own tables
  const schema = withPromotions(TABLES[name], layout.promote[name]);
  const { paths, partitionOf } = createPartitioner(layout.partitioning, schema).assign(batch);
  // A table goes without the sort columns that only others have.
  const sortBy = layout.sortBy.filter((name) => schema.columns.some((column) => column.name === name));
  const { rows, partitionStart } = orderRows(batch, schema, partitionOf, paths.length, sortBy);
  const limit = pLimit(deps.config.operations.parallelism);
  const failed = new AbortController();
  const table: TableWrite = { commitId, batch, schema, layout, signal: failed.signal };
  const tasks = paths.map((path, i) =>
    limit(async () => {
      failed.signal.throwIfAborted();
      const own = rows.subarray(partitionStart[i]!, partitionStart[i + 1]!);
      const id = `${batch.table}/${path}`;
      const known = stored.get(id);
      const ageMs = deps.clock.nowMs() - (known?.storedMs ?? 0);
      if (known?.object.rows === own.length && ageMs >= 0 && ageMs < STORED_TRUST_MS) return known.object;
      const object = await writeObject(table, path, own, deps);
      stored.set(id, { object, storedMs: deps.clock.nowMs() });
      return object;
    }).catch((error: unknown) => {
      failed.abort(error); // the first error stops the others and is the one reported
      throw error;
    }),
  );
  const results = await Promise.allSettled(tasks);
  failed.signal.throwIfAborted();
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}
