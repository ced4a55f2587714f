import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createReadBatch } from '../../../src/read/columns/batch.ts';
import { bindFilter } from '../../../src/read/filter/bind.ts';
import { select } from '../../../src/read/filter/evaluate.ts';
import { ALWAYS, NEVER, sourcesOf } from '../../../src/read/filter/predicate.ts';
import type { Bounds, Knowledge } from '../../../src/read/filter/prune.ts';
import { residual } from '../../../src/read/filter/residual.ts';
import { utf8 } from '../../../src/read/filter/text.ts';
import { toBatch } from '../rows.ts';
import { filter, row, SMALL } from './cases.ts';
import { knowledgeOf } from './true-bounds.ts';

test('what is left of a filter passes the same rows', () => {
  let shorter = 0;
  fc.assert(
    fc.property(filter, fc.array(row, { minLength: 1, maxLength: 4 }), ({ text, of }, rows) => {
      const whole = bindFilter(text, SMALL);
      const left = residual(whole, knowledgeOf(rows));
      const batch = createReadBatch(toBatch(rows, SMALL, true), { schema: SMALL, promotions: [] });
      const expected = rows.flatMap((candidate, i) => (of(candidate) === true ? [i] : []));
      assert.deepEqual([...select(left, batch)], expected, text);
      shorter += Number(sourcesOf(left).length < sourcesOf(whole).length);
    }),
    { numRuns: 3000 },
  );
  assert.ok(shorter > 500, `only ${shorter} of 3000 ask fewer columns`);
});

const ints = (min: bigint, max: bigint, nullCount?: number): Bounds => ({ min, max, nullCount, rows: 10 });
const known =
  (bounds: Readonly<Record<string, Bounds>>): Knowledge =>
  (source) =>
    bounds['column' in source ? source.column : source.key];

test('a test that all rows pass is not asked, unless one of them may be null or NaN', () => {
  const left = (text: string, bounds: Readonly<Record<string, Bounds>>) =>
    residual(bindFilter(text, SMALL), known(bounds));
  assert.deepEqual(left('i < 11', { i: ints(0n, 10n, 0) }), ALWAYS);
  assert.notDeepEqual(left('i < 11', { i: ints(0n, 10n, 1) }), ALWAYS);
  assert.notDeepEqual(left('i < 11', { i: ints(0n, 10n) }), ALWAYS);
  assert.notDeepEqual(left('i < 10', { i: ints(0n, 10n, 0) }), ALWAYS);
  assert.deepEqual(left('i > 10', { i: ints(0n, 10n, 0) }), NEVER);
  assert.deepEqual(left('i IS NOT NULL', { i: ints(0n, 10n, 0) }), ALWAYS);
  assert.deepEqual(left('i IS NULL', { i: { rows: 10, nullCount: 10 } }), ALWAYS);
  assert.deepEqual(left("s = 'm'", { s: { min: utf8('m'), max: utf8('m'), nullCount: 0 } }), ALWAYS);
  assert.notDeepEqual(left("s = 'm'", { s: { min: utf8('m'), max: utf8('ma'), nullCount: 0 } }), ALWAYS);
  const doubles = { d: { min: 0, max: 1, nullCount: 0 } };
  assert.deepEqual(left('d >= 0', doubles), ALWAYS);
  assert.notDeepEqual(left('d <= 1', doubles), ALWAYS);
});

test('of AND and OR the terms stay that are not known', () => {
  const bounds = { i: ints(0n, 10n, 0) };
  const expected = bindFilter('j = 1', SMALL);
  assert.deepEqual(residual(bindFilter('i >= 0 AND j = 1', SMALL), known(bounds)), expected);
  assert.deepEqual(residual(bindFilter('i > 10 OR j = 1', SMALL), known(bounds)), expected);
  assert.deepEqual(residual(bindFilter('i >= 0 OR j = 1', SMALL), known(bounds)), ALWAYS);
  assert.deepEqual(residual(bindFilter('i > 10 AND j = 1', SMALL), known(bounds)), NEVER);
});
