/** Sample spans as Arrow, and the readers that the written files are held against. */
import { gunzipSync, zstdDecompressSync } from 'node:zlib';
import {
  DataType,
  type Field,
  Int64,
  MapRow,
  makeBuilder,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
  tableFromIPC,
} from 'apache-arrow';
import fc from 'fast-check';
import { type Compressors, parquetReadObjects } from 'hyparquet';
import { DEFAULT_PARSERS } from 'hyparquet/src/convert.js';
import { readParquet } from 'parquet-wasm/node';
import type { ParquetConfig } from '../../src/config/types.ts';
import { createParquetEncoder, type EncodedFile } from '../../src/encode/encoder.ts';
import { withPromotions } from '../../src/model/promote.ts';
import { arrowSchema } from '../../src/model/table.ts';
import { TRACES } from '../../src/model/traces.ts';

/** Maps are lists of [key, value], 64-bit integers and timestamps (microseconds) bigint. */
export type Value = string | number | bigint | boolean | null | Value[] | { [field: string]: Value };
export type Row = Record<string, Value>;

export const SPANS = withPromotions(TRACES, [
  { attribute: 'http.route', type: 'string', column: 'http_route' },
  { attribute: 'http.response.status_code', type: 'int64', column: 'http_response_status_code' },
  { attribute: 'load', type: 'double', column: 'load' },
  { attribute: 'cached', type: 'bool', column: 'cached' },
]);
export const SCHEMA: Schema = arrowSchema(SPANS);

export const CONFIG: ParquetConfig = {
  compression: 'ZSTD',
  rowGroupSize: 100_000,
  pageSize: 1_048_576,
  dictionaryEnabled: true,
  statisticsEnabled: true,
  bloomFilterEnabled: true,
  bloomFilterColumns: ['trace_id', 'service_name'],
  sortBy: [],
};

export const COMPRESSIONS = ['UNCOMPRESSED', 'SNAPPY', 'GZIP', 'LZ4', 'ZSTD'] as const;

/** What a span's fields look like, with nulls, empty maps and lists, and text of all kinds. */
export function sampleRows(count: number, first = 0): Row[] {
  return Array.from({ length: count }, (_, k) => {
    const i = first + k;
    const start = 1_700_000_000_000_000_000n + BigInt(i) * 1_234_567n;
    const attributes: Value[] = [
      ['http.route', `/users/${i % 7}`],
      ['grüße', i % 3 === 0 ? 'καλημέρα 🚀' : ''],
      ['unset', null],
    ];
    const row: Row = Object.fromEntries(SCHEMA.fields.map((field) => [field.name, zero(field)]));
    return Object.assign(row, {
      timestamp: i % 11 === 5 ? null : start / 1000n,
      start_time_unix_nano: i === 3 ? -1n : start,
      duration_nano: BigInt(i * 1009),
      trace_id: traceId(i >> 3),
      span_id: (i * 2654435761).toString(16).padStart(16, '0').slice(-16),
      parent_span_id: i % 8 === 0 ? null : (i - 1).toString(16).padStart(16, '0'),
      name: `GET /users/${i % 7}`,
      kind: 'SERVER',
      status_code: i % 5 === 0 ? 'ERROR' : 'UNSET',
      status_message: i % 5 === 0 ? 'x'.repeat(i % 200) : null,
      service_name: i % 13 === 0 ? null : `service-${i % 4}`,
      resource_attributes: i % 4 === 1 ? null : [['service.name', `service-${i % 4}`]],
      attributes: i % 6 === 0 ? [] : attributes.slice(0, 1 + (i % 3)),
      attribute_types: 'ssn'.slice(0, i % 6 === 0 ? 0 : 1 + (i % 3)),
      http_route: i % 6 === 0 ? null : `/users/${i % 7}`,
      load: i % 9 === 0 ? null : i / 7,
      cached: i % 2 === 0,
      events: Array.from({ length: i % 3 }, (_, e) => ({
        time_unix_nano: start + BigInt(e),
        name: 'exception',
        attributes: e === 0 ? [] : attributes,
        attribute_types: e === 0 ? '' : 'ssn',
        dropped_attributes_count: BigInt(e),
      })),
      links:
        i % 10 > 0
          ? []
          : [
              {
                trace_id: traceId(i),
                span_id: null,
                trace_state: 'a=b',
                flags: 257n,
                attributes,
                attribute_types: 'ssn',
                dropped_attributes_count: 0n,
              },
            ],
    });
  });
}

