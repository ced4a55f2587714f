/** Files of rows with every type, written by parquet-wasm, and their columns as reads decode them. */
import { Table, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import {
  Compression,
  Table as WasmTable,
  WriterPropertiesBuilder,
  WriterVersion,
  writeParquet,
} from 'parquet-wasm/node';
import { arrowSchema, type Column, type ColumnType, type TableSchema } from '../../../src/model/table.ts';
import { isNull, textIndex, type View } from '../../../src/read/columns/view.ts';
import { spansOf } from '../../../src/read/parquet/column-span.ts';
import { decodeSpans, type LeafMemos, type Views } from '../../../src/read/parquet/decode.ts';
import { type Footer, readFooter } from '../../../src/read/parquet/footer.ts';
import { createObjectReader } from '../../../src/read/parquet/object-reader.ts';
import { type PagesByLeaf, type RowRange, readPages } from '../../../src/read/parquet/page-index.ts';
import { emptyStats } from '../../../src/read/types.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { type Row, toBatch, type Value } from '../rows.ts';

export const TYPES: Readonly<Record<string, ColumnType>> = {
  text: { kind: 'string' },
  required: { kind: 'string' },
  int: { kind: 'int64' },
  narrow: { kind: 'int32' },
  time: { kind: 'timestamp' },
  double: { kind: 'double' },
  flag: { kind: 'bool' },
  map: { kind: 'map' },
  numbers: { kind: 'list', element: { kind: 'int64' } },
  events: {
    kind: 'list',
    element: {
      kind: 'struct',
      fields: [
        { name: 'name', type: { kind: 'string' }, nullable: false },
        { name: 'at', type: { kind: 'int64' }, nullable: true },
        { name: 'good', type: { kind: 'bool' }, nullable: true },
        { name: 'attributes', type: { kind: 'map' }, nullable: true },
        { name: 'bounds', type: { kind: 'list', element: { kind: 'double' } }, nullable: false },
      ],
    },
  },
};
export const TABLE: TableSchema = {
  name: 'traces',
  columns: Object.entries(TYPES).map(([name, type], i): Column => {
    return { name, type, nullable: name !== 'required', fieldId: i + 1, doc: '' };
  }),
};

const text = fc.oneof(fc.constantFrom('', 'a', 'same', 'é'), fc.string({ unit: 'grapheme', maxLength: 80 }));
const int = fc.oneof(fc.constantFrom(0n, -1n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const double = fc.double({ noNaN: true });
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });
const map = fc
  .uniqueArray(fc.tuple(text, orNull(text)), { selector: ([key]) => key, maxLength: 5 })
  .map((pairs) => new Map(pairs));
const list = <T>(item: fc.Arbitrary<T>) => fc.array(item, { maxLength: 4 });
const event = fc.record({
  name: text,
  at: orNull(int),
  good: orNull(fc.boolean()),
  attributes: orNull(map),
  bounds: list(double),
});
export const row = fc.record({
  text: orNull(text),
  required: text,
  int: orNull(int),
  narrow: orNull(fc.integer()),
  time: orNull(int),
  double: orNull(double),
  flag: orNull(fc.boolean()),
  map: orNull(map),
  numbers: orNull(list(int)),
  events: orNull(list(event)),
}) as fc.Arbitrary<Row>;
export const rows = fc.oneof(
  fc.array(row, { minLength: 1, maxLength: 60 }),
  // Runs: long repetitions of few rows.
  fc.array(fc.tuple(row, fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 6 }).map((runs) => {
    return runs.flatMap(([one, times]) => Array.from({ length: times }, () => one));
  }),
);

export interface Form {
  readonly compression: Compression;
  readonly dictionary: boolean;
  readonly pageBytes: number;
  readonly version: WriterVersion;
}

export const form: fc.Arbitrary<Form> = fc.record({
  compression: fc.constantFrom(Compression.UNCOMPRESSED, Compression.SNAPPY, Compression.GZIP, Compression.ZSTD),
  dictionary: fc.boolean(),
  pageBytes: fc.constantFrom(16, 200, 1 << 20),
  version: fc.constantFrom(WriterVersion.V1, WriterVersion.V2),
});

export function write(
  found: readonly Row[],
  { compression, dictionary, pageBytes, version }: Form,
  table = TABLE,
): Uint8Array {
  const ipc = tableToIPC(new Table(arrowSchema(table, false), [toBatch(found, table, false)]), 'stream');
  const properties = new WriterPropertiesBuilder()
    .setCompression(compression)
    .setDictionaryEnabled(dictionary)
    .setDataPageSizeLimit(pageBytes)
    .setDictionaryPageSizeLimit(pageBytes * 2)
    .setWriterVersion(version)
    .setWriteBatchSize(8);
  return writeParquet(WasmTable.fromIPCStream(ipc), properties.build());
}

function valueAt(view: View, i: number): unknown {
  if (isNull(view, i)) return null;
  switch (view.kind) {
    case 'text': {
      const index = textIndex(view, i);
      return Buffer.from(view.bytes.subarray(view.offsets[index]!, view.offsets[index + 1]!)).toString();
    }
    case 'map':
    case 'entries':
      return itemsAt(view.offsets, i, (j) => [valueAt(view.keys, j), valueAt(view.values, j)]);
    case 'list':
      return itemsAt(view.offsets, i, (j) => valueAt(view.element, j));
    case 'struct':
      return Object.fromEntries(view.names.map((name, f) => [name, valueAt(view.fields[f]!, i)]));
    case 'bool':
      return view.values[i] === 1;
    default:
      return view.values[i];
  }
}

function itemsAt(offsets: Int32Array, i: number, item: (j: number) => unknown): unknown[] {
  return Array.from({ length: offsets[i + 1]! - offsets[i]! }, (_, j) => item(offsets[i]! + j));
}

export function valuesOf(view: View): unknown[] {
  return Array.from({ length: view.rows }, (_, i) => valueAt(view, i));
}

/** What was written, in the form of `valueAt`. */
export function plain(value: Value | undefined, type: ColumnType): unknown {
  if (value === null || value === undefined) return null;
  if (value instanceof Map) return [...value];
  if (type.kind === 'int32') return BigInt(value as number);
  if (type.kind === 'list') return (value as unknown as readonly Value[]).map((item) => plain(item, type.element));
  if (type.kind === 'struct') {
    return Object.fromEntries(
      type.fields.map((field) => [field.name, plain((value as unknown as Row)[field.name], field.type)]),
    );
  }
  return value;
}

export interface Opened {
  readonly footer: Footer;
  readonly pages: PagesByLeaf;
}

export async function open(file: Uint8Array): Promise<Opened> {
  const store = createMemoryStore();
  await store.put('f', file);
  const identity = { key: 'f', size: file.length, modifiedMs: 0 };
  const reader = createObjectReader(store, identity, emptyStats(), new AbortController().signal);
  const footer = await readFooter(reader);
  const leaves = footer.leaves.map((_, leaf) => leaf);
  return { footer, pages: await readPages(reader, footer, 0, leaves) };
}

/** The columns of some rows, by the decoders here where they know their form. */
export function decode(
  file: Uint8Array,
  { footer, pages }: Opened,
  rows: RowRange,
  memos: LeafMemos,
  schema = TABLE,
): Views {
  const spans = spansOf(footer, 0, footer.columns.keys(), pages, rows, schema);
  const runs = { at: (start: number, end: number) => file.subarray(start, end) };
  return decodeSpans({ key: 'f', footer, group: 0, runs, memos, schema }, spans, rows);
}
