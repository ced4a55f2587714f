import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { createCommits } from '../../src/catalog/commits.ts';
import { commitKey, objectKey } from '../../src/catalog/keys.ts';
import type { BridgeError } from '../../src/errors.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { commit, EPOCH_MS, id, putObjects, recordOf, watched } from './lake.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const fixed = {
  clock: { nowMs: () => EPOCH_MS, monotonicMs: () => 0 },
  randomness: { hex: (count: number) => 'ab'.repeat(count) },
};

function problemsOf() {
  const problems: string[] = [];
  return { problems, onProblem: (key: string, error: BridgeError) => problems.push(`${error.code} ${key}`) };
}

test('committed objects are listed with what their record knows', async () => {
  const store = createMemoryStore();
  await commit(store, 1, ['date=2026-11-21/hour=08', 'date=2026-11-21/hour=09']);
  const [first, second, ...others] = await createCatalog(store).objects('traces');
  assert.equal(others.length, 0);
  assert.equal(second?.partition, 'date=2026-11-21/hour=09');
  const { modifiedMs, ...rest } = first!;
  assert.ok(modifiedMs > 0);
  assert.deepEqual(rest, {
    table: 'traces',
    key: objectKey('traces', 'date=2026-11-21/hour=08', id(1)),
    partition: 'date=2026-11-21/hour=08',
    size: 4,
    commitId: id(1),
    rows: 10,
    minTimestamp: '2026-11-21T08:00:01.000000Z',
    maxTimestamp: '2026-11-21T09:00:01.000000Z',
  });
});

test('objects of a commit under way are not seen before its record, objects of other writers always', async () => {
  const store = createMemoryStore();
  const catalog = createCatalog(store);
  const record = recordOf(1, ['a=1']);
  await putObjects(store, record);
  await store.put('traces/a=1/imported.parquet', bytes('rows'));
  await store.put('traces/a=1/_hidden.parquet', bytes('rows'));
  const keys = async () => (await catalog.objects('traces')).map(({ key, rows }) => [key, rows]);
  assert.deepEqual(await keys(), [['traces/a=1/imported.parquet', undefined]]);
  assert.deepEqual(await catalog.committed([id(1), id(2)]), new Set());
  await createCommits(store).write(record);
  assert.deepEqual(await keys(), [
    [objectKey('traces', 'a=1', id(1)), 10],
    ['traces/a=1/imported.parquet', undefined],
  ]);
  assert.deepEqual(await catalog.committed([id(1), id(2)]), new Set([id(1)]));
});

test('a commit that completes while objects are listed is seen whole', async () => {
  const store = createMemoryStore();
  const record = recordOf(1, ['a=1', 'a=2', 'a=3']);
  await store.put(record.objects[1]!.key, bytes('rows'));
  let listings = 0;
  const racing = watched(store, async (method, key) => {
    if (method === 'list') listings++;
    if (method !== 'get' || !key.startsWith('_lake/commits/')) return;
    await putObjects(store, record); // the rest arrives after the first listing, then the record
    await createCommits(store).write(record);
  });
  const found = await createCatalog(racing).objects('traces');
  assert.deepEqual(
    found.map(({ partition }) => partition),
    ['a=1', 'a=2', 'a=3'],
  );
  assert.equal(listings, 2);
});

test('commit records are fetched once, and again only when they fell out of a full memory', async () => {
  const store = createMemoryStore();
  for (let n = 1; n <= 5; n++) await commit(store, n, ['a=1']);
  let gets = 0;
  const counting = watched(store, (method) => void (method === 'get' && gets++));
  const catalog = createCatalog(counting);
  await catalog.objects('traces');
  assert.equal(gets, 5);
  await commit(store, 6, ['a=1']);
  assert.equal((await catalog.objects('traces')).length, 6);
  assert.equal(gets, 6);

  gets = 0;
  const small = createCatalog(counting, { maxCachedObjects: 4 });
  for (let i = 0; i < 2; i++) assert.equal((await small.objects('traces')).length, 6);
  assert.equal(gets, 10, 'two of the six are still in memory');
});

