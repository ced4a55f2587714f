import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Table, tableToIPC } from 'apache-arrow';
import fc from 'fast-check';
import { Compression, Table as WasmTable, WriterPropertiesBuilder, writeParquet } from 'parquet-wasm/node';
import { arrowSchema, type Column, type ColumnType, type TableSchema } from '../../../src/model/table.ts';
import type { View } from '../../../src/read/columns/view.ts';
import { isNull, textIndex } from '../../../src/read/columns/view.ts';
import { canDecodeFlat, decodeFlat } from '../../../src/read/parquet/flat-column.ts';
import { chunkRange, readFooter } from '../../../src/read/parquet/footer.ts';
import { createObjectReader } from '../../../src/read/parquet/object-reader.ts';
import { emptyStats } from '../../../src/read/types.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { type Row, toBatch } from '../rows.ts';

const TYPES: Readonly<Record<string, ColumnType>> = {
  text: { kind: 'string' },
  required: { kind: 'string' },
  int: { kind: 'int64' },
  time: { kind: 'timestamp' },
  double: { kind: 'double' },
};
const TABLE: TableSchema = {
  name: 'traces',
  columns: Object.entries(TYPES).map(([name, type], i): Column => {
    return { name, type, nullable: name !== 'required', fieldId: i + 1, doc: '' };
  }),
};

const text = fc.oneof(fc.constantFrom('', 'a', 'same', 'é'), fc.string({ unit: 'grapheme', maxLength: 80 }));
const int = fc.oneof(fc.constantFrom(0n, -1n), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }));
const orNull = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });
const row: fc.Arbitrary<Row> = fc.record({
  text: orNull(text),
  required: text,
  int: orNull(int),
  time: orNull(int),
  double: orNull(fc.double({ noNaN: true })),
});
const rows = fc.oneof(
  fc.array(row, { minLength: 1, maxLength: 60 }),
  // Runs: long repetitions of few rows.
  fc.array(fc.tuple(row, fc.integer({ min: 1, max: 400 })), { minLength: 1, maxLength: 6 }).map((runs) => {
    return runs.flatMap(([one, times]) => Array.from({ length: times }, () => one));
  }),
);

const codec = fc.constantFrom(Compression.UNCOMPRESSED, Compression.SNAPPY, Compression.GZIP, Compression.ZSTD);

function write(found: readonly Row[], compression: Compression, dictionary: boolean, pageSize: number): Uint8Array {
  const ipc = tableToIPC(new Table(arrowSchema(TABLE, false), [toBatch(found, TABLE, false)]), 'stream');
  const properties = new WriterPropertiesBuilder()
    .setCompression(compression)
    .setDictionaryEnabled(dictionary)
    .setDataPageSizeLimit(pageSize)
    .setDictionaryPageSizeLimit(pageSize * 2)
    .setWriteBatchSize(8);
  return writeParquet(WasmTable.fromIPCStream(ipc), properties.build());
}

function valueAt(view: View, i: number): unknown {
  if (isNull(view, i)) return null;
  if (view.kind === 'text') {
    const index = textIndex(view, i);
    return Buffer.from(view.bytes.subarray(view.offsets[index]!, view.offsets[index + 1]!)).toString();
  }
  return (view as { values: ArrayLike<unknown> }).values[i];
}

test('flat columns come back as they were written, in every codec, dictionary and size of pages', async () => {
  await fc.assert(
    fc.asyncProperty(rows, codec, fc.boolean(), fc.constantFrom(16, 200, 1 << 20), async (found, ...how) => {
      const file = write(found, ...how);
      const store = createMemoryStore();
      await store.put('f', file);
      const reader = createObjectReader(
        store,
        { key: 'f', size: file.length, modifiedMs: 0 },
        emptyStats(),
        new AbortController().signal,
      );
      const footer = await readFooter(reader);
      for (const [i, { name, type }] of TABLE.columns.entries()) {
        const meta = footer.metadata.row_groups[0]!.columns[i]!.meta_data!;
        assert.ok(canDecodeFlat(meta, footer.leaves[i]!, type), name);
        const { start, end } = chunkRange(meta);
        const part = { start: Math.floor(found.length / 3), end: Math.ceil((found.length * 2) / 3) };
        for (const wanted of [{ start: 0, end: found.length }, part]) {
          const pages = [file.subarray(start, end)];
          const view = decodeFlat(meta, footer.leaves[i]!, type, pages, found.length, wanted);
          const expected = found.slice(wanted.start, wanted.end);
          assert.deepEqual(
            Array.from(expected, (_, r) => valueAt(view, r)),
            expected.map((one) => one[name]),
            name,
          );
        }
      }
    }),
    { numRuns: 150 },
  );
});
