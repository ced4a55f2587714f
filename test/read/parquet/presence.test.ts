import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { countOnes, placeOnes } from '../../../src/read/parquet/presence.ts';
import { hybridBytes, type Run } from './hybrid-bytes.ts';

const bit = fc.nat({ max: 1 });
const run: fc.Arbitrary<Run> = fc.oneof(
  fc.record({
    isRepeated: fc.constant(true),
    values: fc.tuple(bit, fc.nat({ max: 70 })).map(([one, n]) => Array(n).fill(one)),
  }),
  fc.record({
    isRepeated: fc.constant(false),
    values: fc.nat({ max: 6 }).chain((groups) => fc.array(bit, { minLength: 8 * groups, maxLength: 8 * groups })),
  }),
);
/** The levels, and how many of them a page has. */
const levels = fc
  .tuple(fc.array(run, { maxLength: 8 }), fc.double({ min: 0, max: 1, noNaN: true }))
  .map(([runs, share]) => {
    const { bytes, values } = hybridBytes(runs, 1);
    return { bytes, values: values.slice(0, Math.ceil(share * values.length)) };
  });

test('rows with a value are counted over runs', () => {
  fc.assert(
    fc.property(levels, ({ bytes, values }) => {
      const expected = values.filter((value) => value === 1).length;
      assert.equal(countOnes(bytes, 0, bytes.length, values.length), expected);
    }),
    { numRuns: 500 },
  );
});

test('numbers of values become the rows that have them', () => {
  fc.assert(
    fc.property(levels, fc.integer(), fc.integer({ min: -100, max: 100 }), ({ bytes, values }, seed, first) => {
      const rows = values.flatMap((value, row) => (value === 1 ? [row] : []));
      const chosen = rows.map((_, number) => number).filter((number) => ((number * 31 + seed) & 3) !== 0);
      const numbers = Int32Array.from([7, ...chosen, 7]);
      placeOnes(bytes, 0, bytes.length, values.length, numbers, 1, 1 + chosen.length, first);
      assert.deepEqual([...numbers], [7, ...chosen.map((number) => first + rows[number]!), 7]);
    }),
    { numRuns: 500 },
  );
});

test('levels that are cut off, or none of one bit, are refused', () => {
  const { bytes } = hybridBytes([{ isRepeated: false, values: Array(16).fill(1) }], 1);
  assert.throws(() => countOnes(bytes, 0, bytes.length - 1, 16), /cut off/);
  assert.throws(() => countOnes(bytes, 0, bytes.length, 17), /cut off/);
  const [header] = hybridBytes([{ isRepeated: true, values: [1, 1] }], 1).bytes;
  assert.throws(() => countOnes(Uint8Array.of(header!, 2), 0, 2, 2), /a level of 2/);
});
