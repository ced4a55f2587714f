import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  Binary,
  type DataType,
  Dictionary,
  Field,
  FixedSizeList,
  Int8,
  Int32,
  LargeUtf8,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  TimestampSecond,
  tableFromIPC,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { toArrowSchema } from '../../src/records/arrow.ts';
import { createRecordBuilder } from '../../src/records/builder.ts';
import { castBatch } from '../../src/records/cast.ts';
import { createSchema } from '../../src/records/schema.ts';
import { recordsOf } from '../../src/records/to-records.ts';
import type { FieldType, ParquetField, ParquetSchema } from '../../src/records/types.ts';
import { arbitraryFields, arbitraryRecord, arbitraryType, type Record_ } from './support.ts';

function batchOf(schema: ParquetSchema, records: readonly Record_[]): RecordBatch {
  const builder = createRecordBuilder(schema);
  for (const [i, record] of records.entries()) builder.append(record, i);
  return builder.finish();
}

/** A batch of one column as another library may have made it. */
function foreign(vector: Vector, nullable = true): RecordBatch {
  const schema = new Schema([new Field('c', vector.type as DataType, nullable)]);
  const children = [vector.data[0]!];
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: vector.length, nullCount: 0, children }),
  );
}

const typesOf = (schema: Schema) => schema.fields.map(({ type }) => String(type));

function widened(type: FieldType): FieldType {
  switch (type.kind) {
    case 'int8':
      return { kind: 'int32' };
    case 'uint8':
      return { kind: 'uint16' };
    case 'uint16':
    case 'uint32':
    case 'int16':
    case 'int32':
      return { kind: 'int64' };
    case 'float32':
      return { kind: 'float64' };
    case 'json':
      return { kind: 'string' };
    case 'fixed_binary':
      return { kind: 'binary' };
    case 'time':
      return { kind: 'time', unit: 'ns' };
    case 'timestamp':
      return type.unit === 'ms' ? { ...type, unit: 'us' } : type;
    case 'decimal': {
      const scale = Math.min(type.scale + 2, 76 - (type.precision - type.scale));
      return { kind: 'decimal', precision: type.precision - type.scale + scale, scale };
    }
    case 'list':
      return { kind: 'list', element: widenedField(type.element) };
    case 'map':
      return { kind: 'map', key: widenedField(type.key), value: widenedField(type.value) };
    case 'struct': {
      const added: ParquetField = { name: 'added to struct', type: { kind: 'json' }, nullable: true, metadata: {} };
      return { kind: 'struct', fields: [...type.fields.map(widenedField).reverse(), added] };
    }
    default:
      return type;
  }
}

function widenedField(field: ParquetField): ParquetField {
  return { ...field, type: widened(field.type) };
}

const cases = fc
  .tuple(arbitraryFields(arbitraryType(2), 3), arbitraryFields(arbitraryType(2), 3))
  .chain(([fields, more]) => {
    const added = more.map((field) => ({ ...field, name: `added ${field.name}`, nullable: true }));
    const to = createSchema({ fields: [...added, ...fields.map(widenedField).reverse()] });
    const records = fc.array(arbitraryRecord(fields), { minLength: 1, maxLength: 10 });
    const slice = fc.tuple(fc.nat(4), fc.nat(9));
    return fc.record({ from: fc.constant(createSchema({ fields })), to: fc.constant(to), records, slice });
  });

test("a batch under a wider schema has the same records, with nulls in what is new, and exactly the schema's types", () => {
  const property = fc.property(cases, ({ from, to, records, slice: [start, count] }) => {
    const whole = batchOf(from, records);
    const slices = [
      [whole, records],
      [whole.slice(start, start + count), records.slice(start, start + count)],
      [tableFromIPC(tableToIPC(new Table([whole]))).batches[0]!, records],
    ] as const;
    for (const [batch, rows] of slices) {
      const cast = castBatch(batch, to);
      assert.deepEqual(typesOf(cast.schema), typesOf(toArrowSchema(to)));
      assert.deepEqual(
        cast.data.children.map(({ type }) => String(type)),
        typesOf(toArrowSchema(to)),
      );
      assert.deepEqual(recordsOf(cast, to), recordsOf(batchOf(to, rows), to));
    }
  });
  fc.assert(property, { numRuns: 200 });
});

