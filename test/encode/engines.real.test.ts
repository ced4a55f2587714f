/** The files in engines that are not ours: pyarrow and DuckDB, by way of Python. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { COMPRESSIONS, recordBatch, SCHEMA, sampleRows, traceId, writeFile } from './support.ts';

const ROWS = sampleRows(1200);
const BATCHES = [recordBatch(ROWS.slice(0, 800)), recordBatch(ROWS.slice(800))];
const PRESENT = [traceId(3), traceId(149)];
const ABSENT = traceId(999_999);
const VARIANTS = [
  ...COMPRESSIONS.map((compression) => ({ compression })),
  { compression: 'ZSTD', statisticsEnabled: false, dictionaryEnabled: false },
  { compression: 'ZSTD', pageSize: 2048 },
] as const;

interface View {
  readonly rows: unknown[];
  readonly types: Record<string, string>;
  readonly fieldIds: Record<string, string | number>;
}

interface Views {
  readonly pyarrow: View & {
    readonly nestedFieldId: string;
    readonly metadata: Record<string, string>;
    readonly createdBy: string;
    readonly sortedBy: string[];
    readonly paths: string[];
    readonly columnIndexes: string[];
    readonly offsetIndexes: string[];
    readonly pruned: number;
  };
  readonly duckdb: View & {
    readonly blooms: [number, string][];
    readonly probes: boolean[][];
    readonly counts: number[];
  };
}

const folder = mkdtempSync(join(tmpdir(), 'lake-encode-'));
const views: Views[] = [];

before(() => {
  const paths = VARIANTS.map((variant, i) => {
    const path = join(folder, `${i}.parquet`);
    const metadata = { 'otel-lake.version': '1.2.3', 'otel-lake.commit_id': 'grüße' };
    writeFileSync(path, writeFile(BATCHES, { ...variant, sortBy: ['timestamp'] }, metadata).bytes);
    return path;
  });
  const script = join(import.meta.dirname, 'engines.py');
  const args = [script, ...paths, '--', ...PRESENT, ABSENT];
  const output = execFileSync('python3', args, { maxBuffer: 1 << 28, encoding: 'utf8' });
  const byPath = JSON.parse(output) as Record<string, Views>;
  views.push(...paths.map((path) => byPath[path]!));
});

after(() => rmSync(folder, { recursive: true }));

const expected = JSON.parse(
  JSON.stringify(ROWS, (_, value) => (typeof value === 'bigint' ? String(value) : value)),
) as unknown[];

VARIANTS.forEach((variant, i) => {
  test(`pyarrow and DuckDB read every row of a file with ${JSON.stringify(variant)}`, () => {
    assert.deepEqual(views[i]!.pyarrow.rows, expected);
    assert.deepEqual(views[i]!.duckdb.rows, expected);
    assert.equal(views[i]!.pyarrow.pruned, 8);
    assert.deepEqual(views[i]!.duckdb.counts, [8, 8, 0]);
  });

  test(`DuckDB finds the Bloom filters of a file with ${JSON.stringify(variant)} and trusts them`, () => {
    const { blooms, probes } = views[i]!.duckdb;
    assert.deepEqual(blooms, [
      [0, 'service_name'],
      [0, 'trace_id'],
      [1, 'service_name'],
      [1, 'trace_id'],
    ]);
    assert.deepEqual(probes, [
      [false, true],
      [true, false],
      [true, true],
    ]);
  });
});

test('engines see plain strings, maps, lists and times', () => {
  const { pyarrow, duckdb } = views[0]!;
  assert.equal(pyarrow.types.timestamp, 'timestamp[us, tz=UTC]');
  assert.equal(pyarrow.types.name, 'string');
  assert.match(pyarrow.types.attributes!, /^map<string, string/);
  assert.match(pyarrow.types.events!, /^list<element: struct<time_unix_nano: int64 not null, name: string not null/);
  assert.equal(JSON.stringify(pyarrow.types).includes('dictionary'), false);
  assert.equal(duckdb.types.timestamp, 'TIMESTAMP WITH TIME ZONE');
  assert.equal(duckdb.types.name, 'VARCHAR');
  assert.equal(duckdb.types.attributes, 'MAP(VARCHAR, VARCHAR)');
  assert.match(duckdb.types.events!, /^STRUCT\(time_unix_nano BIGINT, .*MAP\(VARCHAR, VARCHAR\).*\)\[\]$/);
});

test('engines see the field ids', () => {
  const { pyarrow, duckdb } = views[0]!;
  const ids = SCHEMA.fields.map((field) => [field.name, field.metadata.get('PARQUET:field_id')]);
  assert.deepEqual(pyarrow.fieldIds, Object.fromEntries(ids));
  assert.equal(pyarrow.nestedFieldId, '1302');
  assert.equal(duckdb.fieldIds.timestamp, 1);
  assert.equal(duckdb.fieldIds.events, 18);
});

test('pyarrow sees our metadata, the writer, the order of rows and the names of map groups', () => {
  const { metadata, createdBy, sortedBy, paths } = views[0]!.pyarrow;
  assert.deepEqual(metadata, { 'otel-lake.version': '1.2.3', 'otel-lake.commit_id': 'grüße' });
  assert.equal(createdBy, 'otel-lake-bridge version 1.2.3 (build parquet-wasm)');
  assert.deepEqual(sortedBy, ['timestamp']);
  assert.ok(paths.includes('attributes.key_value.key'));
  assert.ok(paths.includes('events.list.element.attributes.key_value.value'));
});

test('pyarrow finds page indexes: offsets of every column, bounds of those that are not nested', () => {
  const { paths, columnIndexes, offsetIndexes } = views[0]!.pyarrow;
  assert.deepEqual(offsetIndexes, [...paths].sort());
  assert.deepEqual(columnIndexes, paths.filter((path) => !path.includes('.')).sort());
});
