import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PartitionStrategy } from '../../src/model/layout.ts';
import { parsePartitionPath, partitionKeys } from '../../src/partition/describe.ts';
import { createPartitioner } from '../../src/partition/partition.ts';
import { batchOf, type Row, WIDE } from './batch-of.ts';

const RANGES = [
  { from: 0, to: 200, label: 'low' },
  { from: 500, to: 600, label: 'error' },
  { from: 200, to: 300, label: 'low' },
];
const STRATEGIES: readonly PartitionStrategy[] = [
  { type: 'value', field: 'service_name', name: 'service' },
  { type: 'time', field: 'timestamp', granularity: 'hour', format: 'date=%Y-%m-%d/hour=%H' },
  { type: 'hash', field: 'trace_id', name: 'bucket', numPartitions: 8 },
  { type: 'range', field: 'number', name: 'range', ranges: RANGES, default: 'other' },
];

test('a path says the value, the time range, the bucket and the ranges of its rows', () => {
  const path = 'service=a%2Fb/date=2024-01-01/hour=05/bucket=7/range=low';
  assert.deepEqual(parsePartitionPath(path, STRATEGIES), [
    { type: 'value', text: 'a/b' },
    { type: 'time', fromMs: Date.UTC(2024, 0, 1, 5), toMs: Date.UTC(2024, 0, 1, 6) },
    { type: 'hash', bucket: 7 },
    { type: 'range', label: 'low', ranges: [RANGES[0], RANGES[2]] },
  ]);
});

test('null names are missing, and the default label has no ranges', () => {
  const none = '__HIVE_DEFAULT_PARTITION__';
  const missing = { type: 'missing' };
  const path = `service=${none}/date=${none}/hour=${none}/bucket=${none}/range=other`;
  const range = { type: 'range', label: 'other', ranges: [] };
  assert.deepEqual(parsePartitionPath(path, STRATEGIES), [missing, missing, missing, range]);
});

test('what another layout wrote says nothing', () => {
  const nothing = [undefined, undefined, undefined, undefined];
  for (const path of [
    '',
    'date=2024-01-01/hour=05',
    'a/b/c/d/e',
    'svc=a/day=1/h=1/bucket=9/range=x',
    'service=a/x/y/bucket=8/range=',
  ]) {
    const [first, ...rest] = parsePartitionPath(path, STRATEGIES);
    assert.deepEqual([path.startsWith('service=') ? undefined : first, ...rest], nothing, path);
  }
});

test('a value that was cut says nothing', () => {
  const strategies = STRATEGIES.slice(0, 1);
  const { paths } = createPartitioner(strategies, WIDE).assign(batchOf(WIDE, [{ service_name: 'x'.repeat(300) }]));
  assert.deepEqual(parsePartitionPath(paths[0]!, strategies), [undefined]);
});

test('no path means nothing to say without strategies', () => assert.deepEqual(parsePartitionPath('', []), []));

test('keys of a path are those of its strategies', () => {
  assert.deepEqual(STRATEGIES.flatMap(partitionKeys), ['service', 'date', 'hour', 'bucket', 'range']);
});

test('the path of a row never contradicts the row', () => {
  const row = fc.record({
    service_name: fc.string({ unit: 'binary', minLength: 1, maxLength: 16 }),
    timestamp: fc.bigInt({ min: 0n, max: 18446744073709551n }),
    trace_id: fc.constant('ab'.repeat(16)),
    number: fc.integer({ min: -1000, max: 1000 }),
  });
  fc.assert(
    fc.property(row, (one) => {
      const { paths } = createPartitioner(STRATEGIES, WIDE).assign(batchOf(WIDE, [one as Row]));
      const [value, time, , range] = parsePartitionPath(paths[0]!, STRATEGIES);
      assert.deepEqual(value, { type: 'value', text: one.service_name.toWellFormed() });
      const ms = Number(one.timestamp / 1000n);
      assert.ok(time?.type === 'time' && time.fromMs <= ms && ms < time.toMs);
      const holds =
        range?.type === 'range' && range.ranges.some(({ from, to }) => from <= one.number && one.number < to);
      assert.equal(range?.type === 'range' && range.label !== 'other', holds);
    }),
  );
});
