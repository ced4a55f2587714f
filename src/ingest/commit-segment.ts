/**
 * From a sealed segment to the lake: partition, order, encode, store, commit record, and last the segment is removed.
 *
 * The same function commits fresh rows and replays. Every object's key follows from the commit id and the layout in the
 * segment's header, and is created with `ifAbsent`: a replay that finds an object already there has found its own.
 */
import { crc32 } from 'node:zlib';
import pLimit from 'p-limit';
import { recordBatchBuffers, toArrow, transferables } from '../batch/arrow.ts';
import { orderRows } from '../batch/order.ts';
import { take } from '../batch/take.ts';
import type { Commits } from '../catalog/commits.ts';
import { objectKey } from '../catalog/keys.ts';
import type { Config } from '../config/types.ts';
import { createParquetEncoder } from '../encode/encoder.ts';
import { BridgeError } from '../errors.ts';
import { removeSegment } from '../journal/journal.ts';
import { copyDamage, quarantineSegment } from '../journal/quarantine.ts';
import { openSegment, type SegmentReader } from '../journal/segment-reader.ts';
import type { Batch, NumberData } from '../model/batch.ts';
import type { CommitObject, CommitRecord } from '../model/commit.ts';
import type { Layout } from '../model/layout.ts';
import { withPromotions } from '../model/promote.ts';
import { type ByTable, imbalance, type JournalledRows, type RowCounts } from '../model/row-counts.ts';
import type { TableName } from '../model/signal.ts';
import { arrowSchema, type TableSchema } from '../model/table.ts';
import { TABLES } from '../model/tables.ts';
import { createPartitioner } from '../partition/partition.ts';
import type { Clock } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import { releaseBuffers } from '../platform/memory.ts';
import type { ObjectStore, ObjectWriter, PutResult } from '../store/store.ts';
import type { CommitResult, SealedSegment } from './messages.ts';
import { type ReplayedSegment, replaySegment } from './replay.ts';

export interface CommitDeps {
  readonly config: Config;
  readonly layout: Layout;
  readonly store: ObjectStore;
  readonly commits: Commits;
  readonly files: Files;
  readonly clock: Clock;
  /** Written into every file's metadata. */
  readonly version: string;
}

/** Commits a segment. Throws a BridgeError when the store fails; the segment then stays, and can be given again. */
export async function commitSegment(sealed: SealedSegment, deps: CommitDeps): Promise<CommitResult> {
  const { files, config, commits } = deps;
  const { commitId, path } = sealed;
  const journalPath = config.journal.path;
  const nothing = { commitId, record: undefined, quarantined: undefined };

  if (sealed.batches) {
    const record = await writeCommit(commitId, sealed.batches, sealed.counts, deps.layout, deps);
    removeSegment(files, journalPath, path);
    return { ...nothing, record };
  }
  // After a crash between commit record and removal only the removal is left to do. Without this check a replay would
  // bring back partitions that were deleted since.
  const already = await commits.read(commitId);
  if (already) {
    removeSegment(files, journalPath, path);
    return { ...nothing, record: already };
  }
  const found = readSegment(sealed, deps);
  if (!found || 'quarantined' in found) return { ...nothing, quarantined: found?.quarantined };
  const { layout, batches, counts, damage, lostRequests } = found;
  // Before the commit record: once that is there, a restart only removes the segment.
  let paths = copyDamage(files, journalPath, path, damage);
  const hasRows = Object.keys(counts).length > 0;
  const record = hasRows ? await writeCommit(commitId, batches, counts, layout, deps) : undefined;
  if (paths) removeSegment(files, journalPath, path);
  else paths = [quarantineSegment(files, journalPath, path) ?? path];
  const bytes = damage.reduce((sum, { start, end }) => sum + end - start, 0);
  return { ...nothing, record, quarantined: damage.length > 0 ? { paths, bytes, lostRequests } : undefined };
}