test('objects can be asked for by whole path or by the beginning of one', async () => {
  const store = createMemoryStore();
  const partitions = [
    'date=2024-01-01/hour=00',
    'date=2024-01-01/hour=01',
    'date=2024-01-010/hour=00',
    'date=2024-02-01',
  ];
  await commit(store, 1, partitions);
  const catalog = createCatalog(store);
  const found = async (options: { partition?: string; prefix?: string }) =>
    (await catalog.objects('traces', options)).map(({ partition }) => partition);
  assert.deepEqual(await found({ partition: 'date=2024-01-01' }), partitions.slice(0, 2));
  assert.deepEqual(await found({ partition: 'date=2024-01-01/hour=01' }), [partitions[1]]);
  assert.deepEqual(await found({ partition: 'date=2024-01' }), []);
  assert.deepEqual(await found({ prefix: 'date=2024-01' }), [...partitions.slice(0, 2), partitions[2]]);
  assert.deepEqual(await found({ prefix: 'date=2024-01-01/' }), partitions.slice(0, 2));
  assert.deepEqual(
    await found({ partition: 'date=2024-01-01', prefix: 'date=2024-01-01/hour=0' }),
    partitions.slice(0, 2),
  );
  assert.deepEqual(await found({ partition: 'date=2024-02-01', prefix: 'date=2024-01' }), []);
  await assert.rejects(found({ prefix: '../' }), { code: 'invalid_argument' });
  await assert.rejects(found({ partition: '%2e%2e' }), { code: 'invalid_argument' });
});

test('an empty file is left out and told once; a broken record hides no rows', async () => {
  const store = createMemoryStore();
  const { problems, onProblem } = problemsOf();
  await commit(store, 1, ['a=1']);
  await store.put(commitKey(id(1)), bytes('{'));
  await store.put('traces/a=1/empty.parquet', new Uint8Array());
  const catalog = createCatalog(store, { onProblem });
  for (let i = 0; i < 2; i++) {
    const [object, ...others] = await catalog.objects('traces');
    assert.equal(others.length, 0);
    assert.equal(object?.commitId, id(1));
    assert.equal(object?.rows, undefined);
  }
  assert.deepEqual(problems.sort(), [`corrupt ${commitKey(id(1))}`, 'corrupt traces/a=1/empty.parquet']);
});

test('a store that does not answer is an error, not an empty lake', async () => {
  const store = createMemoryStore();
  await commit(store, 1, ['a=1']);
  const down = watched(store, (method) => {
    if (method === 'get') throw new Error('down');
  });
  await assert.rejects(createCatalog(down).objects('traces'), /down/);
  await assert.rejects(createCatalog(down).committed([id(1)]), /down/);
});

test('partitions sum up their objects, and do not know what one of them does not know', async () => {
  const store = createMemoryStore();
  await commit(store, 2, ['b=1', 'a=1']);
  await commit(store, 1, ['a=1']);
  await store.put('traces/b=1/imported.parquet', bytes('rows'));
  assert.deepEqual(await createCatalog(store).partitions(), [
    {
      table: 'traces',
      partition: 'a=1',
      files: 2,
      rows: 20,
      bytes: 8,
      minTimestamp: '2026-11-21T08:00:01.000000Z',
      maxTimestamp: '2026-11-21T09:00:02.000000Z',
    },
    {
      table: 'traces',
      partition: 'b=1',
      files: 2,
      rows: undefined,
      bytes: 8,
      minTimestamp: undefined,
      maxTimestamp: undefined,
    },
  ]);
  const some = await createCatalog(store).partitions({ table: 'traces', prefix: 'b' });
  assert.deepEqual(
    some.map(({ partition }) => partition),
    ['b=1'],
  );
});

