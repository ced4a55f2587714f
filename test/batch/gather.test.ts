import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  type DataType,
  Decimal,
  Dictionary,
  Field,
  FixedSizeBinary,
  Int32,
  makeData,
  RecordBatch,
  Schema,
  Struct,
  Table,
  tableFromIPC,
  tableToIPC,
  Utf8,
  vectorFromArray,
} from 'apache-arrow';
import fc from 'fast-check';
import { arrowBytes, createGatherer } from '../../src/batch/gather.ts';
import { createRecordBuilder } from '../../src/records/builder.ts';
import { createSchema } from '../../src/records/schema.ts';
import { recordsOf } from '../../src/records/to-records.ts';

const SCHEMA = createSchema({
  fields: [
    { name: 'bool', type: 'bool' },
    { name: 'int8', type: 'int8' },
    { name: 'uint16', type: 'uint16' },
    { name: 'int64', type: 'int64' },
    { name: 'float64', type: 'float64' },
    { name: 'decimal', type: 'decimal(20,2)' },
    { name: 'text', type: 'string' },
    { name: 'binary', type: 'binary' },
    { name: 'uuid', type: 'uuid' },
    { name: 'timestamp', type: 'timestamp(ns, UTC)' },
    { name: 'list', type: 'list<string>' },
    { name: 'struct', type: 'struct<a: int32, b: list<int32>>' },
    { name: 'map', type: 'map<string,string>' },
  ],
});

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null });
const text = fc.constantFrom(
  '',
  'a',
  'b',
  'ä',
  'long text that has more than forty bytes, so that it is copied as one',
);

const record = fc.record({
  bool: maybe(fc.boolean()),
  int8: maybe(fc.integer({ min: -128, max: 127 })),
  uint16: maybe(fc.integer({ min: 0, max: 65535 })),
  int64: maybe(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  float64: maybe(fc.double({ noNaN: true })),
  decimal: maybe(fc.constantFrom('0.00', '-12.50', '123456789012345678.90')),
  text: maybe(text),
  binary: maybe(fc.uint8Array({ maxLength: 50 })),
  uuid: maybe(fc.uuid()),
  timestamp: maybe(fc.bigInt({ min: 0n, max: 2n ** 62n })),
  list: maybe(fc.array(maybe(text), { maxLength: 4 })),
  struct: maybe(fc.record({ a: maybe(fc.integer()), b: maybe(fc.array(fc.integer(), { maxLength: 3 })) })),
  map: maybe(fc.dictionary(text, maybe(text), { maxKeys: 3 })),
});

/**
 * The records as batches that end after each of `ends` records; those of another schema than the first are left out: a
 * builder decides with the first values of a column whether its strings have a dictionary.
 */
function batchesOf(records: readonly Record<string, unknown>[], ends: readonly number[]): RecordBatch[] {
  const builder = createRecordBuilder(SCHEMA);
  const batches: RecordBatch[] = [];
  for (const [i, one] of records.entries()) {
    builder.append(one, i);
    if (ends.includes(i)) batches.push(builder.finish());
  }
  batches.push(builder.finish());
  return batches.filter(({ schema }) => String(schema) === String(batches[0]!.schema));
}

test('rows gathered from several batches are the rows that were asked for, in that order', () => {
  const records = fc.array(record, { minLength: 5, maxLength: 30 });
  const cases = fc.tuple(
    records,
    fc.array(fc.integer({ min: 4, max: 29 }), { maxLength: 3 }),
    fc.array(fc.nat(), { maxLength: 40 }),
  );
  fc.assert(
    fc.property(cases, ([all, ends, picks]) => {
      const batches = batchesOf(all, ends);
      const everything = batches.flatMap((batch) => recordsOf(batch, SCHEMA));
      const rows = Int32Array.from(picks, (pick) => pick % everything.length);
      const gathered = createGatherer(batches).gather(rows);
      assert.deepEqual(
        recordsOf(gathered, SCHEMA),
        Array.from(rows, (row) => everything[row]),
      );
      // The buffers are those of the format: another reader finds the same rows.
      const again = tableFromIPC(tableToIPC(new Table([gathered])));
      assert.equal(again.numRows, rows.length);
    }),
    { numRuns: 200 },
  );
});

test('a gathered dictionary holds the used values only', () => {
  const type = new Dictionary(new Utf8(), new Int32());
  const batches = [
    batchOf(vectorFromArray(['a', 'b', null, 'c'], type)),
    batchOf(vectorFromArray(['c', 'd', 'a'], type)),
  ];
  const gathered = createGatherer(batches).gather(Int32Array.of(3, 4, 2, 0, 6));
  const column = gathered.getChildAt(0)!;
  assert.deepEqual([...column], ['c', 'c', null, 'a', 'a']);
  assert.equal(column.data[0]!.dictionary!.length, 2);
});

test('values of every width keep their bytes', () => {
  const decimals = makeData({
    type: new Decimal(2, 40, 256),
    length: 2,
    nullCount: 0,
    data: Uint32Array.from({ length: 16 }, (_, i) => i),
  });
  const fixed = makeData({
    type: new FixedSizeBinary(3),
    length: 2,
    nullCount: 0,
    data: Uint8Array.of(1, 2, 3, 4, 5, 6),
  });
  for (const data of [decimals, fixed]) {
    const [column] = createGatherer([batchOf({ type: data.type as DataType, data: [data] })]).gather(
      Int32Array.of(1, 0),
    ).data.children as unknown as [{ values: Uint8Array | Uint32Array }];
    const half = data.values.length / 2;
    assert.deepEqual([...column.values], [...data.values.slice(half), ...data.values.slice(0, half)]);
  }
});

test('row groups stay within rows and bytes, and hold every row once', () => {
  const builder = createRecordBuilder(createSchema({ fields: [{ name: 'text', type: 'string' }] }));
  for (let i = 0; i < 1000; i++) builder.append({ text: `${i}`.repeat(20) }, i);
  const gatherer = createGatherer([builder.finish()]);
  const rows = Int32Array.from({ length: 1000 }, (_, i) => 999 - i);
  const groups = [...gatherer.rowGroups(rows, { maxRows: 300, maxBytes: 8192 })];
  assert.ok(groups.every((group) => group.numRows <= 300 && arrowBytes(group) <= 8192));
  assert.deepEqual(
    groups.flatMap((group) => recordsOf(group).map(({ text }) => text)),
    Array.from(rows, (row) => `${row}`.repeat(20)),
  );
});

function batchOf(vector: {
  readonly type: DataType;
  readonly data: readonly { readonly length: number }[];
}): RecordBatch {
  const schema = new Schema([new Field('column', vector.type, true)]);
  const [child] = vector.data;
  return new RecordBatch(
    schema,
    makeData({
      type: new Struct(schema.fields),
      length: child!.length,
      nullCount: 0,
      children: [child],
    } as never) as never,
  );
}
