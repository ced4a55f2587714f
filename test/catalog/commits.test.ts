import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCommits } from '../../src/catalog/commits.ts';
import { commitKey } from '../../src/catalog/keys.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { id, recordOf } from './lake.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('a record is read back as it was written', async () => {
  const commits = createCommits(createMemoryStore());
  const record = recordOf(1, ['a=1', 'a=2']);
  await commits.write(record);
  assert.deepEqual(await commits.read(record.commitId), record);
  assert.equal(await commits.read(id(2)), undefined);
});

test('a record without times or etag keeps its nulls and gaps', async () => {
  const commits = createCommits(createMemoryStore());
  const record = recordOf(1, ['a=1']);
  const object = { ...record.objects[0]!, etag: undefined, minTimestamp: null, maxTimestamp: null };
  await commits.write({ ...record, objects: [object] });
  assert.deepEqual((await commits.read(record.commitId))?.objects, [object]);
});

test('a record of an earlier version, without reasons and without what was journalled, is read', async () => {
  const store = createMemoryStore();
  const { rows, ...record } = recordOf(1, ['a=1']);
  assert.ok(rows.traces);
  const old = { ...record, rows: { traces: { received: 11, written: 10, rejected: 1 } } };
  await store.put(commitKey(record.commitId), bytes(JSON.stringify(old)));
  const found = await createCommits(store).read(record.commitId);
  assert.deepEqual(found?.rows.traces, { ...rows.traces, rejectedBy: { unknown: 1 } });
});

test('writing the same commit again is done already, writing another one under its id is refused', async () => {
  const commits = createCommits(createMemoryStore());
  const record = recordOf(1, ['a=1']);
  await commits.write(record);
  await commits.write(record);
  await commits.write({ ...record, committedAt: '2030-01-01T00:00:00.000Z' });
  assert.equal((await commits.read(record.commitId))?.committedAt, record.committedAt);
  await assert.rejects(commits.write(recordOf(1, ['a=2'])), { code: 'already_exists', message: /other objects/ });
});

test('records are read in pages, in order, and from any id on', async () => {
  const store = createMemoryStore();
  const commits = createCommits(store);
  for (const n of [3, 1, 5, 2, 4]) await commits.write(recordOf(n, ['a=1']));
  await store.put('_lake/commits/README.txt', bytes('not a record'));
  const ids = (page: { records: readonly { commitId: string }[] }) => page.records.map(({ commitId }) => commitId);

  const all = await commits.readCommits();
  assert.deepEqual(ids(all), [1, 2, 3, 4, 5].map(id));
  assert.equal(all.next, undefined);
  const first = await commits.readCommits({ limit: 2 });
  assert.deepEqual([ids(first), first.next], [[id(1), id(2)], id(2)]);
  const rest = await commits.readCommits({ after: first.next! });
  assert.deepEqual(ids(rest), [id(3), id(4), id(5)]);
});

test('a broken record is told with its key and what is wrong, and stops no other', async () => {
  const store = createMemoryStore();
  const commits = createCommits(store);
  await commits.write(recordOf(1, ['a=1']));
  const good = JSON.stringify(recordOf(9, ['a=1']));
  const broken = [
    ['{', /is no JSON/],
    ['[]', /is no JSON object/],
    ['{}', /has no count at formatVersion/],
    [good.replace('"formatVersion":1', '"formatVersion":2'), /format version 2; this version reads 1/],
    [good, /holds the commit/],
    [good.replaceAll(id(9), id(7)).replace('"rows":10', '"rows":-1'), /has no count at objects\[0\]\.rows/],
    [good.replaceAll(id(9), id(8)).replace('"table":"traces"', '"table":"__proto__"'), /unknown table "__proto__"/],
  ] as const;
  for (const [n, [body]] of broken.entries()) await store.put(commitKey(id(n + 2)), bytes(body));
  const { records, problems } = await commits.readCommits();
  assert.deepEqual(
    records.map(({ commitId }) => commitId),
    [id(1)],
  );
  assert.equal(problems.length, broken.length);
  for (const [n, { key, error }] of problems.entries()) {
    assert.equal(key, commitKey(id(n + 2)));
    assert.equal(error.code, 'corrupt');
    assert.match(error.message, broken[n]![1]);
  }
  await assert.rejects(commits.read(id(2)), { code: 'corrupt' });
});
