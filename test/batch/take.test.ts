import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { take } from '../../src/batch/take.ts';
import type { ColumnData, StringData } from '../../src/model/batch.ts';
import { arbitraryRow, batchOf, plainRows } from './sample-table.ts';

const rowsAndPicks = fc
  .array(arbitraryRow, { minLength: 1, maxLength: 10 })
  .chain((rows) => fc.tuple(fc.constant(rows), fc.array(fc.nat({ max: rows.length - 1 }), { maxLength: 20 })));

test('take gathers rows of every kind in the order asked for, also again and not at all', () => {
  fc.assert(
    fc.property(rowsAndPicks, ([rows, picks]) => {
      const taken = take(batchOf(rows), Int32Array.from(picks));
      assert.equal(taken.rows, picks.length);
      assert.deepEqual(
        plainRows(taken),
        picks.map((row) => rows[row]!),
      );
    }),
  );
});

test('dictionaries hold the used values only, numbered in the order of their first use', () => {
  fc.assert(
    fc.property(rowsAndPicks, ([rows, picks]) => {
      for (const column of take(batchOf(rows), Int32Array.from(picks)).columns) {
        for (const { codes, dictionary } of stringsIn(column)) {
          const firstUses = [...new Set(codes)].filter((code) => code >= 0);
          assert.deepEqual(
            firstUses,
            Array.from({ length: dictionary.count }, (_, i) => i),
          );
          assert.equal(dictionary.offsets[dictionary.count], dictionary.bytes.length);
        }
      }
    }),
  );
});

test('taking from what was taken gives the same rows', () => {
  fc.assert(
    fc.property(rowsAndPicks, ([rows, picks]) => {
      const all = Int32Array.from(picks, (_, i) => i);
      const once = take(batchOf(rows), Int32Array.from(picks));
      assert.deepEqual(take(once, all), once);
    }),
  );
});

test('many small slices of a large dictionary cost by what is taken', () => {
  const rows = fc.sample(arbitraryRow, { numRuns: 1, seed: 3 })[0]!;
  const batch = batchOf(Array.from({ length: 50_000 }, (_, i) => ({ ...rows, text: `value ${i}` })));
  const started = performance.now();
  for (let row = 0; row < 50_000; row += 10)
    take(
      batch,
      Int32Array.from({ length: 10 }, (_, i) => row + i),
    );
  // 5,000 slices; a pass over the dictionary for each would be 250 million steps for this column alone.
  assert.ok(performance.now() - started < 2_000);
});

function stringsIn(column: ColumnData): StringData[] {
  switch (column.kind) {
    case 'string':
      return [column];
    case 'map':
      return [column.keys, column.values];
    case 'list':
      return stringsIn(column.element);
    case 'struct':
      return column.fields.flatMap(stringsIn);
    default:
      return [];
  }
}
