import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createSchema, printField } from '../../src/records/schema.ts';
import { parseType, printType } from '../../src/records/type-text.ts';
import { unifySchemas, widenType } from '../../src/records/unify.ts';

const schema = (fields: Readonly<Record<string, string>>) =>
  createSchema({
    fields: Object.entries(fields).map(([name, text]) => {
      return { name, type: text.replace(' not null', ''), nullable: !text.endsWith(' not null') };
    }),
  });

for (const [a, b, expected] of [
  ['int32', 'int64', 'int64'],
  ['int8', 'uint8', 'int16'],
  ['uint32', 'int32', 'int64'],
  ['uint64', 'int64', undefined],
  ['uint8', 'uint64', 'uint64'],
  ['float32', 'float64', 'float64'],
  ['int32', 'float64', undefined],
  ['decimal(5,2)', 'decimal(20,3)', 'decimal(20,3)'],
  ['decimal(10,0)', 'decimal(10,10)', 'decimal(20,10)'],
  ['decimal(76,0)', 'decimal(10,1)', undefined],
  ['timestamp(ms, UTC)', 'timestamp(ns, UTC)', 'timestamp(ns, UTC)'],
  ['timestamp(ms, UTC)', 'timestamp(ms)', undefined],
  ['time(ms)', 'time(us)', 'time(us)'],
  ['json', 'string', 'string'],
  ['fixed_binary(3)', 'fixed_binary(4)', 'binary'],
  ['uuid', 'binary', undefined],
  ['date', 'timestamp(ms)', undefined],
  ['string', 'binary', undefined],
] as const) {
  test(`${a} and ${b} ${expected === undefined ? 'have no common type' : `are ${expected}`}, in either order`, () => {
    const [x, y] = [parseType(a), parseType(b)];
    for (const found of [widenType(x, y), widenType(y, x)]) {
      assert.equal(found && printType(found), expected);
    }
  });
}

test('columns are unified by name: new ones are null elsewhere, the order is the first one seen', () => {
  const found = unifySchemas([
    schema({ id: 'int32 not null', a: 'string not null' }),
    schema({ b: 'list<int32>', id: 'int64 not null' }),
    schema({ b: 'list<int64>', id: 'int8 not null', c: 'struct<x: int32>' }),
  ]);
  assert.deepEqual(found.schema?.fields.map(printField), [
    'id: int64 not null',
    'a: string',
    'b: list<int64>',
    'c: struct<x: int32>',
  ]);
});

test('what does not fit is named with its path, its types and where it is', () => {
  const found = unifySchemas(
    [schema({ s: 'struct<x: int32>', t: 'string' }), schema({ s: 'struct<x: string>', t: 'int8' })],
    ['old.parquet', 'new.parquet'],
  );
  assert.deepEqual(found.reasons, [
    'column s.x is string in new.parquet, which is no int32 and does not widen to one',
    'column t is int8 in new.parquet, which is no string and does not widen to one',
  ]);
});

test('no schemas are the empty one', () => {
  assert.deepEqual(unifySchemas([]).schema, { fields: [], metadata: {} });
});
