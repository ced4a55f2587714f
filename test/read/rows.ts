/** Rows as plain objects, made into Arrow batches, Parquet files and read dependencies: what the tests of reads share. */
import {
  type Data,
  type DataType,
  Dictionary,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
  Table,
  tableToIPC,
  Utf8,
  Vector,
} from 'apache-arrow';
import { Compression, Table as WasmTable, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm/node';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { createChangeSource } from '../../src/catalog/changes.ts';
import type { LakeObject } from '../../src/catalog/types.ts';
import { parseConfig } from '../../src/config/load.ts';
import { arrowSchema, type ColumnType, type TableSchema } from '../../src/model/table.ts';
import { TRACES } from '../../src/model/traces.ts';
import type { ReadDeps, SelectedBatch } from '../../src/read/types.ts';
import type { ObjectStore } from '../../src/store/store.ts';

export const PARQUET = parseConfig('', 'defaults.toml', {}).parquet;

export type Value = null | string | bigint | number | boolean | ReadonlyMap<string, string | null> | readonly Row[];
export interface Row {
  readonly [column: string]: Value | undefined;
}

export function span(i: number, more: Row = {}): Row {
  return {
    timestamp: BigInt(Date.UTC(2026, 10, 21, 8)) * 1000n + BigInt(i),
    start_time_unix_nano: BigInt(Date.UTC(2026, 10, 21, 8)) * 1_000_000n + BigInt(i) * 1000n,
    duration_nano: BigInt(i) * 1000n,
    trace_id: i.toString(16).padStart(32, '0'),
    span_id: i.toString(16).padStart(16, '0'),
    flags: 1n,
    name: `span ${i % 10}`,
    kind: 'SERVER',
    status_code: 'UNSET',
    service_name: `service-${i % 3}`,
    resource_dropped_attributes_count: 0n,
    scope_dropped_attributes_count: 0n,
    resource_attributes: new Map([['service.name', `service-${i % 3}`]]),
    resource_attribute_types: 's',
    attributes: new Map([
      ['http.route', `/items/${i % 5}`],
      ['http.response.status_code', String(200 + (i % 4) * 100)],
    ]),
    attribute_types: 'si',
    dropped_attributes_count: 0n,
    dropped_events_count: 0n,
    dropped_links_count: 0n,
    events: [],
    links: [],
    ...more,
  };
}

export function toBatch(rows: readonly Row[], table: TableSchema = TRACES, dictionaries = true): RecordBatch {
  const schema = arrowSchema(table, dictionaries);
  return batchOf(schema, table, rows);
}

function batchOf(schema: Schema, table: TableSchema, rows: readonly Row[]): RecordBatch {
  const children = table.columns.map(({ name, type }, i) => {
    return columnData(
      rows.map((row) => row[name] ?? null),
      type,
      schema.fields[i]!.type,
    );
  });
  const data = makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children });
  return new RecordBatch(schema, data);
}

function columnData(values: readonly Value[], type: ColumnType, arrow: DataType): Data {
  const length = values.length;
  const nullBitmap = bits(values.map((value) => value !== null));
  const nullCount = values.filter((value) => value === null).length;
  const base = { type: arrow, length, nullCount, nullBitmap };
  switch (type.kind) {
    case 'string':
    case 'id':
      return textData(values as (string | null)[], arrow, base);
    case 'int32':
      return makeData({ ...base, data: Int32Array.from(values, (value) => Number(value ?? 0)) } as never);
    case 'uint32':
    case 'int64':
    case 'timestamp':
      return makeData({ ...base, data: BigInt64Array.from(values, (value) => (value as bigint) ?? 0n) } as never);
    case 'double':
      return makeData({ ...base, data: Float64Array.from(values, (value) => (value as number) ?? 0) } as never);
    case 'bool':
      return makeData({ ...base, data: bits(values.map((value) => value === true)) } as never);
    case 'map': {
      const maps = values.map((value) => [...((value as ReadonlyMap<string, string | null> | null) ?? [])]);
      const entry = arrow.children[0]!.type as Struct;
      const sides = [0, 1].map((side) => {
        return textData(
          maps.flat().map((pair) => pair[side]!),
          entry.children[side]!.type,
        );
      });
      const child = makeData({ type: entry, length: maps.flat().length, nullCount: 0, children: sides });
      return makeData({ ...base, valueOffsets: offsetsOf(maps), child } as never);
    }
    case 'list': {
      const lists = values.map((value) => (value as readonly Row[] | null) ?? []);
      const child = columnData(lists.flat() as never, type.element, arrow.children[0]!.type);
      return makeData({ ...base, valueOffsets: offsetsOf(lists), child } as never);
    }
    case 'struct': {
      const children = type.fields.map((field, i) => {
        const inner = values.map((value) => (value as unknown as Row)[field.name] ?? null);
        return columnData(inner, field.type, arrow.children[i]!.type);
      });
      return makeData({ ...base, children } as never);
    }
  }
}

