import assert from 'node:assert/strict';
import { test } from 'node:test';
import { runTail } from './tail-run.ts';

test('of a cut, overwritten or flipped segment exactly the untouched records come back', () => {
  const { checks, problems } = runTail({ requests: 6, maxBodyBytes: 1500, bitStep: 3, seed: 5 });
  assert.deepEqual(problems, []);
  assert.ok(checks['flipped bit']! > 10_000);
  assert.ok(checks.cut! > 1000);
});
