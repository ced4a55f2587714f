/** Batches from plain rows, for tests: a value by column name, absent or null for a null. */
import type { Batch, ColumnData, MapData, StringData } from '../../src/model/batch.ts';
import type { ColumnType, TableSchema } from '../../src/model/table.ts';

export type Value = string | number | bigint | boolean | Readonly<Record<string, string | null>> | null;
export type Row = Readonly<Record<string, Value | undefined>>;

const column = (fieldId: number, name: string, type: ColumnType) => ({ fieldId, name, type, nullable: true, doc: '' });

/** A table with a column of every kind that can be partitioned by. */
export const WIDE: TableSchema = {
  name: 'traces',
  columns: [
    column(1, 'timestamp', { kind: 'timestamp' }),
    column(2, 'start_time_unix_nano', { kind: 'int64' }),
    column(3, 'trace_id', { kind: 'id', bytes: 16 }),
    column(4, 'span_id', { kind: 'id', bytes: 8 }),
    column(5, 'service_name', { kind: 'string' }),
    column(6, 'flags', { kind: 'uint32' }),
    column(7, 'number', { kind: 'int32' }),
    column(8, 'ratio', { kind: 'double' }),
    column(9, 'sampled', { kind: 'bool' }),
    column(10, 'attributes', { kind: 'map' }),
    column(11, 'resource_attributes', { kind: 'map' }),
    column(12, 'events', { kind: 'list', element: { kind: 'int32' } }),
  ],
};

export function batchOf(schema: TableSchema, rows: readonly Row[]): Batch {
  const columns = schema.columns.map(({ name, type }) =>
    columnOf(
      type,
      rows.map((row) => row[name] ?? null),
    ),
  );
  return { table: schema.name, rows: rows.length, columns };
}

function columnOf(type: ColumnType, values: readonly Value[]): ColumnData {
  const length = values.length;
  const valid = values.includes(null) ? Uint8Array.from(values, (value) => (value === null ? 0 : 1)) : undefined;
  const numbers = values.map((value) => Number(value ?? 0));
  switch (type.kind) {
    case 'string':
      return strings(values as readonly (string | null)[]);
    case 'id':
      return { kind: 'id', length, width: type.bytes, bytes: ids(values, type.bytes), valid };
    case 'int32':
      return { kind: 'int32', length, values: Int32Array.from(numbers), valid };
    case 'uint32':
      return { kind: 'uint32', length, values: Uint32Array.from(numbers), valid };
    case 'double':
      return { kind: 'double', length, values: Float64Array.from(numbers), valid };
    case 'bool':
      return { kind: 'bool', length, values: Uint8Array.from(numbers), valid };
    case 'int64':
    case 'timestamp':
      return {
        kind: type.kind,
        length,
        values: BigInt64Array.from(values, (v) => BigInt.asIntN(64, BigInt((v as bigint) ?? 0))),
        valid,
      };
    case 'map':
      return map(values as readonly (Readonly<Record<string, string | null>> | null)[], valid);
    default:
      return {
        kind: 'list',
        length,
        offsets: new Int32Array(length + 1),
        element: columnOf({ kind: 'int32' }, []),
        valid: undefined,
      };
  }
}

function ids(values: readonly Value[], width: number): Uint8Array {
  const bytes = new Uint8Array(values.length * width);
  for (const [row, value] of values.entries()) bytes.set(Buffer.from((value as string) ?? '', 'hex'), row * width);
  return bytes;
}

function strings(values: readonly (string | null)[]): StringData {
  const distinct = [...new Set(values)].filter((value) => value !== null);
  // A value that no row uses, as dictionaries have after a rollback.
  const texts = ['unused', ...distinct.filter((value) => value !== 'unused')].map((text) => Buffer.from(text));
  const order = ['unused', ...distinct.filter((value) => value !== 'unused')];
  const offsets = new Int32Array(texts.length + 1);
  for (const [i, text] of texts.entries()) offsets[i + 1] = offsets[i]! + text.length;
  return {
    kind: 'string',
    length: values.length,
    codes: Int32Array.from(values, (value) => (value === null ? -1 : order.indexOf(value))),
    dictionary: { count: texts.length, offsets, bytes: new Uint8Array(Buffer.concat(texts)) },
  };
}

function map(
  values: readonly (Readonly<Record<string, string | null>> | null)[],
  valid: Uint8Array | undefined,
): MapData {
  const entries = values.map((value) => Object.entries(value ?? {}));
  const offsets = new Int32Array(values.length + 1);
  for (const [i, own] of entries.entries()) offsets[i + 1] = offsets[i]! + own.length;
  const all = entries.flat();
  return {
    kind: 'map',
    length: values.length,
    offsets,
    keys: strings(all.map(([key]) => key)),
    values: strings(all.map(([, value]) => value)),
    valid,
  };
}

/** The path of each row, spelled out. */
export function pathsOf({ paths, partitionOf }: { paths: readonly string[]; partitionOf: Int32Array }): string[] {
  return Array.from(partitionOf, (index) => paths[index]!);
}
