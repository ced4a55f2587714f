import assert from 'node:assert/strict';
import { test } from 'node:test';
import { watchResident } from '../../src/platform/resident.ts';

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