function textData(values: readonly (string | null)[], arrow: DataType, given?: object): Data {
  const nullBitmap = bits(values.map((value) => value !== null));
  const nullCount = values.filter((value) => value === null).length;
  const base = given ?? { type: arrow, length: values.length, nullCount, nullBitmap };
  if (!(arrow instanceof Dictionary)) return makeData({ ...base, ...plain(values) } as never);
  const distinct = [...new Set(values.filter((value) => value !== null))];
  const dictionary = new Vector([makeData({ type: new Utf8(), length: distinct.length, ...plain(distinct) } as never)]);
  const codes = new Map(distinct.map((value, code) => [value, code]));
  const data = Int32Array.from(values, (value) => (value === null ? 0 : codes.get(value)!));
  return makeData({ ...base, data, dictionary } as never);
}

function plain(values: readonly (string | null)[]) {
  const encoded = values.map((value) => Buffer.from(value ?? '', 'utf8'));
  return { valueOffsets: offsetsOf(encoded), data: new Uint8Array(Buffer.concat(encoded)) };
}

function offsetsOf(lists: readonly { readonly length: number }[]): Int32Array {
  const offsets = new Int32Array(lists.length + 1);
  lists.forEach((list, i) => {
    offsets[i + 1] = offsets[i]! + list.length;
  });
  return offsets;
}

function bits(flags: readonly boolean[]): Uint8Array {
  const bytes = new Uint8Array(((flags.length + 63) & ~63) >> 3);
  flags.forEach((flag, i) => {
    if (flag) bytes[i >> 3]! |= 1 << (i & 7);
  });
  return bytes;
}

/** A Parquet file of the rows with plain types. */
export function toParquet(rows: readonly Row[], table: TableSchema = TRACES, rowGroupSize = 1_000_000): Uint8Array {
  const ipc = tableToIPC(new Table(toBatch(rows, table, false)), 'stream');
  const properties = new WriterPropertiesBuilder()
    .setCompression(Compression.SNAPPY)
    .setMaxRowGroupSize(rowGroupSize)
    .build();
  return writeParquet(WasmTable.fromIPCStream(ipc), properties);
}

export function lakeObject(key: string, size: number, more: Partial<LakeObject> = {}): LakeObject {
  const partition = key.split('/').slice(1, -1).join('/');
  return {
    table: 'traces',
    key,
    partition,
    size,
    modifiedMs: 0,
    commitId: undefined,
    rows: undefined,
    minTimestamp: undefined,
    maxTimestamp: undefined,
    ...more,
  };
}

/** Dependencies over the Parquet objects of a store. */
export function readDeps(store: ObjectStore, more: Partial<ReadDeps> = {}): ReadDeps {
  return {
    store,
    schema: TRACES,
    promotions: [],
    partitioning: [],
    fresh: undefined,
    batchSize: 100,
    parallelism: 3,
    parquet: PARQUET,
    changes: createChangeSource(store, createCatalog(store)),
    committed: async () => new Set(),
    async objects(table) {
      const found: LakeObject[] = [];
      for await (const { key, size } of store.list(`${table}/`)) found.push(lakeObject(key, size));
      return found;
    },
    ...more,
  };
}

/** All rows of a read as text of one column. */
export async function texts(batches: AsyncIterable<SelectedBatch>, column: string): Promise<(string | null)[]> {
  const out: (string | null)[] = [];
  for await (const { batch, rows } of batches) {
    const view = batch.column(column);
    for (const row of rows) out.push(cell(view, row));
  }
  return out;
}

function cell(view: ReturnType<SelectedBatch['batch']['column']>, row: number): string | null {
  if (view.kind === 'text') {
    const i = view.codes ? view.codes[row]! : view.valid?.[row] === 0 ? -1 : row;
    return i < 0 ? null : Buffer.from(view.bytes.subarray(view.offsets[i]!, view.offsets[i + 1]!)).toString();
  }
  const isNested = view.kind === 'map' || view.kind === 'entries' || view.kind === 'list' || view.kind === 'struct';
  if (isNested) throw new Error(`no text of ${view.kind}`);
  return view.valid?.[row] === 0 ? null : String(view.values[row]);
}
