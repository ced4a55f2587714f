/**
 * A commit record in the lake: the JSON form of CommitRecord (model/commit.ts) under `_lake/commits/{commit id}.json`.
 *
 * Invariants: it is written after all objects it names, only once, and never changed (but for one that a check has
 * recovered, which the commit itself replaces); so its being there means that the commit is whole. Objects it names may be missing later for one reason only: a deletion, whose receipt names them.
 */
import { isDeepStrictEqual } from 'node:util';
import { COMMIT_ID, type CommitObject, type CommitRecord } from '../model/commit.ts';
import { type PartitionStrategy, strategiesFromJson } from '../model/layout.ts';
import type { RowCounts } from '../model/row-counts.ts';
import { type LakeTable, SIGNALS, WHOLE_LAKE } from '../model/signal.ts';
import { parseRecord, type RecordReader } from './json-record.ts';

export function encodeCommitRecord(record: CommitRecord): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(record)}\n`);
}

/** Throws `corrupt` where the bytes are no commit record of this id. */
export function decodeCommitRecord(body: Uint8Array, key: string, commitId: string): CommitRecord {
  const record = parseRecord(body, key);
  const found = record.string('commitId');
  if (found !== commitId || !COMMIT_ID.test(found)) throw record.fail(`holds the commit "${found.slice(0, 100)}"`);
  const rows: Partial<Record<LakeTable, RowCounts>> = {};
  for (const [name, counts] of record.entries('rows')) {
    rows[tableName(name, record)] = decodeCounts(counts);
  }
  const objects = record.list('objects').map((object) => decodeObject(object));
  const committedAt = record.string('committedAt');
  const partitioning = decodePartitioning(record);
  const recovered = record.flag('recovered') ? { recovered: true as const } : {};
  const optional = { ...(partitioning && { partitioning }), ...recovered };
  return { formatVersion: 1, commitId, committedAt, objects, rows, ...optional };
}

/** Undefined also for what this version does not know: nothing may be concluded from the paths then. */
function decodePartitioning(record: RecordReader): CommitRecord['partitioning'] {
  const strategies = record.value('partitioning');
  if (!Array.isArray(strategies) || !strategies.every(isStrategy)) return undefined;
  return strategiesFromJson(strategies);
}

function isStrategy(value: unknown): value is PartitionStrategy {
  const { type, field, name, granularity, format, numPartitions, ranges, default: otherwise } = Object(value);
  if (typeof field !== 'string') return false;
  if (type === 'time') return typeof granularity === 'string' && typeof format === 'string';
  if (typeof name !== 'string') return false;
  if (type === 'hash') return Number.isSafeInteger(numPartitions);
  if (type === 'range') return typeof otherwise === 'string' && Array.isArray(ranges) && ranges.every(isRange);
  return type === 'value';
}

function isRange(value: unknown): boolean {
  const { from, to, label } = Object(value);
  return [from, to].every((bound) => bound === null || typeof bound === 'number') && typeof label === 'string';
}

/** Records of the first version have neither reasons nor what was journalled: there it was what was not rejected. */
function decodeCounts(counts: RecordReader): RowCounts {
  const received = counts.count('received');
  const rejected = counts.count('rejected');
  const written = counts.count('written');
  const journalled = counts.optionalCount('journalled');
  if (journalled === undefined) {
    return {
      received,
      rejected,
      rejectedBy: rejected > 0 ? { unknown: rejected } : {},
      journalled: received - rejected,
      written,
    };
  }
  return { received, rejected, rejectedBy: counts.counts('rejectedBy'), journalled, written };
}

function decodeObject(object: RecordReader): CommitObject {
  return {
    table: tableName(object.string('table'), object),
    key: object.string('key'),
    partition: object.string('partition'),
    rows: object.count('rows'),
    bytes: object.count('bytes'),
    etag: object.optionalString('etag'),
    crc32: object.optionalString('crc32'),
    minTimestamp: object.nullableString('minTimestamp'),
    maxTimestamp: object.nullableString('maxTimestamp'),
  };
}

export function tableName(name: string, record: RecordReader): LakeTable {
  if (name === WHOLE_LAKE || Object.hasOwn(SIGNALS, name)) return name as LakeTable;
  throw record.fail(`names the unknown table "${name.slice(0, 100)}"`);
}

/** Whether two records tell of the same commit; when and by which version it was written down may differ between two tries. */
export function isSameCommit(a: CommitRecord, b: CommitRecord): boolean {
  const plain = (record: CommitRecord) =>
    JSON.parse(JSON.stringify({ ...record, committedAt: '', partitioning: undefined }));
  return isDeepStrictEqual(plain(a), plain(b));
}
