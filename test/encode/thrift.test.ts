import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import {
  bool,
  i16,
  i32,
  i64,
  list,
  readStruct,
  struct,
  THRIFT,
  type ThriftField,
  type ThriftStruct,
  text,
  writeStruct,
} from '../../src/encode/thrift.ts';

const integer = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });
const wide = fc.maxSafeInteger().map((n) => Math.trunc(n / 2) + 0);

const { field } = fc.letrec<{ field: ThriftField; fields: ThriftStruct }>((tie) => ({
  field: fc.oneof(
    { maxDepth: 3 },
    fc.boolean().map(bool),
    integer.map((n) => i16((n << 16) >> 16)),
    integer.map(i32),
    wide.map(i64),
    fc.integer({ min: -128, max: 127 }).map((value): ThriftField => ({ type: THRIFT.i8, value })),
    fc.double().map((value): ThriftField => ({ type: THRIFT.double, value })),
    fc.string({ unit: 'binary' }).map(text),
    fc.array(wide, { maxLength: 20 }).map((items) => list(THRIFT.i64, items)),
    fc.array(fc.boolean(), { maxLength: 20 }).map((items) => list(THRIFT.true, items)),
    fc.array(tie('fields'), { maxLength: 3 }).map((items) => list(THRIFT.struct, items)),
    tie('fields').map((value): ThriftField => ({ type: THRIFT.struct, value })),
  ),
  fields: fc
    .uniqueArray(fc.tuple(fc.integer({ min: 1, max: 200 }), tie('field')), { selector: ([id]) => id, maxLength: 5 })
    .map((entries) => new Map(entries.sort(([a], [b]) => a - b))),
}));

test('any struct is read as it was written, with its wire types', () => {
  fc.assert(
    fc.property(field, (value) => {
      const whole: ThriftStruct = new Map([[7, value]]);
      const bytes = writeStruct(whole);
      assert.deepEqual(readStruct(bytes), whole);
      assert.deepEqual(writeStruct(readStruct(bytes)), bytes);
    }),
  );
});

test('another implementation reads the same values', () => {
  const items = Array.from({ length: 16 }, (_, i) => i - 8);
  const bytes = writeStruct(
    new Map([
      [1, i32(-5)],
      [3, i64(2 ** 40 + 1)],
      [30, text('grüße')],
      [31, struct([2, bool(true)], [3, bool(false)])],
      [40, list(THRIFT.i32, items)],
    ]),
  );
  assert.deepEqual(deserializeTCompactProtocol({ view: new DataView(bytes.buffer), offset: 0 }), {
    field_1: -5,
    field_3: 2n ** 40n + 1n,
    field_30: new TextEncoder().encode('grüße'),
    field_31: { field_2: true, field_3: false },
    field_40: items,
  });
});

test('a struct that ends too early, or holds what Parquet does not use, is an error', () => {
  const bytes = writeStruct(new Map([[1, text('abc')]]));
  for (let length = 0; length < bytes.length; length++) {
    assert.throws(() => readStruct(bytes.subarray(0, length)), RangeError);
  }
  assert.throws(() => readStruct(new Uint8Array([0x1b, 0])), /thrift type 11/);
});
