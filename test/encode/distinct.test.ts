import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Dictionary, Float64, Int32, Int64, TimestampMicrosecond, Utf8, vectorFromArray } from 'apache-arrow';
import { dictionaryPays } from '../../src/encode/distinct.ts';
import { traceId } from './support.ts';

const COUNT = 5000;
const TYPES = [
  ['string', new Utf8(), traceId],
  ['int64', new Int64(), (i: number) => BigInt(i) * 1_000_000_007n],
  ['timestamp', new TimestampMicrosecond('UTC'), (i: number) => 1_700_000_000_000 + i],
  ['double', new Float64(), (i: number) => i / 3],
] as const;

for (const [name, type, value] of TYPES) {
  const column = (at: (i: number) => unknown) =>
    vectorFromArray(Array.from({ length: COUNT }, (_, i) => at(i)) as never, type).data[0]!;

  test(`a dictionary pays for ${name} values that repeat, wherever they stand, and not for near-unique ones`, () => {
    assert.equal(dictionaryPays(column((i) => value(i))), false);
    assert.equal(dictionaryPays(column((i) => value(i >> 3))), true);
    assert.equal(dictionaryPays(column((i) => value(i % 600))), true);
  });

  test(`nulls do not count as repeated ${name} values`, () => {
    assert.equal(dictionaryPays(column((i) => (i % 2 === 0 ? null : value(i)))), false);
    assert.equal(dictionaryPays(column(() => null)), true);
  });
}

test('columns of other types keep their dictionary', () => {
  const codes = Array.from({ length: COUNT }, (_, i) => traceId(i));
  assert.equal(dictionaryPays(vectorFromArray(codes, new Dictionary(new Utf8(), new Int32())).data[0]!), true);
  const ints = codes.map((_, i) => i);
  assert.equal(dictionaryPays(vectorFromArray(ints, new Int32()).data[0]!), true);
});
