import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { type FreshSnapshot, openFresh } from '../../src/ingest/fresh.ts';
import { listSegments } from '../../src/journal/journal.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { type Bench, createBench, onDisk, SAMPLE } from './support.ts';

function open(bench: Bench, partition = ''): FreshSnapshot {
  const { layout } = bench.deps;
  return openFresh({ files: systemFiles, journalPath: bench.journalPath, layout, batchSize: 50 }, 'traces', partition);
}

function countRows(snapshot: FreshSnapshot, except: readonly string[] = []): number {
  let rows = 0;
  for (const { batch } of snapshot.batches(new Set(except), 1 << 24)) rows += batch.numRows;
  return rows;
}

test('acknowledged rows of open and sealed segments are seen, those of named commits are not', (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  bench.send(SAMPLE.body, SAMPLE.body);
  const snapshot = open(bench);
  assert.equal(snapshot.commitIds.length, 2);
  assert.equal(countRows(snapshot), SAMPLE.items * 3);
  assert.equal(countRows(snapshot, [bench.sealed[0]!.commitId]), SAMPLE.items * 2);
  snapshot.close();
});

test('a snapshot stays readable when its segment is committed meanwhile', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const snapshot = open(bench);
  await bench.commit(bench.sealed[0]!);
  assert.equal(countRows(snapshot), SAMPLE.items);
  snapshot.close();
  const later = open(bench);
  assert.deepEqual(later.commitIds, []);
  later.close();
});

test('a partition leaves only the rows that would be stored below it', async (t) => {
  const bench = createBench(t, '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 4');
  bench.send(SAMPLE.body);
  const counts = [0, 1, 2, 3].map((bucket) => {
    const snapshot = open(bench, `trace_id_bucket=${bucket}`);
    const rows = countRows(snapshot);
    snapshot.close();
    return rows;
  });
  bench.lane.seal('request');
  const { record } = await bench.commit(bench.sealed[0]!);
  const stored = [0, 1, 2, 3].map((bucket) => {
    return record!.objects.find(({ partition }) => partition === `trace_id_bucket=${bucket}`)?.rows ?? 0;
  });
  assert.deepEqual(counts, stored);
  assert.equal(
    counts.reduce((sum, rows) => sum + rows, 0),
    SAMPLE.items,
  );
});

test('a read of a damaged open segment sees what its replay will write', async (t) => {
  const bench = createBench(t);
  for (let i = 0; i < 3; i++) bench.send(SAMPLE.body);
  const [path] = listSegments(systemFiles, bench.journalPath);
  const bytes = readFileSync(path!);
  bytes[bytes.length - Math.round(SAMPLE.body.length * 1.5)]! ^= 1; // in the second request
  writeFileSync(path!, bytes);
  const snapshot = open(bench);
  assert.equal(countRows(snapshot), SAMPLE.items * 2);
  snapshot.close();
  bench.lane.seal('request');
  await bench.commit(onDisk(bench.sealed[0]!));
  assert.equal(await bench.rowsInLake(), SAMPLE.items * 2);
});
