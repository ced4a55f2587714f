import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commitKey } from '../../src/catalog/keys.ts';
import { commitSegment } from '../../src/ingest/commit-segment.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { onDisk, SAMPLE } from '../ingest/support.ts';
import { createCheckBench, keysOf, ROWS, traces } from './support.ts';

test('without --repair nothing in the lake is changed', async (t) => {
  const bench = createCheckBench(t);
  const { commitId, objects } = await bench.write();
  const { store } = bench.deps;
  await store.delete([commitKey(commitId)]);
  await store.put('traces/empty.parquet', new Uint8Array(0));
  const before = await keysOf(store);
  const { summary } = await bench.check({ deep: true });
  assert.equal(summary.problems, objects.length + 1);
  assert.equal(summary.repaired, 0);
  assert.deepEqual(await keysOf(store), before);
});

test('a commit that lost record and segment gets a record from its files, and its rows are read again', async (t) => {
  const bench = createCheckBench(t);
  const { commitId, objects, rows } = await bench.write();
  const { store, commits } = bench.deps;
  await store.delete([commitKey(commitId)]);
  assert.equal(await bench.rowsInLake(), 0);
  const { summary } = await bench.check({ repair: true, deep: true });
  assert.equal(summary.repaired, summary.problems);
  const found = await commits.read(commitId);
  const inOrder = objects.toSorted((a, b) => (a.key < b.key ? -1 : 1));
  assert.deepEqual(found, { ...found, objects: inOrder, rows, recovered: true });
  assert.equal(await bench.rowsInLake(), ROWS);
  const after = await bench.check({ deep: true });
  assert.deepEqual(after.problems, []);
  assert.match(after.findings[0]!.message, /recovered/);
});

test('an orphan whose segment is in the journal, or that is young, is left to its bridge', async (t) => {
  const bench = createCheckBench(t);
  const kept = { ...systemFiles, remove() {} };
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const { record } = await commitSegment(bench.sealed[0]!, { ...bench.deps, files: kept });
  await bench.deps.store.delete([commitKey(record!.commitId)]);
  const before = await keysOf(bench.deps.store);
  assert.equal((await bench.check({ repair: true })).summary.repaired, 0);
  assert.deepEqual(await keysOf(bench.deps.store), before);
  const elsewhere = createCheckBench(t);
  const young = { repair: true, minAgeMs: 1e12 };
  assert.equal((await elsewhere.check(young, { store: bench.deps.store })).summary.repaired, 0);
  assert.deepEqual(await keysOf(bench.deps.store), before);
});

test('a recovered commit whose segment comes back after all is completed by it, every row once', async (t) => {
  const bench = createCheckBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const kept = { ...systemFiles, remove() {} };
  const { record } = await commitSegment(bench.sealed[0]!, { ...bench.deps, files: kept });
  const { store, commits } = bench.deps;
  const [first, ...others] = record!.objects.map(({ key }) => key);
  await store.delete([commitKey(record!.commitId), ...others]);
  const elsewhere = createCheckBench(t); // does not see the segment
  await elsewhere.check({ repair: true }, { store });
  const recoveredRows = await bench.rowsInLake();
  assert.ok(recoveredRows > 0 && recoveredRows < ROWS);
  assert.deepEqual(
    (await commits.read(record!.commitId))!.objects.map(({ key }) => key),
    [first],
  );
  await bench.commit(onDisk(bench.sealed[0]!));
  const found = await commits.read(record!.commitId);
  assert.equal(found!.recovered, undefined);
  assert.equal(found!.rows.traces!.written, ROWS);
  assert.equal(await bench.rowsInLake(), ROWS);
  const { problems, summary } = await bench.check({ deep: true });
  assert.deepEqual(problems, []);
  assert.equal(traces(summary).inFiles, ROWS);
});

test('a file of no commit is moved aside with a line of why, byte by byte the same, and the lake adds up again', async (t) => {
  const bench = createCheckBench(t);
  const record = await bench.write();
  const { store } = bench.deps;
  const { key } = record.objects[0]!;
  const copy = `traces/copied/${record.commitId}.parquet`;
  const body = await store.get(key);
  await store.put(copy, body);
  const { findings } = await bench.check({ repair: true });
  assert.equal(findings[0]!.repaired, `moved to _lake/quarantine/${copy}`);
  assert.deepEqual(await store.get(`_lake/quarantine/${copy}`), body);
  const why = new TextDecoder().decode(await store.get(`_lake/quarantine/${copy}.why.txt`));
  assert.match(why, new RegExp(`^\\S+Z ${copy}: .*does not name it`));
  assert.deepEqual(await keysOf(store, 'traces/copied/'), []);
  const after = await bench.check();
  assert.deepEqual(after.problems, []);
  assert.deepEqual(
    after.findings.map(({ kind }) => kind),
    ['quarantine'],
  );
});
