/** A small lake for tests of the catalog. */

import { createCommits } from '../../src/catalog/commits.ts';
import { objectKey } from '../../src/catalog/keys.ts';
import { type CommitObject, type CommitRecord, commitId } from '../../src/model/commit.ts';
import type { ObjectStore } from '../../src/store/store.ts';

export const EPOCH_MS = Date.UTC(2026, 10, 21, 8);

export const id = (n: number) => commitId(EPOCH_MS + n * 1000, '4f9c1a2b', n);

export function recordOf(n: number, partitions: readonly string[], rows = 10): CommitRecord {
  const commit = id(n);
  const objects = partitions.map((partition): CommitObject => {
    return {
      table: 'traces',
      key: objectKey('traces', partition, commit),
      partition,
      rows,
      bytes: 4,
      etag: '"e"',
      crc32: '9be2fe3e',
      minTimestamp: `2026-11-21T08:00:0${n % 10}.000000Z`,
      maxTimestamp: `2026-11-21T09:00:0${n % 10}.000000Z`,
    };
  });
  const count = rows * partitions.length;
  return {
    formatVersion: 1,
    commitId: commit,
    committedAt: new Date(EPOCH_MS).toISOString(),
    objects,
    rows: {
      traces: { received: count + 1, rejected: 1, rejectedBy: { span_id: 1 }, journalled: count, written: count },
    },
  };
}

export async function putObjects(store: ObjectStore, record: CommitRecord): Promise<void> {
  for (const { key } of record.objects) await store.put(key, new TextEncoder().encode('rows'));
}

export async function commit(store: ObjectStore, n: number, partitions: readonly string[]): Promise<CommitRecord> {
  const record = recordOf(n, partitions);
  await putObjects(store, record);
  await createCommits(store).write(record);
  return record;
}

/** The store, with a hook before each call. */
export function watched(
  store: ObjectStore,
  before: (method: string, key: string) => void | Promise<void>,
): ObjectStore {
  return {
    ...store,
    async get(key, options) {
      await before('get', key);
      return store.get(key, options);
    },
    async put(key, body, options) {
      await before('put', key);
      return store.put(key, body, options);
    },
    async delete(keys, options) {
      await before('delete', keys.join());
      return store.delete(keys, options);
    },
    async *list(prefix, options) {
      await before('list', prefix);
      yield* store.list(prefix, options);
    },
  };
}
