import assert from 'node:assert/strict';
import { test } from 'node:test';
import { paceDelayMs } from '../../src/ingest/pace.ts';

test('nobody waits while memory is half empty or while commits fail', () => {
  for (const fill of [0, 0.3, 0.5]) assert.equal(paceDelayMs(fill, false), 0);
  assert.equal(paceDelayMs(1, true), 0);
});

test('the delay grows with the fill and is bounded', () => {
  const delays = [0.55, 0.7, 0.85, 1].map((fill) => paceDelayMs(fill, false));
  assert.deepEqual(
    [...delays].sort((a, b) => a - b),
    delays,
  );
  assert.ok(delays[0]! > 0);
  assert.equal(paceDelayMs(5, false), delays[3]);
});
