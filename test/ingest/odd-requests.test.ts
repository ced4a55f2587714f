/** Requests and commits at the edges of the rule: every acknowledged row once, and received = written + rejected. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { createCommits } from '../../src/catalog/commits.ts';
import { BridgeError } from '../../src/errors.ts';
import { commitSegment } from '../../src/ingest/commit-segment.ts';
import type { LaneRequest } from '../../src/ingest/messages.ts';
import { listSegments } from '../../src/journal/journal.ts';
import { SIGNAL_LIST, SIGNALS, type Signal } from '../../src/model/signal.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { createStoreByTable } from '../../src/store/by-table.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { createCheckBench } from '../check/support.ts';
import { requestBody } from '../support/requests.ts';
import { createBench, onDisk, SAMPLE } from './support.ts';

function requestOf(signal: Signal, names: readonly string[], changes: object = {}): LaneRequest {
  const items = names.map((name) => ({ name, changes: { ...changes } }));
  const body = new Uint8Array(requestBody(signal, 'protobuf', 'odd', items));
  return { type: 'request', id: 0, signal: signal.name, contentType: 'protobuf', contentEncoding: 'identity', body };
}

for (const [how, from] of [
  ['from memory', (segment) => segment],
  ['from the journal', onDisk],
] as const satisfies readonly (readonly [string, typeof onDisk])[]) {
  test(`a request of refused rows alone is accounted for in a record without objects, committed ${how}`, async (t) => {
    const bench = createCheckBench(t);
    const [answer] = bench.lane.handle([requestOf(SIGNALS.traces, ['a', 'b'], { spanId: 'abcd' })]);
    assert.ok(answer?.ok);
    assert.deepEqual([answer.outcome.accepted, answer.outcome.rejected], [0, 2]);
    bench.lane.seal('request');
    const { record } = await bench.commit(from(bench.sealed[0]!));
    assert.deepEqual(record!.objects, []);
    assert.deepEqual(record!.rows, {
      traces: { received: 2, rejected: 2, rejectedBy: { span_id: 2 }, journalled: 0, written: 0 },
    });
    assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
    const { problems, summary } = await bench.check({ deep: true });
    assert.deepEqual([problems, summary.commits], [[], 1]);
  });
}

test('a request that is sent twice is there twice, in one segment and over two', async (t) => {
  const bench = createBench(t);
  bench.send(SAMPLE.body, SAMPLE.body);
  bench.lane.seal('request');
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  await bench.commit(bench.sealed[0]!);
  await bench.commit(onDisk(bench.sealed[1]!));
  assert.equal(await bench.rowsInLake(), 3 * SAMPLE.items);
});

test('a request with more rows and bytes than a segment may have is one commit, whole', async (t) => {
  const bench = createBench(t, `[flush]\nmax_rows = 10\nmax_bytes = 1024`);
  const [answer] = bench.send(SAMPLE.body);
  assert.ok(answer?.ok);
  assert.equal(bench.sealed.length, 1);
  await bench.commit(onDisk(bench.sealed[0]!));
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
});

test('a request that is small on the wire and large unpacked is one segment, and bounds it by what it becomes', (t) => {
  const bench = createBench(t, `[flush]\nmax_bytes = ${SAMPLE.body.length}`);
  const body = new Uint8Array(gzipSync(SAMPLE.body));
  assert.ok(body.length < SAMPLE.body.length / 2);
  const request: LaneRequest = {
    type: 'request',
    id: 0,
    signal: 'traces',
    contentType: 'protobuf',
    contentEncoding: 'gzip',
    body,
  };
  assert.ok(bench.lane.handle([request])[0]!.ok);
  assert.equal(bench.sealed.length, 1);
});

test('where the bucket of one table is away nothing of a commit is seen, and when it is back every row is there once', async (t) => {
  const bench = createBench(t);
  const main = createMemoryStore();
  const logs = createMemoryStore();
  const state = { isAway: true };
  const ofLogs: ObjectStore = {
    ...logs,
    async write(...args) {
      if (state.isAway) throw new BridgeError('permission_denied', 'AccessDenied');
      return logs.write(...args);
    },
  };
  const store = createStoreByTable(main, [{ folder: 'logs/', store: ofLogs }]);
  const deps = { ...bench.deps, store, commits: createCommits(store) };
  const names = ['a', 'b', 'c'];
  for (const answer of bench.lane.handle(SIGNAL_LIST.map((signal) => requestOf(signal, names)))) assert.ok(answer.ok);
  bench.lane.seal('request');
  const segment = bench.sealed[0]!;
  await assert.rejects(commitSegment(segment, deps), { code: 'permission_denied' });
  await assert.rejects(commitSegment(onDisk(segment), deps), { code: 'permission_denied' });
  assert.deepEqual((await deps.commits.readCommits()).records, []);
  assert.equal(listSegments(systemFiles, bench.journalPath).length, 1);
  state.isAway = false;
  const { record } = await commitSegment(onDisk(segment), deps);
  for (const { name } of SIGNAL_LIST) {
    assert.equal(record!.rows[name]!.written, names.length);
    assert.equal((await Array.fromAsync(store.list(`${name}/`))).length, 1);
  }
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
});

test('a partition that is deleted while a commit writes into it loses what was committed before, and nothing else', async (t) => {
  const bench = createCheckBench(t);
  const before = await bench.write();
  const { partition, rows } = before.objects[0]!;
  bench.send(SAMPLE.body);
  bench.lane.seal('request');
  const { store } = bench.deps;
  let written = 0;
  const whileWriting: ObjectStore = {
    ...store,
    async write(...args) {
      // With some objects of the commit stored, this one perhaps, and its record not.
      if (++written === before.objects.length) {
        const receipt = await bench.catalog.deletePartition('traces', partition, { dryRun: false });
        assert.deepEqual(
          receipt.objects.map(({ key }) => key),
          [before.objects[0]!.key],
        );
      }
      return store.write(...args);
    },
  };
  await commitSegment(bench.sealed.at(-1)!, { ...bench.deps, store: whileWriting });
  assert.equal(await bench.rowsInLake(), 2 * SAMPLE.items - rows);
  const { problems } = await bench.check({ deep: true });
  assert.deepEqual(problems, []);
});
