/**
 * A commit record in the lake: the JSON form of CommitRecord (model/commit.ts) under `_lake/commits/{commit id}.json`.
 *
 * Invariants: it is written after all objects it names, only once, and never changed; so its being there means that the
 * commit is whole. Objects it names may be missing later for one reason only: a deletion, whose receipt names them.
 */
import { isDeepStrictEqual } from 'node:util';
import { COMMIT_ID, type CommitObject, type CommitRecord, type RowCounts } from '../model/commit.ts';
import { SIGNALS, type TableName } from '../model/signal.ts';
import { parseRecord, type RecordReader } from './json-record.ts';

export function encodeCommitRecord(record: CommitRecord): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(record)}\n`);
}

/** Throws `corrupt` where the bytes are no commit record of this id. */
export function decodeCommitRecord(body: Uint8Array, key: string, commitId: string): CommitRecord {
  const record = parseRecord(body, key);
  const found = record.string('commitId');
  if (found !== commitId || !COMMIT_ID.test(found)) throw record.fail(`holds the commit "${found.slice(0, 100)}"`);
  const rows: Partial<Record<TableName, RowCounts>> = {};
  for (const [name, counts] of record.entries('rows')) {
    rows[tableName(name, record)] = {
      received: counts.count('received'),
      written: counts.count('written'),
      rejected: counts.count('rejected'),
    };
  }
  const objects = record.list('objects').map((object) => decodeObject(object));
  return { formatVersion: 1, commitId, committedAt: record.string('committedAt'), objects, rows };
}

function decodeObject(object: RecordReader): CommitObject {
  return {
    table: tableName(object.string('table'), object),
    key: object.string('key'),
    partition: object.string('partition'),
    rows: object.count('rows'),
    bytes: object.count('bytes'),
    etag: object.optionalString('etag'),
    minTimestamp: object.nullableString('minTimestamp'),
    maxTimestamp: object.nullableString('maxTimestamp'),
  };
}

export function tableName(name: string, record: RecordReader): TableName {
  if (Object.hasOwn(SIGNALS, name)) return name as TableName;
  throw record.fail(`names the unknown table "${name.slice(0, 100)}"`);
}

/** Whether two records tell of the same commit; when it was written down may differ between two tries. */
export function isSameCommit(a: CommitRecord, b: CommitRecord): boolean {
  const plain = (record: CommitRecord) => JSON.parse(JSON.stringify({ ...record, committedAt: '' }));
  return isDeepStrictEqual(plain(a), plain(b));
}
