import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ColumnChunk, parquetMetadata, readColumnIndex, readOffsetIndex } from 'hyparquet';
import { getSchemaPath } from 'hyparquet/src/schema.js';
import { deserializeTCompactProtocol } from 'hyparquet/src/thrift.js';
import { wasmMemory } from 'parquet-wasm/node';
import { createParquetEncoder } from '../../src/encode/encoder.ts';
import { BridgeError } from '../../src/errors.ts';
import {
  arbitraryRows,
  arrayBuffer,
  COMPRESSIONS,
  CONFIG,
  readWithHyparquet,
  readWithParquetWasm,
  recordBatch,
  SCHEMA,
  sampleRows,
  withSortedMaps,
  writeFile,
} from './support.ts';

const metadataOf = (bytes: Uint8Array) => parquetMetadata(arrayBuffer(bytes));

const pathOf = (column: ColumnChunk) => column.meta_data!.path_in_schema.join('.');

/** Rows in three row groups of different lengths. */
const ROWS = sampleRows(300);
const BATCHES = [recordBatch(ROWS.slice(0, 150)), recordBatch(ROWS.slice(150, 151)), recordBatch(ROWS.slice(151))];

for (const compression of COMPRESSIONS) {
  test(`row groups compressed with ${compression} read back equal in two readers`, async () => {
    const { bytes } = writeFile(BATCHES, { compression });
    const codec = metadataOf(bytes).row_groups[2]!.columns[0]!.meta_data!.codec;
    assert.equal(codec, compression === 'LZ4' ? 'LZ4_RAW' : compression);
    assert.deepEqual(readWithParquetWasm(bytes), ROWS);
    assert.deepEqual(withSortedMaps(await readWithHyparquet(bytes)), withSortedMaps(ROWS));
  });
}

for (const dictionaryEnabled of [true, false]) {
  for (const statisticsEnabled of [true, false]) {
    test(`rows read back equal with dictionary ${dictionaryEnabled} and statistics ${statisticsEnabled}`, async () => {
      const { bytes } = writeFile(BATCHES, { dictionaryEnabled, statisticsEnabled });
      const columns = metadataOf(bytes).row_groups.flatMap((rowGroup) => rowGroup.columns);
      assert.equal(
        columns.some((column) => column.meta_data!.dictionary_page_offset !== undefined),
        dictionaryEnabled,
      );
      assert.equal(
        columns.some(
          (column) => column.meta_data!.statistics !== undefined || column.column_index_offset !== undefined,
        ),
        statisticsEnabled,
      );
      assert.deepEqual(withSortedMaps(await readWithHyparquet(bytes)), withSortedMaps(ROWS));
    });
  }
}

test('any batches read back equal', async () => {
  const property = fc.asyncProperty(arbitraryRows(6), arbitraryRows(6), async (first, second) => {
    const { bytes, footer } = writeFile([recordBatch(first), recordBatch(second)]);
    const rows = [...first, ...second];
    assert.equal(footer.rows, rows.length);
    assert.deepEqual(readWithParquetWasm(bytes), rows);
    assert.deepEqual(withSortedMaps(await readWithHyparquet(bytes)), withSortedMaps(rows));
  });
  await fc.assert(property, { numRuns: 40 });
});

test('a slice of a batch is written with its own rows only', () => {
  const whole = recordBatch(ROWS);
  const { bytes } = writeFile([whole.slice(3, 90), whole.slice(95, 203)]);
  assert.deepEqual(readWithParquetWasm(bytes), [...ROWS.slice(3, 90), ...ROWS.slice(95, 203)]);
});

test('a row group is not split, whatever its size', () => {
  const rows = sampleRows(2500);
  const { bytes, footer } = writeFile([recordBatch(rows)], { rowGroupSize: 10 });
  assert.deepEqual(footer.rowGroups, [2500]);
  assert.equal(metadataOf(bytes).row_groups.length, 1);
});

