import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nearestPartitions } from '../../src/catalog/partitions.ts';
import type { Partition } from '../../src/catalog/types.ts';

const PATHS = [
  'date=2026-11-20/hour=23',
  'date=2026-11-21/hour=07',
  'date=2026-11-21/hour=08',
  'date=2026-12-01/hour=00',
];
const partitions = PATHS.map((partition) => ({ table: 'traces', partition, files: 1, rows: 1, bytes: 1 }) as Partition);
const nearest = (path: string) => nearestPartitions(partitions, path);

test('a path that is a partition, or leads to some, needs no hint', () => {
  for (const path of [PATHS[1]!, 'date=2026-11-21', 'date=2026-11-21/', '/date=2026-12-01', '']) {
    assert.equal(nearest(path), undefined, path);
  }
});

test('what begins alike is nearest, and what holds the text is nearer', () => {
  assert.deepEqual(nearest('date=2026-11-21/hour=09')!.slice(0, 2), [PATHS[1], PATHS[2]]);
  assert.deepEqual(nearest('2026-12-01'), [PATHS[3], PATHS[0], PATHS[1]]);
  assert.equal(nearest('hour=07')![0], PATHS[1]);
  assert.deepEqual(nearestPartitions([], 'date=2026-11-21'), []);
});
