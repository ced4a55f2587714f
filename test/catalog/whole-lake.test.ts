import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { BEGIN, createChangeSource } from '../../src/catalog/changes.ts';
import { createCommits } from '../../src/catalog/commits.ts';
import { objectKey } from '../../src/catalog/keys.ts';
import { type CommitObject, commitId } from '../../src/model/commit.ts';
import { WHOLE_LAKE } from '../../src/model/signal.ts';
import { createMemoryStore } from '../../src/store/memory.ts';

const PARTITION = 'service=web/hour=08';
const signal = new AbortController().signal;

/** A lake that is one table: one commit of two objects in a partition, one object without its record, one of another writer. */
async function wholeLake() {
  const store = createMemoryStore();
  const commits = createCommits(store);
  const id = commitId(0, '0123abcd', 0);
  const object = (part: number): CommitObject => ({
    table: WHOLE_LAKE,
    key: objectKey(WHOLE_LAKE, PARTITION, `${id}.${part}`),
    partition: PARTITION,
    rows: part,
    bytes: 1,
    etag: undefined,
    crc32: undefined,
    minTimestamp: null,
    maxTimestamp: null,
  });
  const objects = [object(1), object(2)];
  const orphan = objectKey(WHOLE_LAKE, PARTITION, `${commitId(1, '0123abcd', 1)}.1`);
  for (const key of [...objects.map(({ key }) => key), orphan, `${PARTITION}/part-0.parquet`]) {
    await store.put(key, new Uint8Array(1));
  }
  const rows = { [WHOLE_LAKE]: { received: 3, rejected: 0, rejectedBy: {}, journalled: 3, written: 3 } };
  await commits.write({ formatVersion: 1, commitId: id, committedAt: new Date(0).toISOString(), objects, rows });
  return { store, id, objects, catalog: createCatalog(store) };
}

test('a lake that is one table has its partitions at its root, and shows parts of complete commits only', async () => {
  const { catalog, objects } = await wholeLake();
  const found = await catalog.objects(WHOLE_LAKE, { partition: PARTITION });
  assert.deepEqual(
    found.map(({ key, partition, rows }) => ({ key, partition, rows })),
    [
      ...objects.map(({ key, rows }) => ({ key, partition: PARTITION, rows })),
      { key: `${PARTITION}/part-0.parquet`, partition: PARTITION, rows: undefined },
    ],
  );
  const [partition] = await catalog.partitions({ table: WHOLE_LAKE });
  assert.deepEqual([partition?.partition, partition?.files], [PARTITION, 3]);
});

test('a cursor of a lake that is one table gives each commit once', async () => {
  const { store, catalog, id, objects } = await wholeLake();
  const source = createChangeSource(store, catalog);
  const request = { table: WHOLE_LAKE, partition: '', query: '', signal } as const;
  const first = await source.open({ ...request, after: BEGIN });
  assert.deepEqual(first.commitIds, [id]);
  assert.deepEqual(
    (await first.objects(signal)).map(({ key }) => key),
    objects.map(({ key }) => key),
  );
  const next = await source.open({ ...request, after: first.cursor(first.commitIds) });
  assert.deepEqual(next.commitIds, []);
});

test('deleting a partition of a lake that is one table leaves a receipt', async () => {
  const { catalog } = await wholeLake();
  await catalog.deletePartition(WHOLE_LAKE, PARTITION);
  assert.deepEqual(await catalog.objects(WHOLE_LAKE), []);
  const [receipt] = await catalog.deletions();
  assert.deepEqual([receipt?.table, receipt?.files, receipt?.path], [WHOLE_LAKE, 3, PARTITION]);
});