export function traceId(i: number): string {
  return ((BigInt(i) * 0x9e3779b97f4a7c15f39cc0605cedc835n) % 2n ** 128n).toString(16).padStart(32, '0');
}

function zero(field: Field): Value {
  if (field.nullable) return null;
  if (DataType.isMap(field.type) || DataType.isList(field.type)) return [];
  return DataType.isInt(field.type) ? 0n : '';
}

/** Rows as one record batch; map and list values in the form of Value. */
export function recordBatch(rows: readonly Row[], schema = SCHEMA): RecordBatch {
  const children = schema.fields.map((field) => {
    // Arrow's builder of timestamps takes milliseconds and refuses most fractions: as 64-bit integers they are exact.
    const type = DataType.isTimestamp(field.type) ? new Int64() : field.type;
    const builder = makeBuilder({ type, nullValues: [null, undefined] });
    for (const row of rows) builder.append(toArrowValue(row[field.name] ?? null, type));
    return builder.finish().toVector().data[0]!.clone(field.type);
  });
  const struct = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type: struct, length: rows.length, nullCount: 0, children }));
}

function toArrowValue(value: Value, type: DataType): unknown {
  if (value === null) return null;
  if (DataType.isMap(type)) return new Map(value as [string, string | null][]);
  if (DataType.isList(type)) return (value as Value[]).map((item) => toArrowValue(item, type.children[0]!.type));
  if (!DataType.isStruct(type)) return value;
  const fields = type.children.map((child) => [child.name, toArrowValue((value as Row)[child.name]!, child.type)]);
  return Object.fromEntries(fields);
}

export interface WrittenFile extends EncodedFile {
  readonly bytes: Uint8Array;
}

export function writeFile(
  batches: readonly RecordBatch[],
  config: Partial<ParquetConfig> = {},
  metadata: Record<string, string> = {},
): WrittenFile {
  const encoder = createParquetEncoder(batches[0]?.schema ?? SCHEMA, { ...CONFIG, ...config }, metadata);
  const parts = batches.flatMap((batch) => encoder.rowGroup(batch));
  const file = encoder.finish();
  return { ...file, bytes: Buffer.concat([...parts, ...file.chunks]) };
}

/** A file's bytes as an ArrayBuffer of its own, as hyparquet takes it. */
export function arrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

export function readWithParquetWasm(bytes: Uint8Array): Row[] {
  const table = tableFromIPC(readParquet(bytes).intoIPCStream());
  return table.toArray().map((row) => {
    const fields = table.schema.fields.map((field) => [field.name, fromArrowValue(row?.[field.name], field.type)]);
    return Object.fromEntries(fields);
  });
}

function fromArrowValue(value: unknown, type: DataType): Value {
  if (value === null || value === undefined) return null;
  if (DataType.isTimestamp(type)) return BigInt(Math.round((value as number) * 1000));
  if (value instanceof MapRow) return [...value] as unknown as Value[];
  if (DataType.isList(type)) {
    return [...(value as Iterable<unknown>)].map((item) => fromArrowValue(item, type.children[0]!.type));
  }
  if (!DataType.isStruct(type)) return value as Value;
  const struct = value as Record<string, unknown>;
  return Object.fromEntries(type.children.map(({ name, type }) => [name, fromArrowValue(struct[name], type)]));
}

/** hyparquet makes objects of maps, which forget the order of keys: compare with `withSortedMaps`. */
export async function readWithHyparquet(bytes: Uint8Array): Promise<Row[]> {
  const parsers = { ...DEFAULT_PARSERS, timestampFromMicroseconds: (micros: bigint) => micros };
  const rows = await parquetReadObjects({ file: arrayBuffer(bytes), compressors: COMPRESSORS, parsers });
  return rows.map((row) =>
    Object.fromEntries(SCHEMA.fields.map(({ name, type }) => [name, fromHyparquet(row[name], type)])),
  );
}

