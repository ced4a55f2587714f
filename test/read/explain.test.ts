import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LakeObject } from '../../src/catalog/types.ts';
import { formatExplanation } from '../../src/cli/explain.ts';
import type { PartitionStrategy } from '../../src/model/layout.ts';
import type { ReadExplanation } from '../../src/model/read-explanation.ts';
import { readRequest } from '../../src/read/request.ts';
import { respond } from '../../src/read/respond.ts';
import type { ReadDeps } from '../../src/read/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { lakeFile } from './lake-file.ts';
import { lakeObject, readDeps, span } from './rows.ts';

const HASHED: PartitionStrategy = { type: 'hash', field: 'service_name', name: 'bucket', numPartitions: 4 };
const PARTITIONING = [HASHED];

/** One file a bucket, each of two row groups; the last is of an hour that is not asked for. */
async function lake(): Promise<ReadDeps> {
  const store = createMemoryStore();
  const objects: LakeObject[] = [];
  for (const bucket of [0, 1, 2, 3, 3]) {
    const key = `traces/bucket=${bucket}/${objects.length}.parquet`;
    const groups = [0, 1].map((g) => {
      return Array.from({ length: 500 }, (_, i) =>
        span(i, { trace_id: `${bucket}${g}${i}`.padStart(32, '0'), flags: BigInt(g) }),
      );
    });
    const body = lakeFile(groups);
    await store.put(key, body);
    const time = objects.length < 4 ? '2026-11-21T08:00:00.000000Z' : '2026-11-20T08:00:00.000000Z';
    objects.push(
      lakeObject(key, body.length, { partitioning: PARTITIONING, rows: 1000, minTimestamp: time, maxTimestamp: time }),
    );
  }
  return readDeps(store, { objects: async () => objects });
}

async function explain(filter: string): Promise<ReadExplanation> {
  const request = readRequest('traces', { filter, from: '2026-11-21', explain: 'true' });
  const chunks: Uint8Array[] = [];
  for await (const chunk of respond(request, await lake()).chunks(new AbortController().signal)) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
}

test('a plan is explained level by level, with what it takes', async () => {
  const found = await explain("service_name = 'service-1' AND flags = 1");
  assert.deepEqual(found.partitions, { listed: 4, pruned: 3 });
  assert.equal(found.files.prunedByPartition + found.files.prunedByCommit + found.files.read, 5);
  assert.deepEqual([found.files.read, found.rowGroups.prunedByStatistics, found.rowGroups.read], [1, 1, 1]);
  assert.deepEqual(
    found.readFiles.map(({ rowGroups }) => rowGroups),
    [[{ index: 1, rows: [[0, 500]] }]],
  );
  assert.equal(found.planned.requests, 1);
  assert.ok(found.planned.bytes > 0);
});

test('row groups that Bloom filters exclude are told apart', async () => {
  const found = await explain(`trace_id = '${'201250'.padStart(32, '0')}'`);
  assert.equal(found.files.prunedByCommit, 1);
  assert.equal(found.rowGroups.read, 0);
  assert.equal(found.rowGroups.prunedByBloomFilters + found.rowGroups.prunedByStatistics, 8);
});

test('an explanation reads as text', async () => {
  const text = formatExplanation(await explain("service_name = 'service-1' AND flags = 1"));
  assert.match(text, /^partitions {4}1 of 4$/m);
  assert.match(text, /^row groups {4}1 of 2; left out: 1 by statistics$/m);
  assert.match(text, /^planned with {2}.* in 1 requests$/m);
});

test('explain does not go with after', () => {
  assert.throws(() => readRequest('traces', { explain: 'true', after: 'begin' }), { code: 'invalid_argument' });
});
