import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCallRecorder, createLatencyRecorder, createRequestRecorder } from '../../src/connector/metrics.ts';

test('quantiles are those of the latencies, off by 4 % at most', () => {
  const latencies = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(latencies, (all) => {
      const recorder = createLatencyRecorder();
      for (const ms of all) recorder.add(ms);
      const sorted = all.toSorted((a, b) => a - b);
      const { count, sumMs, maxMs, p50Ms, p99Ms } = recorder.metrics();
      assert.deepEqual([count, maxMs], [all.length, sorted.at(-1)]);
      assert.ok(Math.abs(sumMs - all.reduce((sum, ms) => sum + ms, 0)) < 1e-3 * sumMs);
      for (const [found, share] of [
        [p50Ms, 0.5],
        [p99Ms, 0.99],
      ] as const) {
        const exact = sorted[Math.ceil(share * sorted.length) - 1]!;
        assert.ok(Math.abs(found - exact) <= 0.04 * exact, `${found} instead of ${exact}`);
      }
    }),
  );
});

test('without a call every figure is 0, and extreme latencies find a place', () => {
  const recorder = createLatencyRecorder();
  assert.deepEqual(recorder.metrics(), { count: 0, sumMs: 0, maxMs: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0 });
  for (const ms of [0, 1e-9, 1e12]) recorder.add(ms);
  assert.equal(recorder.metrics().count, 3);
});

test('time in which calls overlap is counted once', () => {
  let now = 0;
  const calls = createCallRecorder(() => now);
  const first = calls.begin();
  now = 10;
  const second = calls.begin();
  now = 30;
  first(false);
  now = 40;
  second(true);
  now = 100;
  assert.deepEqual([calls.operations, calls.errors, calls.busyMs()], [2, 1, 40]);
});

test('requests are told by operation, with errors and bytes', () => {
  const recorder = createRequestRecorder();
  recorder.observe('PutObject', 5, undefined, { sent: 10, received: 0 });
  recorder.observe('GetObject', 2, undefined, { sent: 0, received: 7 });
  recorder.observe('PutObject', 7, new Error('no'), { sent: 10, received: 0 });
  const { requests, errors, operations } = recorder.metrics();
  assert.deepEqual([requests, errors], [3, 1]);
  assert.deepEqual(
    operations.map(({ operation, sentBytes, receivedBytes, latency }) => [
      operation,
      sentBytes,
      receivedBytes,
      latency.count,
    ]),
    [
      ['GetObject', 0, 7, 1],
      ['PutObject', 20, 0, 2],
    ],
  );
});
