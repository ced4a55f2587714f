import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Field, Int32, Int64, Schema, Utf8, type Vector, vectorFromArray } from 'apache-arrow';
import { parquetMetadata, parquetQuery } from 'hyparquet';
import { hashParquetValue, readBloomFilter, sbbfContains } from 'hyparquet/src/bloom.js';
import { bloomFilter, canHaveBloomFilter } from '../../src/encode/bloom.ts';
import { arrayBuffer, recordBatch, SCHEMA, sampleRows, traceId, writeFile } from './support.ts';

const STRING = { name: 'x', type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const;
const INT64 = { name: 'x', type: 'INT64' } as const;

function readBack(bytes: Uint8Array) {
  const filter = readBloomFilter({ view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 })!;
  const has = (element: typeof STRING | typeof INT64) => (value: string | bigint) =>
    sbbfContains(filter.blocks, hashParquetValue(value, element)!);
  return { bytes: filter.numBytes, string: has(STRING), int64: has(INT64) };
}

const ids = Array.from({ length: 20_000 }, (_, i) => traceId(i));

test('a filter of plain strings holds every value and few others, at 1.2 to 2.4 bytes a value', () => {
  const filter = readBack(bloomFilter(vectorFromArray([...ids, ...ids], new Utf8()))!);
  assert.ok(ids.every(filter.string));
  const others = Array.from({ length: 20_000 }, (_, i) => traceId(i + 20_000)).filter(filter.string);
  assert.ok(others.length < 400, `${others.length} of 20,000 absent values are taken for present`);
  assert.equal(filter.bytes, 32_768);
});

test('a filter of dictionary-encoded strings holds only the values that rows refer to', () => {
  const column = SCHEMA.fields.findIndex((field) => field.name === 'service_name');
  const rows = sampleRows(100).map((row, i) => ({ ...row, service_name: i % 3 === 0 ? null : `service-${i}` }));
  const vector = recordBatch(rows).slice(50, 60).getChildAt(column)!;
  const filter = readBack(bloomFilter(vector)!);
  const names = rows.map((_, i) => `service-${i}`);
  const used = names.filter((_, i) => i >= 50 && i < 60 && i % 3 !== 0);
  assert.deepEqual(
    used.filter((name) => !filter.string(name)),
    [],
  );
  assert.ok(names.filter(filter.string).length <= used.length + 3);
  assert.equal(filter.bytes, 32);
});

test('a filter of 64-bit integers holds negative and large values, and no nulls', () => {
  const values = [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n), 42n];
  const vector: Vector = vectorFromArray([null, ...values, null], new Int64());
  const filter = readBack(bloomFilter(vector)!);
  assert.ok(values.every(filter.int64));
  const present = Array.from({ length: 1000 }, (_, i) => BigInt(i + 1000)).filter(filter.int64);
  assert.ok(present.length < 100);
});

test('nulls between equal strings do not hide the value behind them', () => {
  const filter = readBack(bloomFilter(vectorFromArray([null, '', null, 'a', 'a', null, 'a'], new Utf8()))!);
  assert.ok(filter.string('') && filter.string('a'));
});

test('a column of nulls, or without rows, has no filter', () => {
  assert.equal(bloomFilter(vectorFromArray([null, null], new Utf8())), undefined);
  assert.equal(bloomFilter(vectorFromArray([], new Utf8())), undefined);
});

test('only strings and 64-bit integers can have a filter', () => {
  const able = SCHEMA.fields.filter((field) => canHaveBloomFilter(field.type)).map((field) => field.name);
  for (const name of ['trace_id', 'service_name', 'duration_nano']) assert.ok(able.includes(name));
  for (const name of ['timestamp', 'attributes', 'events', 'load', 'cached']) assert.ok(!able.includes(name));
  assert.throws(() => bloomFilter(vectorFromArray([1], new Int32())), /not for Int32/);
});

test('files carry the filters of the named columns in every row group, and none where they are off', async () => {
  const batches = [sampleRows(200), sampleRows(200, 200)].map((rows) => recordBatch(rows));
  const named = ['trace_id', 'http_response_status_code', 'no_such_column', 'timestamp', 'attributes', 'duration_nano'];
  const filtersOf = (bytes: Uint8Array) =>
    parquetMetadata(arrayBuffer(bytes)).row_groups.map((rowGroup) =>
      rowGroup.columns.flatMap(({ meta_data }) =>
        meta_data!.bloom_filter_offset === undefined ? [] : [meta_data!.path_in_schema.join('.')],
      ),
    );
  const { bytes } = writeFile(batches, { bloomFilterColumns: named, compression: 'SNAPPY' });
  // http_response_status_code is null everywhere.
  assert.deepEqual(filtersOf(bytes), [
    ['duration_nano', 'trace_id'],
    ['duration_nano', 'trace_id'],
  ]);
  assert.deepEqual(filtersOf(writeFile(batches, { bloomFilterEnabled: false }).bytes), [[], []]);
  const found = await parquetQuery({
    file: arrayBuffer(bytes),
    filter: { trace_id: { $eq: traceId(30) } },
    columns: ['span_id'],
    useBloomFilters: true,
  } as never);
  assert.equal(found.length, 8);
});

test('a filter on a schema of one column works as on any other', () => {
  const schema = new Schema([new Field('trace_id', new Utf8(), false)]);
  const { bytes } = writeFile([
    recordBatch(
      ids.slice(0, 10).map((id) => ({ trace_id: id })),
      schema,
    ),
  ]);
  const { meta_data } = parquetMetadata(arrayBuffer(bytes)).row_groups[0]!.columns[0]!;
  const start = Number(meta_data!.bloom_filter_offset);
  const filter = readBack(bytes.subarray(start, start + meta_data!.bloom_filter_length!));
  assert.ok(ids.slice(0, 10).every(filter.string));
});
