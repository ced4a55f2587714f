import assert from 'node:assert/strict';
import { test } from 'node:test';
import { recentResident, watchResident } from '../../src/platform/resident.ts';

test('the watch is over its limit while the process is, and never without a limit', (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  let bytes = 90;
  const watch = watchResident(100, () => bytes);
  const unlimited = watchResident(undefined, () => bytes);
  assert.equal(watch.isOver, false);
  bytes = 110;
  t.mock.timers.tick(100);
  assert.deepEqual([watch.isOver, watch.bytes, unlimited.isOver], [true, 110, false]);
  bytes = 95;
  t.mock.timers.tick(100);
  assert.equal(watch.isOver, false);
  watch.stop();
  unlimited.stop();
});

test('who asks for the recent resident memory gets a new sample when the last is old', () => {
  let now = 0;
  let bytes = 1;
  const recent = recentResident(
    () => bytes++,
    () => now,
  );
  assert.deepEqual([recent(), recent()], [1, 1]);
  now = 100;
  assert.deepEqual([recent(), recent()], [2, 2]);
});