function fromHyparquet(value: unknown, type: DataType): Value {
  if (value === null || value === undefined) return null;
  if (DataType.isMap(type)) return Object.entries(value) as Value[];
  if (DataType.isList(type)) return (value as unknown[]).map((item) => fromHyparquet(item, type.children[0]!.type));
  if (!DataType.isStruct(type)) return value as Value;
  const struct = value as Record<string, unknown>;
  return Object.fromEntries(type.children.map(({ name, type }) => [name, fromHyparquet(struct[name], type)]));
}

export function withSortedMaps(rows: readonly Row[], schema = SCHEMA): Row[] {
  return rows.map((row) => Object.fromEntries(schema.fields.map(({ name, type }) => [name, sorted(row[name]!, type)])));
}

function sorted(value: Value, type: DataType): Value {
  if (value === null) return null;
  if (DataType.isMap(type)) return [...(value as [string, Value][])].sort(([a], [b]) => (a < b ? -1 : 1));
  if (DataType.isList(type)) return (value as Value[]).map((item) => sorted(item, type.children[0]!.type));
  if (!DataType.isStruct(type)) return value;
  return Object.fromEntries(type.children.map(({ name, type }) => [name, sorted((value as Row)[name]!, type)]));
}

const COMPRESSORS: Compressors = {
  GZIP: (input) => gunzipSync(input),
  ZSTD: (input) => zstdDecompressSync(input),
  LZ4_RAW: lz4Decompress,
};

/** LZ4 block format (https://github.com/lz4/lz4/blob/dev/doc/lz4_Block_format.md). */
function lz4Decompress(input: Uint8Array, outputLength: number): Uint8Array {
  const output = new Uint8Array(outputLength);
  let from = 0;
  let to = 0;
  const more = (length: number): number => {
    let total = length;
    if (length < 15) return total;
    for (let byte = 255; byte === 255; total += byte) byte = input[from++]!;
    return total;
  };
  while (from < input.length) {
    const token = input[from++]!;
    const literals = more(token >> 4);
    output.set(input.subarray(from, from + literals), to);
    from += literals;
    to += literals;
    if (from >= input.length) break;
    const distance = input[from]! | (input[from + 1]! << 8);
    from += 2;
    const end = to + more(token & 15) + 4;
    for (; to < end; to++) output[to] = output[to - distance]!;
  }
  return output;
}

const text = fc.oneof(fc.string({ unit: 'binary', maxLength: 12 }), fc.constantFrom('', 'service-1', 'x'.repeat(100)));
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });

/** Any rows of the schema. Map keys are distinct, and not of the kinds that objects treat in their own way. */
export function arbitraryRows(maxLength: number): fc.Arbitrary<Row[]> {
  return fc.array(arbitraryStruct(SCHEMA.fields) as fc.Arbitrary<Row>, { maxLength });
}

function arbitraryStruct(fields: readonly Field[]): fc.Arbitrary<Value> {
  return fc.record(Object.fromEntries(fields.map((field) => [field.name, arbitraryValue(field)])), {
    noNullPrototype: true,
  });
}

function arbitraryValue({ type, nullable }: Field): fc.Arbitrary<Value> {
  const value = arbitraryOf(type);
  return nullable ? fc.option(value, { nil: null, freq: 3 }) : value;
}

function arbitraryOf(type: DataType): fc.Arbitrary<Value> {
  if (DataType.isMap(type)) {
    const key = text.filter((name) => name !== '__proto__' && !/^\d+$/.test(name));
    const entry = fc.tuple(key, fc.option(text, { nil: null }));
    return fc.uniqueArray(entry, { maxLength: 4, selector: ([name]) => name });
  }
  if (DataType.isList(type)) return fc.array(arbitraryValue(type.children[0]!), { maxLength: 3 });
  if (DataType.isStruct(type)) return arbitraryStruct(type.children);
  if (DataType.isInt(type)) return int64;
  if (DataType.isFloat(type)) return fc.double({ noNaN: true });
  if (DataType.isBool(type)) return fc.boolean();
  if (DataType.isTimestamp(type)) return fc.bigInt({ min: 0n, max: 4_102_444_800_000_000n });
  return text;
}