test('a file without row groups has the schema, the magic and no rows', async () => {
  const { bytes, footer } = writeFile([]);
  const withRows = metadataOf(writeFile(BATCHES).bytes);
  assert.deepEqual(footer, { rows: 0, rowGroups: [], bytes: bytes.length });
  assert.equal(Buffer.from(bytes.subarray(0, 4)).toString(), 'PAR1');
  assert.deepEqual(metadataOf(bytes).schema, withRows.schema);
  assert.deepEqual(await readWithHyparquet(bytes), []);
});

test('a batch without rows makes no row group', () => {
  const { bytes, footer } = writeFile([recordBatch([]), BATCHES[0]!, recordBatch([])]);
  assert.deepEqual(footer.rowGroups, [150]);
  assert.deepEqual(readWithParquetWasm(bytes), ROWS.slice(0, 150));
});

test('the bytes come row group by row group and begin with the magic once', () => {
  const encoder = createParquetEncoder(SCHEMA, CONFIG, {});
  const parts = BATCHES.map((batch) => Buffer.concat(encoder.rowGroup(batch)));
  assert.deepEqual(
    parts.map((part) => part.subarray(0, 4).toString() === 'PAR1'),
    [true, false, false],
  );
  const { chunks, footer } = encoder.finish();
  assert.equal(footer.bytes, Buffer.concat([...parts, ...chunks]).length);
  assert.deepEqual(footer.rowGroups, [150, 1, 149]);
});

test('readers see plain maps of strings, named as the format says, and no hint of Arrow types', () => {
  const metadata = metadataOf(writeFile(BATCHES).bytes);
  assert.equal(metadata.key_value_metadata?.some(({ key }) => key === 'ARROW:schema') ?? false, false);
  for (const path of [['attributes'], ['events', 'list', 'element', 'attributes']]) {
    const [map] = getSchemaPath(metadata.schema, path).slice(-1);
    const group = map!.children[0]!;
    assert.deepEqual(map!.element.logical_type, { type: 'MAP' });
    assert.deepEqual([group.element.name, group.element.repetition_type], ['key_value', 'REPEATED']);
    assert.deepEqual(
      group.children.map(({ element }) => [element.name, element.repetition_type, element.logical_type?.type]),
      [
        ['key', 'REQUIRED', 'STRING'],
        ['value', 'OPTIONAL', 'STRING'],
      ],
    );
  }
  const paths = metadata.row_groups[1]!.columns.map(pathOf);
  assert.ok(paths.includes('attributes.key_value.value'));
  assert.ok(paths.includes('events.list.element.attributes.key_value.key'));
  const leaves = metadata.schema.filter((element) => element.type !== undefined);
  assert.deepEqual(
    paths.map((path) => path.split('.').at(-1)),
    leaves.map((leaf) => leaf.name),
  );
});

test('every column and field has its field id, the groups inside maps and lists have none', () => {
  const { schema } = metadataOf(writeFile(BATCHES).bytes);
  const without = schema.filter((element) => element.field_id === undefined).map((element) => element.name);
  assert.deepEqual([...new Set(without)].sort(), ['key_value', 'list', 'schema']);
  const idOf = (path: string[]) => getSchemaPath(schema, path).at(-1)!.element.field_id;
  assert.equal(idOf(['timestamp']), 1);
  assert.equal(idOf(['attributes', 'key_value', 'value']), 1302);
  assert.equal(idOf(['events', 'list', 'element']), 1801);
  assert.equal(idOf(['events', 'list', 'element', 'attributes', 'key_value', 'key']), 18010301);
});

