import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { orderRows } from '../../src/batch/order.ts';
import { arbitraryRow, batchOf, type Plain, type PlainRow, SAMPLE_TABLE } from './sample-table.ts';

const SORTABLE = ['text', 'id8', 'id16', 'int32', 'uint32', 'int64', 'double', 'bool', 'timestamp'];

const narrow = fc.record({ text: fc.constantFrom('a', 'b', null), int64: fc.constantFrom(-1n, 0n, 5n, null) });
const rowList = fc.oneof(
  fc.array(arbitraryRow, { maxLength: 30 }),
  fc.array(
    fc.tuple(arbitraryRow, narrow).map(([row, few]) => ({ ...row, ...few })),
    { maxLength: 30 },
  ),
);
const PARTITIONS = 3;

test('rows are ordered by partition, then the sort columns with nulls last, and are stable otherwise', () => {
  fc.assert(
    fc.property(
      rowList,
      fc.infiniteStream(fc.nat({ max: PARTITIONS - 1 })),
      fc.subarray(SORTABLE),
      (rows, numbers, by) => {
        const partitionOf = Int32Array.from(rows, () => numbers.next().value!);
        const order = orderRows(batchOf(rows), SAMPLE_TABLE, partitionOf, PARTITIONS, by);
        const expected = rows
          .map((_, i) => i)
          .sort((a, b) => partitionOf[a]! - partitionOf[b]! || compareRows(rows[a]!, rows[b]!, by) || a - b);
        assert.deepEqual([...order.rows], expected);
        for (let p = 0; p < PARTITIONS; p++) {
          const part = order.rows.subarray(order.partitionStart[p], order.partitionStart[p + 1]);
          assert.equal(
            part.every((row) => partitionOf[row] === p),
            true,
          );
        }
        assert.equal(order.partitionStart[0], 0);
        assert.equal(order.partitionStart[PARTITIONS], rows.length);
      },
    ),
    { numRuns: 300 },
  );
});

test('without partitions there is one that holds all rows', () => {
  const rows = fc.sample(arbitraryRow, { numRuns: 5, seed: 1 });
  const order = orderRows(batchOf(rows), SAMPLE_TABLE, undefined, 1, []);
  assert.deepEqual([...order.rows], [0, 1, 2, 3, 4]);
  assert.deepEqual([...order.partitionStart], [0, 5]);
});

test('no rows are ordered too', () => {
  const order = orderRows(batchOf([]), SAMPLE_TABLE, new Int32Array(0), 2, ['text', 'double']);
  assert.deepEqual([...order.rows], []);
  assert.deepEqual([...order.partitionStart], [0, 0, 0]);
});

test('a NaN of either sign sorts after Infinity', () => {
  const row = fc.sample(arbitraryRow, { numRuns: 1, seed: 1 })[0]!;
  const batch = batchOf(
    [Number.NaN, Number.POSITIVE_INFINITY, -1, Number.NaN, null].map((double) => ({ ...row, double })),
  );
  const doubles = batch.columns[6]! as { values: Float64Array };
  new DataView(doubles.values.buffer).setUint8(7, 0xff);
  assert.deepEqual([...orderRows(batch, SAMPLE_TABLE, undefined, 1, ['double']).rows].slice(0, 2), [2, 1]);
});

test('a sort column that is missing or is a map is a configuration error', () => {
  const batch = batchOf([]);
  const orderBy = (name: string) => () => orderRows(batch, SAMPLE_TABLE, undefined, 1, [name]);
  assert.throws(orderBy('nope'), { code: 'config', message: /no column nope/ });
  assert.throws(orderBy('map'), { code: 'config', message: /cannot be sorted by map, which is a map/ });
});

function compareRows(a: PlainRow, b: PlainRow, by: readonly string[]): number {
  return by.map((name) => comparePlain(a[name]!, b[name]!)).find((difference) => difference !== 0) ?? 0;
}

function comparePlain(a: Plain, b: Plain): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b as string));
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  if (Object.is(a, b)) return 0;
  if (a === 0 && b === 0) return Object.is(a, -0) ? -1 : 1;
  return a < b ? -1 : 1;
}
