/**
 * What a check may do, carefully: nothing is deleted. An object that belongs to nothing is moved to
 * `_lake/quarantine/{key}`, where engines do not look, beside a text that says why. An orphan that is whole gets the
 * record its commit never came to write.
 */
import type { Commits } from '../catalog/commits.ts';
import { BridgeError } from '../errors.ts';
import type { CommitObject, CommitRecord } from '../model/commit.ts';
import type { RowCounts } from '../model/row-counts.ts';
import type { LakeTable, TableName } from '../model/signal.ts';
import { TABLES } from '../model/tables.ts';
import { isoMicros } from '../model/timestamp.ts';
import type { Clock } from '../platform/clock.ts';
import type { Footer } from '../read/parquet/footer.ts';
import { rowGroupBounds } from '../read/parquet/statistics.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Examined } from './object.ts';
import type { IndexedObject } from './object-index.ts';

export const QUARANTINE_PREFIX = '_lake/quarantine/';
const CHUNK_BYTES = 8 * 1024 * 1024;

/** Moves an object aside; returns what was done, for the finding. */
export async function moveAside(
  store: ObjectStore,
  { key, size }: { readonly key: string; readonly size: number },
  why: string,
  clock: Clock,
  signal: AbortSignal,
): Promise<string> {
  const target = `${QUARANTINE_PREFIX}${key}`;
  const contentType = 'application/vnd.apache.parquet';
  try {
    await store.uploadStream(target, chunksOf(store, key, size, signal), { ifAbsent: true, contentType, signal });
  } catch (error) {
    // A repair that was broken off before the original was removed.
    if (BridgeError.from(error).code !== 'already_exists') throw error;
  }
  const copy = await store.head(target, { signal });
  if (copy.size !== size) {
    throw new BridgeError('conflict', `${target} is there already with ${copy.size} bytes, not ${size}`, {
      hint: 'Look at both, and move one of them away by hand.',
      retryable: false,
    });
  }
  const line = `${new Date(clock.nowMs()).toISOString()} ${key}: ${why}\n`;
  await store.put(`${target}.why.txt`, new TextEncoder().encode(line), { contentType: 'text/plain', signal });
  await store.delete([key], { signal });
  return `moved to ${target}`;
}

async function* chunksOf(store: ObjectStore, key: string, size: number, signal: AbortSignal) {
  for (let start = 0; start < size; start += CHUNK_BYTES) {
    yield await store.get(key, { range: { start, end: Math.min(size, start + CHUNK_BYTES) }, signal });
  }
}

export interface WholeOrphan {
  readonly object: IndexedObject;
  readonly examined: Examined;
}

/**
 * Writes the record of a commit of which these objects are all there is. Undefined, and nothing done, where the files do
 * not say the range of their times: a wrong one would hide rows from reads.
 */
export async function recoverCommit(
  commits: Commits,
  commitId: string,
  orphans: readonly WholeOrphan[],
  clock: Clock,
): Promise<string | undefined> {
  const objects: CommitObject[] = [];
  const rows: Partial<Record<LakeTable, RowCounts>> = {};
  for (const { object, examined } of orphans) {
    const times = timeRange(examined.footer, object.table as TableName); // orphans are looked for in the bridge's tables
    if (!times) return undefined;
    const { table, key, partition, size, etag } = object;
    objects.push({ table, key, partition, rows: examined.rows, bytes: size, etag, crc32: examined.crc32, ...times });
    const count = (rows[table]?.written ?? 0) + examined.rows;
    rows[table] = { received: count, rejected: 0, rejectedBy: {}, journalled: count, written: count };
  }
  const committedAt = new Date(clock.nowMs()).toISOString();
  const record: CommitRecord = { formatVersion: 1, commitId, committedAt, objects, rows, recovered: true };
  await commits.write(record);
  return `wrote its commit record, marked as recovered`;
}

/** Undefined where the statistics of a row group do not say. */
function timeRange(footer: Footer, table: TableName): Pick<CommitObject, 'minTimestamp' | 'maxTimestamp'> | undefined {
  let min: bigint | undefined;
  let max: bigint | undefined;
  for (const group of footer.metadata.row_groups.keys()) {
    const bounds = rowGroupBounds(footer, group, TABLES[table], 'timestamp');
    if (!bounds) return undefined;
    if (bounds.nullCount === bounds.rows) continue;
    if (typeof bounds.min !== 'bigint' || typeof bounds.max !== 'bigint') return undefined;
    if (min === undefined || bounds.min < min) min = bounds.min;
    if (max === undefined || bounds.max > max) max = bounds.max;
  }
  return { minTimestamp: isoMicros(min), maxTimestamp: isoMicros(max) };
}
