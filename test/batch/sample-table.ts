/** A table with a column of every kind, arbitrary rows of it, and batches from rows and back. */
import fc from 'fast-check';
import { type BuilderOfKind, createTableBuilder, type TableBuilder } from '../../src/batch/builder.ts';
import { byteSource } from '../../src/batch/bytes.ts';
import type { ColumnBuilder, StructBuilder } from '../../src/batch/columns.ts';
import type { Batch, ColumnData, StringData } from '../../src/model/batch.ts';
import type { ColumnType, TableSchema } from '../../src/model/table.ts';

export type Plain = string | number | bigint | boolean | null | Plain[] | { [name: string]: Plain };
export type PlainRow = Record<string, Plain>;

const map: ColumnType = { kind: 'map' };
const struct: ColumnType = {
  kind: 'struct',
  fields: [
    { name: 'time', type: { kind: 'int64' }, nullable: false },
    { name: 'name', type: { kind: 'string' }, nullable: false },
    { name: 'attributes', type: map, nullable: false },
    { name: 'link', type: { kind: 'id', bytes: 8 }, nullable: true },
    { name: 'count', type: { kind: 'uint32' }, nullable: false },
  ],
};

export const SAMPLE_TABLE: TableSchema = {
  name: 'traces',
  columns: [
    column(1, 'text', { kind: 'string' }),
    column(2, 'id8', { kind: 'id', bytes: 8 }),
    column(3, 'id16', { kind: 'id', bytes: 16 }),
    column(4, 'int32', { kind: 'int32' }),
    column(5, 'uint32', { kind: 'uint32' }),
    column(6, 'int64', { kind: 'int64' }),
    column(7, 'double', { kind: 'double' }),
    column(8, 'bool', { kind: 'bool' }),
    column(9, 'timestamp', { kind: 'timestamp' }),
    column(10, 'map', map),
    column(11, 'list', { kind: 'list', element: struct }),
  ],
};

function column(fieldId: number, name: string, type: ColumnType) {
  return { fieldId, name, type, nullable: true, doc: name };
}

const hex = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((id) => Buffer.from(id).toString('hex'));
function record(fields: Record<string, fc.Arbitrary<Plain>>): fc.Arbitrary<PlainRow> {
  return fc.record(fields, { noNullPrototype: true });
}

const text = fc.oneof(
  fc.constantFrom('', 'a', 'b', 'GET', 'über', '\u0000', '日本'),
  fc.string({ unit: 'grapheme', maxLength: 12 }),
);
const int64 = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n });
const entries = fc
  .uniqueArray(fc.tuple(text, fc.option(text)), { selector: ([key]) => key, maxLength: 4 })
  .map((list) => list as Plain[]);

export const arbitraryRow: fc.Arbitrary<PlainRow> = record({
  text: fc.option(text),
  id8: fc.option(hex(8)),
  id16: fc.option(hex(16)),
  int32: fc.option(fc.integer()),
  uint32: fc.option(fc.integer({ min: 0, max: 0xffffffff })),
  int64: fc.option(int64),
  double: fc.option(fc.double()),
  bool: fc.option(fc.boolean()),
  timestamp: fc.option(fc.bigInt({ min: 0n, max: 4_000_000_000_000_000n })),
  map: fc.option(entries),
  list: fc.option(
    fc.array(
      record({
        time: int64,
        name: text,
        attributes: entries,
        link: fc.option(hex(8)),
        count: fc.integer({ min: 0, max: 0xffffffff }),
      }),
      { maxLength: 3 },
    ),
  ),
});

export function batchOf(rows: readonly PlainRow[]): Batch {
  const builder = createTableBuilder(SAMPLE_TABLE);
  appendRows(builder, rows);
  return builder.finish();
}

export function appendRows(builder: TableBuilder, rows: readonly PlainRow[]): void {
  for (const row of rows) {
    for (const { name, type } of builder.schema.columns) {
      appendValue(builder.column(name, type.kind as keyof BuilderOfKind), row[name]!);
    }
  }
}

function appendValue(builder: ColumnBuilder, value: Plain): void {
  if (builder.kind === 'struct') {
    for (const [i, field] of builder.fields.entries()) appendValue(field, (value as PlainRow)[builder.names[i]!]!);
  } else if (value === null) builder.pushNull();
  else appendPresent(builder, value);
}

function appendPresent(builder: Exclude<ColumnBuilder, StructBuilder>, value: Plain): void {
  switch (builder.kind) {
    case 'string':
      builder.push(builder.interner.internText(value as string));
      break;
    case 'id':
      builder.push(byteSource(Buffer.from(value as string, 'hex')), 0);
      break;
    case 'int32':
    case 'uint32':
    case 'double':
      builder.push(value as number);
      break;
    case 'int64':
    case 'timestamp':
      builder.push(Number((value as bigint) >> 32n), Number((value as bigint) & 0xffffffffn));
      break;
    case 'bool':
      builder.push(value as boolean);
      break;
    case 'map':
      for (const [key, item] of value as [string, string | null][]) {
        appendValue(builder.keys, key);
        appendValue(builder.values, item);
      }
      builder.endRow();
      break;
    case 'list':
      for (const item of value as Plain[]) appendValue(builder.element, item);
      builder.endRow();
      break;
  }
}

/** The rows of a batch: 64-bit numbers as bigint, ids as hex, maps as lists of pairs. */
export function plainRows(batch: Batch, schema: TableSchema = SAMPLE_TABLE): PlainRow[] {
  return Array.from({ length: batch.rows }, (_, row) =>
    Object.fromEntries(schema.columns.map(({ name, type }, i) => [name, plainValue(batch.columns[i]!, type, row)])),
  );
}

function plainValue(data: ColumnData, type: ColumnType, row: number): Plain {
  if ('valid' in data && data.valid?.[row] === 0) return null;
  switch (data.kind) {
    case 'string':
      return plainText(data, row);
    case 'id':
      return Buffer.from(data.bytes.subarray(row * data.width, (row + 1) * data.width)).toString('hex');
    case 'bool':
      return data.values[row] === 1;
    case 'map':
      return itemNumbers(data.offsets, row).map((i) => [plainText(data.keys, i), plainText(data.values, i)]);
    case 'list': {
      const { element } = type as ColumnType & { kind: 'list' };
      return itemNumbers(data.offsets, row).map((i) => plainValue(data.element, element, i));
    }
    case 'struct': {
      const { fields } = type as ColumnType & { kind: 'struct' };
      return Object.fromEntries(fields.map((field, i) => [field.name, plainValue(data.fields[i]!, field.type, row)]));
    }
    default:
      return data.values[row]!;
  }
}

function plainText({ codes, dictionary }: StringData, row: number): string | null {
  const code = codes[row]!;
  if (code < 0) return null;
  return Buffer.from(dictionary.bytes.subarray(dictionary.offsets[code]!, dictionary.offsets[code + 1]!)).toString();
}

function itemNumbers(offsets: Int32Array, row: number): number[] {
  const start = offsets[row]!;
  return Array.from({ length: offsets[row + 1]! - start }, (_, i) => start + i);
}
