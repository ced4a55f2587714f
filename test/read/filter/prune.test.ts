import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { bindFilter } from '../../../src/read/filter/bind.ts';
import { type Bounds, prune } from '../../../src/read/filter/prune.ts';
import { utf8 } from '../../../src/read/filter/text.ts';
import { filter, row, SMALL } from './cases.ts';
import { knowledgeOf } from './true-bounds.ts';

test('what is pruned holds no row that passes', () => {
  let pruned = 0;
  fc.assert(
    fc.property(filter, fc.array(row, { minLength: 1, maxLength: 4 }), ({ text, of }, rows) => {
      const predicate = bindFilter(text, SMALL);
      const verdict = prune(predicate, knowledgeOf(rows));
      const passing = rows.filter((candidate) => of(candidate) === true);
      pruned += Number(verdict === 'none');
      assert.ok(verdict === 'maybe' || passing.length === 0, text);
    }),
    { numRuns: 3000 },
  );
  assert.ok(pruned > 300, `only ${pruned} of 3000 were pruned`);
});

const text = (min: string, max: string): Bounds => ({ min: utf8(min), max: utf8(max), nullCount: 0, rows: 10 });
const ints = (min: bigint, max: bigint, nullCount = 0): Bounds => ({ min, max, nullCount, rows: 10 });

const CASES: readonly (readonly [
  filter: string,
  bounds: Readonly<Record<string, Bounds>>,
  verdict: 'none' | 'maybe',
])[] = [
  ["s = 'm'", {}, 'maybe'],
  ["s = 'm'", { s: text('a', 'l') }, 'none'],
  ["s = 'm'", { s: text('a', 'm') }, 'maybe'],
  ["s IN ('m', 'n')", { s: text('a', 'l') }, 'none'],
  ["s IN ('b', 'n')", { s: text('a', 'l') }, 'maybe'],
  ["s NOT IN ('b')", { s: text('a', 'l') }, 'maybe'],
  ["s LIKE 'mm%'", { s: text('a', 'ml') }, 'none'],
  ["s LIKE 'mm%'", { s: text('a', 'mmz') }, 'maybe'],
  ["s LIKE '%m'", { s: text('a', 'b') }, 'maybe'],
  ["s <> 'a'", { s: text('a', 'a') }, 'none'],
  ["NOT s = 'a'", { s: text('a', 'a') }, 'none'],
  ['i > 10', { i: ints(0n, 10n) }, 'none'],
  ['i >= 10', { i: ints(0n, 10n) }, 'maybe'],
  ['i BETWEEN 11 AND 20', { i: ints(0n, 10n) }, 'none'],
  ['i > 10 OR j > 10', { i: ints(0n, 10n) }, 'maybe'],
  ['i > 10 OR j > 10', { i: ints(0n, 10n), j: ints(0n, 10n) }, 'none'],
  ['i > 10 AND j > 10', { i: ints(0n, 10n) }, 'none'],
  ['i IS NULL', { i: ints(0n, 10n) }, 'none'],
  ['i IS NULL', { i: ints(0n, 10n, 1) }, 'maybe'],
  ['i IS NOT NULL', { i: { nullCount: 10, rows: 10 } }, 'none'],
  ['i = 5', { i: { nullCount: 10, rows: 10 } }, 'none'],
  ['d > 10', { d: { min: 0, max: 10, nullCount: 0, rows: 10 } }, 'maybe'],
  ['d = 11', { d: { min: 0, max: 10, nullCount: 0, rows: 10 } }, 'none'],
  ['d < 0', { d: { min: 0, max: 10, nullCount: 0, rows: 10 } }, 'none'],
  ['d = 5', { d: { min: Number.NaN, max: Number.NaN, nullCount: 0, rows: 10 } }, 'maybe'],
  ['b', { b: { min: 0, max: 0, nullCount: 0, rows: 10 } }, 'none'],
  ['NOT b', { b: { min: 1, max: 1, nullCount: 0, rows: 10 } }, 'none'],
  ["attributes['k'] = 'x'", {}, 'maybe'],
  ["i = 5 AND s = 'x'", { i: { min: utf8('a'), max: utf8('b') } }, 'maybe'],
  ['NULL', {}, 'none'],
];

for (const [filterText, bounds, verdict] of CASES) {
  const known = JSON.stringify(bounds, (_, value) => (typeof value === 'bigint' ? String(value) : value));
  test(`${filterText} is answered "${verdict}" by ${known}`, () => {
    assert.equal(
      prune(bindFilter(filterText, SMALL), (source) => bounds['column' in source ? source.column : source.key]),
      verdict,
    );
  });
}