const one = (type: string, nullable = true) => createSchema({ fields: [{ name: 'c', type, nullable }] });

test('what other libraries make of a column becomes what it is here', () => {
  const valuesOf = (vector: Vector, type: string) => recordsOf(castBatch(foreign(vector), one(type))).map(({ c }) => c);
  assert.deepEqual(valuesOf(vectorFromArray(['a', null, 'bc'], new LargeUtf8()), 'string'), ['a', null, 'bc']);
  assert.deepEqual(valuesOf(vectorFromArray(['b', null, 'a', 'b'], new Dictionary(new Utf8(), new Int8())), 'string'), [
    'b',
    null,
    'a',
    'b',
  ]);
  const bytes = [Uint8Array.of(1), null, Uint8Array.of(2, 3)];
  assert.deepEqual(valuesOf(vectorFromArray(bytes, new Dictionary(new Binary(), new Int32())), 'binary'), bytes);
  const pairs = new FixedSizeList(2, new Field('item', new Int32(), true));
  assert.deepEqual(valuesOf(vectorFromArray([[1, 2], null, [3, 4]], pairs), 'list<int64>'), [[1n, 2n], null, [3n, 4n]]);
  assert.deepEqual(
    valuesOf(vectorFromArray([0, 1_700_000_000_000], new TimestampSecond('UTC')), 'timestamp(ms, UTC)'),
    ['1970-01-01T00:00:00.000Z', '2023-11-14T22:13:20.000Z'],
  );
});

const REFUSED: readonly (readonly [what: string, batch: RecordBatch, to: ParquetSchema, message: RegExp])[] = [
  ['a narrower type', batchOf(one('int64'), [{ c: 1 }]), one('int32'), /c is int64, which does not widen to int32/],
  [
    'another kind',
    batchOf(one('list<int64>'), [{ c: [1] }]),
    one('list<string>'),
    /c\.element is int64, which does not widen to string/,
  ],
  ['nulls', batchOf(one('int64'), [{ c: null }]), one('int64', false), /c has 1 nulls, and may have none/],
  ['nested nulls', batchOf(one('list<int64>'), [{ c: [null] }]), one('list<int64 not null>'), /c\.element has 1 nulls/],
  [
    'a column too many',
    batchOf(one('int64'), [{ c: 1 }]),
    createSchema({ fields: [{ name: 'd', type: 'int64' }] }),
    /c is not in the schema/,
  ],
  [
    'a dictionary of numbers',
    foreign(vectorFromArray([1], new Dictionary(new Int32(), new Int8()))),
    one('int32'),
    /dictionary of int32/,
  ],
];

for (const [what, batch, to, message] of REFUSED) {
  test(`a batch with ${what} is refused by the name of the column`, () => {
    assert.throws(() => castBatch(batch, to), { code: 'invalid_argument', message });
  });
}

test('a time without a place in the finer unit is an error, not another time', () => {
  const batch = batchOf(one('timestamp(us, UTC)'), [{ c: '2300-01-01' }]);
  assert.throws(() => castBatch(batch, one('timestamp(ns, UTC)')), {
    message: /c: the time \d+ times 1000 has no place in timestamp\(ns, UTC\)/,
  });
});

test('every problem of a batch is named, with those of missing columns', () => {
  const to = createSchema({
    fields: [
      { name: 'c', type: 'string' },
      { name: 'needed', type: 'int64', nullable: false },
    ],
  });
  assert.throws(() => castBatch(batchOf(one('int64'), [{ c: 1 }]), to), {
    message: /form: c is int64, which does not widen to string; needed is missing, and may not be null$/,
  });
});