test('times are microseconds in UTC, and no column uses an encoding that engines refuse', () => {
  const metadata = metadataOf(writeFile(BATCHES).bytes);
  const timestamp = metadata.schema.find((element) => element.name === 'timestamp')!;
  assert.deepEqual(timestamp.logical_type, { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' });
  const encodings = metadata.row_groups.flatMap(({ columns }) => columns.flatMap((c) => c.meta_data!.encodings));
  assert.deepEqual([...new Set(encodings)].sort(), ['PLAIN', 'RLE', 'RLE_DICTIONARY']);
});

test('metadata and created_by are those of the caller', () => {
  const { bytes } = writeFile(BATCHES, {}, { 'otel-lake.version': '1.2.3', 'otel-lake.commit_id': 'grüße' });
  const metadata = metadataOf(bytes);
  assert.deepEqual(metadata.key_value_metadata, [
    { key: 'otel-lake.version', value: '1.2.3' },
    { key: 'otel-lake.commit_id', value: 'grüße' },
  ]);
  assert.match(metadata.created_by!, /^otel-lake-bridge version 1\.2\.3 \(build parquet-wasm\)$/);
});

test('row groups name the columns they are sorted by', () => {
  const metadata = metadataOf(writeFile(BATCHES, { sortBy: ['service_name', 'timestamp'] }).bytes);
  for (const rowGroup of metadata.row_groups) {
    const sorted = rowGroup.sorting_columns!.map((sort) => [
      pathOf(rowGroup.columns[sort.column_idx]!),
      sort.descending,
      sort.nulls_first,
    ]);
    assert.deepEqual(sorted, [
      ['service_name', false, false],
      ['timestamp', false, false],
    ]);
  }
  assert.equal(metadataOf(writeFile(BATCHES).bytes).row_groups[0]!.sorting_columns, undefined);
});

test('row groups carry their ordinal, offset and size', () => {
  const { row_groups } = metadataOf(writeFile(BATCHES).bytes);
  let offset = 4n;
  row_groups.forEach((rowGroup, i) => {
    assert.equal(rowGroup.ordinal, i);
    assert.equal(rowGroup.file_offset, offset);
    const sizes = rowGroup.columns.map((column) => column.meta_data!.total_compressed_size);
    assert.equal(
      rowGroup.total_compressed_size,
      sizes.reduce((a, b) => a + b, 0n),
    );
    offset += rowGroup.total_compressed_size!;
  });
});

test('statistics of strings, numbers and times are those of the rows', () => {
  const [, , last] = metadataOf(writeFile(BATCHES).bytes).row_groups;
  const statisticsOf = (name: string) => last!.columns.find((c) => pathOf(c) === name)!.meta_data!.statistics!;
  const rows = ROWS.slice(151);
  const services = rows.flatMap((row) => (row.service_name === null ? [] : [row.service_name as string])).sort();
  const service = statisticsOf('service_name');
  assert.deepEqual([service.min_value, service.max_value], [services[0], services.at(-1)]);
  assert.deepEqual([service.is_min_value_exact, service.is_max_value_exact], [true, true]);
  assert.equal(service.null_count, BigInt(rows.length - services.length));
  const durations = statisticsOf('duration_nano');
  assert.deepEqual([durations.min_value, durations.max_value], [rows[0]!.duration_nano, rows.at(-1)!.duration_nano]);
  const long = statisticsOf('status_message');
  assert.ok(Buffer.byteLength(long.max_value as string) <= 64, 'a long bound is cut');
  assert.ok((long.max_value as string) > 'x'.repeat(63), 'a cut upper bound is still above every value');
  assert.equal(long.is_max_value_exact, false);
});

test('page indexes of every row group point at real pages and hold their bounds', () => {
  const batches = [sampleRows(5000), sampleRows(9000, 5000)].map((rows) => recordBatch(rows));
  const { bytes } = writeFile(batches, { pageSize: 4096, compression: 'SNAPPY' });
  const { row_groups, schema } = metadataOf(bytes);
  let pages = 0;
  for (const rowGroup of row_groups) {
    for (const column of rowGroup.columns) {
      const locations = readOffsetIndex(readerAt(bytes, column.offset_index_offset!)).page_locations;
      const { data_page_offset, statistics, encoding_stats } = column.meta_data!;
      assert.equal(locations[0]!.offset, data_page_offset, pathOf(column));
      assert.equal(locations[0]!.first_row_index, 0n);
      assert.equal(locations.length, encoding_stats!.find((stat) => stat.page_type === 'DATA_PAGE')!.count);
      for (const location of locations) {
        const reader = readerAt(bytes, location.offset);
        const header = deserializeTCompactProtocol(reader);
        assert.equal(header.field_1, 0, 'a data page stands there');
        assert.equal(reader.offset + header.field_3, location.compressed_page_size, pathOf(column));
      }
      pages += locations.length;
      const element = getSchemaPath(schema, column.meta_data!.path_in_schema).at(-1)!.element;
      const bounds =
        column.column_index_offset && readColumnIndex(readerAt(bytes, column.column_index_offset), element);
      assert.equal(bounds === undefined, statistics === undefined, pathOf(column));
      assert.equal(bounds ? bounds.null_pages.length : locations.length, locations.length, pathOf(column));
    }
  }
  assert.ok(pages > 200, `there are ${pages} pages`);
  const start = row_groups[1]!.columns.find((column) => pathOf(column) === 'start_time_unix_nano')!;
  const element = schema.find((candidate) => candidate.name === 'start_time_unix_nano')!;
  const index = readColumnIndex(readerAt(bytes, start.column_index_offset!), element);
  assert.equal(index.boundary_order, 'ASCENDING');
  assert.deepEqual(
    [index.min_values[0], index.max_values.at(-1)],
    [start.meta_data!.statistics!.min_value, start.meta_data!.statistics!.max_value],
  );
});

function readerAt(bytes: Uint8Array, offset: bigint) {
  const start = Number(offset);
  return { view: new DataView(bytes.buffer, bytes.byteOffset + start, bytes.length - start), offset: 0 };
}

test('near-unique columns have no dictionary, repeated ones have', () => {
  const { row_groups } = metadataOf(writeFile([recordBatch(sampleRows(4000))]).bytes);
  const hasDictionary = (name: string) =>
    row_groups[0]!.columns.find((c) => pathOf(c) === name)!.meta_data!.dictionary_page_offset !== undefined;
  const names = ['span_id', 'start_time_unix_nano', 'timestamp', 'duration_nano', 'trace_id', 'name', 'flags'];
  assert.deepEqual(names.map(hasDictionary), [false, false, false, false, true, true, true]);
});

test('batches of other columns, of another schema, or after the end are refused', () => {
  const encoder = createParquetEncoder(SCHEMA, CONFIG, {});
  const other = recordBatch([{ name: 'x' }], SCHEMA.select(['name']));
  assert.throws(() => encoder.rowGroup(other), isInternal(/a batch has the columns name, the file has timestamp/));
  encoder.rowGroup(BATCHES[0]!);
  const nullable = recordBatch(ROWS.slice(0, 1), withNullableName());
  assert.throws(() => encoder.rowGroup(nullable), isInternal(/another Parquet schema/));
  encoder.finish();
  assert.throws(() => encoder.rowGroup(BATCHES[0]!), isInternal(/is finished/));
  assert.throws(() => encoder.finish(), isInternal(/is finished/));
});

function withNullableName() {
  const schema = SCHEMA.select(SCHEMA.fields.map((field) => field.name));
  schema.fields[8] = schema.fields[8]!.clone({ nullable: true });
  return schema;
}

function isInternal(message: RegExp) {
  return (error: unknown) => error instanceof BridgeError && error.code === 'internal' && message.test(error.message);
}

test('the memory of the writer grows with the largest row group, not with their number or with failures', () => {
  const batch = recordBatch(sampleRows(2000));
  const invalid = recordBatch([{ ...ROWS[0]!, name: null }]);
  const encoder = createParquetEncoder(SCHEMA, CONFIG, {});
  const encode = (times: number) => {
    for (let i = 0; i < times; i++) {
      encoder.rowGroup(batch);
      assert.throws(() => encoder.rowGroup(invalid));
    }
    return wasmMemory().buffer.byteLength;
  };
  const before = encode(3);
  assert.equal(encode(40), before);
});

test('a null in a required column is an error that names the writer, not a file', () => {
  const encoder = createParquetEncoder(SCHEMA, CONFIG, {});
  const batch = recordBatch([{ ...ROWS[0]!, name: null }]);
  assert.throws(() => encoder.rowGroup(batch), isInternal(/the Parquet writer failed on 1 rows/));
  assert.equal(encoder.rowGroup(BATCHES[0]!).length, 2, 'the writer goes on');
});
