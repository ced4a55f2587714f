import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { placeOf } from '../../src/read/row-ranges.ts';

test('the first row that is not below another is found from any place before it on', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.nat({ max: 60 }), { maxLength: 30 }),
      fc.nat({ max: 61 }),
      fc.nat({ max: 30 }),
      (found, row, first) => {
        const rows = Int32Array.from(found).sort();
        const expected = rows.findIndex((one) => one >= row);
        const place = expected < 0 ? rows.length : expected;
        assert.equal(placeOf(row, rows, Math.min(first, place)), place);
      },
    ),
  );
});
