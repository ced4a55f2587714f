import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { validateSchemaCompatibility } from '../../src/records/evolve.ts';
import { createSchema } from '../../src/records/schema.ts';
import { parseSchema } from '../../src/records/schema-file.ts';
import type { ParquetSchema } from '../../src/records/types.ts';
import { unifySchemas } from '../../src/records/unify.ts';
import { arbitraryFields, arbitraryType } from './support.ts';

/** A schema from names and types, `not null` as in `printSchema`. */
function schema(fields: Record<string, string>): ParquetSchema {
  return parseSchema(JSON.stringify({ fields }), 'json');
}

const OLD = schema({ id: 'int32 not null', amount: 'decimal(9,2)', ratio: 'float32', at: 'timestamp(us, UTC)' });

test('new columns that may be null, wider types, nulls and another order are compatible', () => {
  const next = schema({
    at: 'timestamp(us, Europe/Berlin)',
    id: 'int64',
    amount: 'decimal(20,4)',
    ratio: 'float64',
    note: 'string',
  });
  const { compatible, reasons, changes } = validateSchemaCompatibility(OLD, next);
  assert.deepEqual([compatible, reasons], [true, []]);
  assert.deepEqual(
    changes.map(({ kind, text }) => [kind, text]),
    [
      ['made_nullable', 'id may be null'],
      ['widened', 'id was int32 and is now int64'],
      ['widened', 'amount was decimal(9,2) and is now decimal(20,4)'],
      ['widened', 'ratio was float32 and is now float64'],
      ['added', 'note is new (string)'],
      ['reordered', 'the order is now at, id, amount, ratio'],
    ],
  );
});

test('everything else is refused, with every reason', () => {
  const next = schema({
    id: 'string',
    amount: 'decimal(9,4) not null',
    at: 'timestamp(us)',
    code: 'int32 not null',
  });
  const { compatible, reasons } = validateSchemaCompatibility(OLD, next);
  assert.equal(compatible, false);
  assert.deepEqual(reasons, [
    'id was int32 and is now string, which cannot hold every value of before',
    'amount could be null and may not be any more',
    'amount was decimal(9,2) and is now decimal(9,4), which cannot hold every value of before',
    'ratio is gone; a column stays in the schema, and rows may leave it null',
    'at was timestamp(us, UTC) and is now timestamp(us), which cannot hold every value of before',
    'code is new and may not be null, but older rows have no value for it',
  ]);
});

test('times may get a finer unit only where it has a place for all of them', () => {
  const reasonsOf = (before: string, after: string) =>
    validateSchemaCompatibility(schema({ c: before }), schema({ c: after })).reasons;
  assert.deepEqual(reasonsOf('timestamp(ms, UTC)', 'timestamp(us, UTC)'), []);
  assert.deepEqual(reasonsOf('timestamp(us)', 'timestamp(ns)').length, 1);
  assert.deepEqual(reasonsOf('time(ms)', 'time(ns)'), []);
  assert.deepEqual(reasonsOf('timestamp(us)', 'timestamp(ms)').length, 1);
  assert.deepEqual(reasonsOf('int64', 'float64').length, 1);
});

const schemas = arbitraryFields(arbitraryType(2), 4).map((fields) => createSchema({ fields }));

test('the schema that others unify to is compatible with each of them, or one has times that may have no place', () => {
  fc.assert(
    fc.property(fc.array(schemas, { minLength: 2, maxLength: 3 }), (several) => {
      const { schema: unified } = unifySchemas(several);
      const reasons = several.flatMap((one) => (unified ? validateSchemaCompatibility(one, unified).reasons : []));
      assert.deepEqual(
        reasons.filter((reason) => !reason.includes('timestamp(ns')),
        [],
      );
    }),
    { numRuns: 300 },
  );
});

test('nested types are compared inside, with the way to them', () => {
  const before = schema({ list: 'list<struct<a: int32, b: string>>', map: 'map<string, int64>' });
  const after = schema({ list: 'list<struct<a: int64, c: bool>>', map: 'map<string, int32 not null>' });
  const { reasons, changes } = validateSchemaCompatibility(before, after);
  assert.deepEqual(
    changes.map(({ column }) => column),
    ['list.element.a', 'list.element.c'],
  );
  assert.deepEqual(reasons, [
    'list.element.b is gone; a column stays in the schema, and rows may leave it null',
    'map.value could be null and may not be any more',
    'map.value was int64 and is now int32, which cannot hold every value of before',
  ]);
});

test('a field id that changes is refused', () => {
  const withId = (fieldId: number) => createSchema({ fields: [{ name: 'a', type: 'int64', fieldId }] });
  assert.match(validateSchemaCompatibility(withId(1), withId(2)).reasons[0]!, /field id 1 and now has 2/);
  assert.equal(validateSchemaCompatibility(withId(1), schema({ a: 'int64' })).compatible, true);
});

test('a schema is compatible with itself', () => {
  fc.assert(
    fc.property(schemas, (one) => {
      assert.deepEqual(validateSchemaCompatibility(one, one), { compatible: true, reasons: [], changes: [] });
    }),
  );
});