test('a deleted partition is gone with all below it, and its receipt says what went', async () => {
  const store = createMemoryStore();
  const catalog = createCatalog(store, fixed);
  const gone = await commit(store, 1, ['date=2024-01-01', 'date=2024-01-01/hour=00']);
  await commit(store, 2, ['date=2024-01-010/hour=00']);
  await putObjects(store, recordOf(3, ['date=2024-01-01/hour=00']));
  const receipt = await catalog.deletePartition('traces', 'date=2024-01-01/');
  assert.deepEqual(receipt, {
    formatVersion: 1,
    deletionId: '20261121T080000000Z-abababab',
    deletedAt: '2026-11-21T08:00:00.000Z',
    dryRun: false,
    table: 'traces',
    path: 'date=2024-01-01',
    files: 2,
    rows: 20,
    bytes: 8,
    objects: gone.objects.map(({ key }) => ({ key, rows: 10, bytes: 4 })).sort((a, b) => (a.key < b.key ? -1 : 1)),
  });
  assert.deepEqual(await catalog.deletions(), [receipt]);
  const left = await catalog.objects('traces');
  assert.deepEqual(
    left.map(({ partition }) => partition),
    ['date=2024-01-010/hour=00'],
  );
  await store.head(objectKey('traces', 'date=2024-01-01/hour=00', id(3))); // a commit under way is left alone
  const created = createCatalog(store);
  assert.deepEqual(await created.objects('traces'), left, 'missing objects of a known commit stay missing');
});

test('a dry run says the same and changes nothing', async () => {
  const store = createMemoryStore();
  const record = await commit(store, 1, ['a=1', 'a=2']);
  const writes: string[] = [];
  const watching = watched(store, (method) => void (/put|delete/.test(method) && writes.push(method)));
  const catalog = createCatalog(watching, fixed);
  const receipt = await catalog.deletePartition('traces', 'a=1', { dryRun: true });
  assert.equal(receipt.dryRun, true);
  assert.deepEqual(receipt.objects, [{ key: record.objects[0]!.key, rows: 10, bytes: 4 }]);
  assert.deepEqual(writes, []);
  assert.deepEqual(await catalog.deletions(), []);
});

test('the receipt is there before the first object goes, so that a crash between can be finished', async () => {
  const store = createMemoryStore();
  await commit(store, 1, ['a=1', 'a=1/b=1']);
  const crashing = watched(store, async (method, keys) => {
    if (method !== 'delete') return;
    await store.delete([keys.split(',')[0]!]);
    throw new Error('crash');
  });
  await assert.rejects(createCatalog(crashing).deletePartition('traces', 'a=1'), /crash/);
  const catalog = createCatalog(store);
  const [unfinished] = await catalog.deletions();
  assert.equal(unfinished?.files, 2);
  const rest = await catalog.deletePartition('traces', 'a=1');
  assert.equal(rest.files, 1);
  assert.deepEqual(await catalog.objects('traces'), []);
  assert.equal((await catalog.deletions()).length, 2);
});

test('a partition that is not there, an empty path and a path out of the table are refused', async () => {
  const store = createMemoryStore();
  await commit(store, 1, ['a=1']);
  const catalog = createCatalog(store);
  await assert.rejects(catalog.deletePartition('traces', 'a=2'), { code: 'not_found', hint: /partitions list/ });
  await assert.rejects(catalog.deletePartition('traces', 'a'), { code: 'not_found' });
  for (const path of ['', '/', '///']) {
    await assert.rejects(catalog.deletePartition('traces', path), {
      code: 'invalid_argument',
      hint: /Name a partition/,
    });
  }
  for (const path of ['../_lake/commits', 'a=1/../..', '%2e%2e/_lake', 'a=1\0']) {
    await assert.rejects(catalog.deletePartition('traces', path), { code: 'invalid_argument' });
  }
  assert.equal((await catalog.objects('traces')).length, 1);
  assert.deepEqual(await catalog.deletions(), []);
});

test('a broken receipt is told and left out', async () => {
  const store = createMemoryStore();
  const { problems, onProblem } = problemsOf();
  await commit(store, 1, ['a=1']);
  const catalog = createCatalog(store, { onProblem });
  await catalog.deletePartition('traces', 'a=1');
  await store.put('_lake/deletions/0-broken.json', bytes('{"formatVersion":1}'));
  assert.equal((await catalog.deletions()).length, 1);
  assert.deepEqual(problems, ['corrupt _lake/deletions/0-broken.json']);
});
