import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseAggregates } from '../../src/tables/aggregates.ts';

test('aggregates are read from text, names with quotes included', () => {
  assert.deepEqual(parseAggregates('count(*), MIN( at ),max("odd, (name)") ,count(x)'), [
    { kind: 'count' },
    { kind: 'min', column: 'at' },
    { kind: 'max', column: '"odd, (name)"' },
    { kind: 'count', column: 'x' },
  ]);
});

for (const [text, at] of [
  ['', 1],
  ['sum(x)', 1],
  ['count(*), ', 10],
  ['min(*)', 1],
  ['count(*) max(x)', 1],
  ['max(a, b)', 1],
] as const) {
  test(`${JSON.stringify(text)} is no list of aggregates`, () => {
    assert.throws(() => parseAggregates(text), {
      code: 'invalid_argument',
      message: new RegExp(`no aggregate begins at column ${at} `),
    });
  });
}