/** Undefined where the segment is gone; `quarantined` where nothing of it can be read. */
function readSegment(
  { path, journalBytes }: SealedSegment,
  { files, config }: CommitDeps,
): (ReplayedSegment & { readonly layout: Layout }) | Pick<CommitResult, 'quarantined'> | undefined {
  let reader: SegmentReader | undefined;
  try {
    reader = openSegment(files, path, journalBytes);
    return reader && { ...replaySegment(reader), layout: reader.header.layout };
  } catch (error) {
    if (BridgeError.from(error).code !== 'corrupt') throw error;
    const moved = quarantineSegment(files, config.journal.path, path);
    return { quarantined: moved ? { paths: [moved], bytes: journalBytes, lostRequests: 0 } : undefined };
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
): Promise<CommitRecord> {
  const written: CommitObject[] = [];
  for (const batch of batches) {
    written.push(...(await writeTable(commitId, batch, layout, deps)));
    releaseBuffers(transferables(batch));
  }
  const committedAt = new Date(deps.clock.nowMs()).toISOString();
  const rows = balance(commitId, journalled, written);
  const record: CommitRecord = { formatVersion: 1, commitId, committedAt, objects: written, rows };
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

/** All that the objects of one table in one commit have in common. */
interface TableWrite {
  readonly commitId: string;
  readonly batch: Batch;
  readonly schema: TableSchema;
  readonly layout: Layout;
  readonly signal: AbortSignal;
}

/** One object a partition, `operations.parallelism` of them on their way to the store at the same time. */
async function writeTable(commitId: string, batch: Batch, layout: Layout, deps: CommitDeps): Promise<CommitObject[]> {
  const schema = withPromotions(TABLES[batch.table], layout.promote[batch.table]);
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
      return writeObject(table, path, rows.subarray(partitionStart[i]!, partitionStart[i + 1]!), deps);
    }).catch((error: unknown) => {
      failed.abort(error); // the first error stops the others and is the one reported
      throw error;
    }),
  );
  const results = await Promise.allSettled(tasks);
  failed.signal.throwIfAborted();
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

async function writeObject(
  table: TableWrite,
  partition: string,
  rows: Int32Array,
  deps: CommitDeps,
): Promise<CommitObject> {
  const { commitId, batch, schema, layout, signal } = table;
  const key = objectKey(batch.table, partition, commitId);
  const metadata = { 'commit-id': commitId, rows: String(rows.length) };
  const parquet = { ...deps.config.parquet, sortBy: layout.sortBy };
  const encoder = createParquetEncoder(arrowSchema(schema), parquet, {
    'otel-lake.version': deps.version,
    'otel-lake.commit_id': commitId,
  });
  const contentType = 'application/vnd.apache.parquet';
  const writer = await deps.store.write(key, { ifAbsent: true, contentType, metadata, signal });
  let stored: PutResult;
  let checksum: number | undefined = 0;
  try {
    const { rowGroupSize } = deps.config.parquet;
    for (let start = 0; start < rows.length; start += rowGroupSize) {
      const group = take(batch, rows.subarray(start, start + rowGroupSize));
      const arrow = toArrow(group, schema);
      const chunks = encoder.rowGroup(arrow);
      releaseBuffers(recordBatchBuffers(arrow));
      checksum = await writeAll(writer, chunks, checksum);
    }
    checksum = await writeAll(writer, encoder.finish().chunks, checksum);
    stored = await writer.close();
  } catch (error) {
    await writer.abort();
    if (BridgeError.from(error).code !== 'already_exists') throw error;
    stored = await deps.store.head(key, { signal });
    checksum = undefined; // of the bytes of another try, which another version may have encoded
  }
  const timestamps = batch.columns[schema.columns.findIndex((column) => column.name === 'timestamp')] as NumberData;
  return {
    table: batch.table,
    key,
    partition,
    rows: rows.length,
    bytes: stored.size,
    etag: stored.etag,
    crc32: checksum?.toString(16).padStart(8, '0'),
    ...timestampRange(timestamps, rows),
  };
}

/** Returns the CRC-32 of all so far. */
async function writeAll(writer: ObjectWriter, chunks: readonly Uint8Array[], before: number): Promise<number> {
  let checksum = before;
  for (const chunk of chunks) {
    checksum = crc32(chunk, checksum); // before the writer may take the buffer over
    await writer.write(chunk);
  }
  return checksum;
}

function timestampRange(column: NumberData, rows: Int32Array): Pick<CommitObject, 'minTimestamp' | 'maxTimestamp'> {
  const values = column.values as BigInt64Array;
  let min: bigint | undefined;
  let max: bigint | undefined;
  for (const row of rows) {
    if (column.valid && column.valid[row] === 0) continue;
    const value = values[row]!;
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  return { minTimestamp: isoMicros(min), maxTimestamp: isoMicros(max) };
}

function isoMicros(micros: bigint | undefined): string | null {
  if (micros === undefined) return null;
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (micros - fraction) / 1_000_000n;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(fraction).padStart(6, '0')}Z`;
}
