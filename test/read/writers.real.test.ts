/** Files of other writers in the lake's layout: what is read, and what is named and left out or ends the read. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, before, describe, test } from 'node:test';
import { promisify } from 'node:util';
import { startBridge } from '../support/daemon.ts';
import { sharedBridge } from '../support/shared-bridge.ts';

/** Columns of a span as another writer might have them; `n` rows. */
const COMMON = `
import pyarrow as pa, pyarrow.parquet as pq, duckdb, sys, datetime as dt
path, = sys.argv[1:]
n = 500
at = [dt.datetime(2026, 11, 21, 8, tzinfo=dt.timezone.utc) + dt.timedelta(milliseconds=i) for i in range(n)]
ids = [f'{i:032x}' for i in range(n)]
names = [None if i == 9 else f'span {i % 10}' for i in range(n)]
def table(**more):
    columns = {'timestamp': pa.array(at, pa.timestamp('us', 'UTC')), 'trace_id': ids, 'name': names, 'duration_nano': list(range(n))}
    return pa.table({**columns, **more})
`;

/** Each writes 500 rows that are the same to a reader. */
const WRITERS: Record<string, string> = {
  'int96 timestamps, as Spark and Impala wrote them': `pq.write_table(table(), path, use_deprecated_int96_timestamps=True)`,
  'Spark-like: int96, legacy lists, snappy, flavor spark': `pq.write_table(table(), path, flavor='spark', use_deprecated_int96_timestamps=True)`,
  'no statistics, no dictionaries': `pq.write_table(table(), path, write_statistics=False, use_dictionary=False)`,
  'a page index and pages of version 2': `pq.write_table(table(), path, write_page_index=True, data_page_version='2.0', data_page_size=512)`,
  'delta encodings': `pq.write_table(table(duration_nano=pa.array(range(n), pa.int64())), path, use_dictionary=False, column_encoding={'duration_nano': 'DELTA_BINARY_PACKED', 'trace_id': 'DELTA_BYTE_ARRAY', 'name': 'DELTA_LENGTH_BYTE_ARRAY'})`,
  'required columns': `t = table(name=[x or 'none' for x in names]); pq.write_table(t.cast(pa.schema([pa.field(f.name, f.type, nullable=False) for f in t.schema])), path)`,
  'dictionary-encoded text everywhere': `t = table(); pq.write_table(t.set_column(2, 'name', t['name'].dictionary_encode()).set_column(1, 'trace_id', t['trace_id'].dictionary_encode()), path)`,
  'large strings': `t = table(); pq.write_table(t.set_column(1, 'trace_id', t['trace_id'].cast(pa.large_string())), path)`,
  'unsigned 64-bit durations': `pq.write_table(table(duration_nano=pa.array(range(n), pa.uint64())), path)`,
  '16-bit durations': `pq.write_table(table(duration_nano=pa.array(range(n), pa.int16())), path)`,
  'a timestamp without a time zone': `pq.write_table(table(timestamp=pa.array([x.replace(tzinfo=None) for x in at], pa.timestamp('ms'))), path)`,
  'extra columns of every kind': `pq.write_table(table(extra=pa.array([{'a': [1, None]}] * n), price=pa.array([None] * n, pa.decimal128(9, 2)), day=pa.array([dt.date(2026, 1, 1)] * n), nothing=pa.nulls(n)), path)`,
  'columns in another order, and many row groups': `t = table(); pq.write_table(t.select(t.column_names[::-1]), path, row_group_size=37)`,
  'DuckDB, zstd': `t = table(); duckdb.sql('SET TimeZone = \\'UTC\\''); duckdb.sql("SELECT * FROM t").write_parquet(path, compression='zstd')`,
  'DuckDB, snappy, row groups': `t = table(); duckdb.sql(f"COPY (SELECT * FROM t) TO '{path}' (FORMAT parquet, ROW_GROUP_SIZE 100)")`,
  'DuckDB, gzip, version 2': `t = table(); duckdb.sql(f"COPY (SELECT * FROM t) TO '{path}' (FORMAT parquet, CODEC gzip, PARQUET_VERSION v2)")`,
};
for (const codec of ['snappy', 'gzip', 'brotli', 'lz4', 'zstd', 'none']) {
  WRITERS[`pyarrow, ${codec}, pages of both versions`] =
    `pq.write_table(table(), path, compression='${codec}', data_page_version='${codec === 'lz4' ? '1.0' : '2.0'}')`;
}

/** One table of numbers, written in every codec with the encodings that are no writer's first choice, and by DuckDB. */
const NUMBERS = `
n = 1500
at = [dt.datetime(2026, 11, 21, 8, tzinfo=dt.timezone.utc) + dt.timedelta(seconds=i) for i in range(n)]
t = pa.table({
    'timestamp': pa.array(at, pa.timestamp('us', 'UTC')),
    'metric_name': ['requests'] * n,
    'value_double': [None if i % 7 == 0 else i / 3 for i in range(n)],
    'sum': pa.array([i / 2 for i in range(n)], pa.float32()),
    'value_int': pa.array(range(n), pa.int64()),
    'is_monotonic': [i % 3 == 0 if i % 5 else None for i in range(n)],
})
split = {name: 'BYTE_STREAM_SPLIT' for name in ('value_double', 'sum', 'value_int')}
encodings = {**split, 'timestamp': 'DELTA_BINARY_PACKED', 'metric_name': 'DELTA_BYTE_ARRAY', 'is_monotonic': 'RLE'}
for version in ('1.0', '2.0'):
    for codec in ('zstd', 'lz4', 'brotli', 'gzip', 'snappy', 'none'):
        pq.write_table(t, f'{path}/{version}-{codec}.parquet', use_dictionary=False, compression=codec, data_page_version=version, column_encoding=encodings, row_group_size=600)
duckdb.sql("SET TimeZone = 'UTC'")
for i, options in enumerate(['CODEC zstd', 'CODEC lz4', 'CODEC lz4_raw', 'CODEC brotli', 'CODEC snappy, PARQUET_VERSION v2', 'CODEC uncompressed, PARQUET_VERSION v2, ROW_GROUP_SIZE 2048']):
    duckdb.sql(f"COPY (SELECT * FROM t) TO '{path}/duckdb-{i}.parquet' (FORMAT parquet, {options})")
`;

/** Not synchronous: the bridge is in this process, and its connections would be closed for their silence. */
async function write(script: string, path: string): Promise<void> {
  await promisify(execFile)('python3', ['-c', `${COMMON}\n${script}`, path]);
}

describe('files of other writers', () => {
  const bridge = sharedBridge();
  let folder: string;
  before(() => {
    folder = join(bridge.folder, 'lake/traces/date=2026-11-21/hour=08');
    mkdirSync(folder, { recursive: true });
  });

  afterEach(() => {
    for (const name of readdirSync(folder)) rmSync(join(folder, name));
  });

  for (const [name, script] of Object.entries(WRITERS)) {
    test(`${name}: every row is read and filtered`, async () => {
      const path = join(folder, 'part-0.parquet');
      await write(script, path);
      const rows = await bridge.rows();
      assert.equal(rows.length, 500);
      const row = rows.find(({ trace_id }) => trace_id === (300).toString(16).padStart(32, '0'))!;
      assert.deepEqual(
        [row.timestamp, row.name, row.duration_nano, row.service_name, row.attributes, row.events],
        ['2026-11-21T08:00:00.300000Z', 'span 0', 300, null, null, null],
      );
      const ids = async (filter: string) =>
        (await bridge.rows({ filter, select: 'duration_nano' })).map((hit) => hit.duration_nano);
      assert.deepEqual(await ids(`trace_id = '${'0'.repeat(30)}11'`), [17]);
      assert.deepEqual(await ids("timestamp >= '2026-11-21T08:00:00.498Z'"), [498, 499]);
      assert.deepEqual(await ids("duration_nano BETWEEN 3 AND 4 AND name LIKE 'span%'"), [3, 4]);
      assert.deepEqual(await ids("service_name = 'x'"), []);
      assert.equal((await bridge.rows({ format: 'ndjson', partition: 'date=2026-11-21' })).length, 500);
    });
  }

  test('files of several writers are one table, whatever each of them lacks', async () => {
    const scripts = Object.values(WRITERS).slice(0, 5);
    for (const [i, script] of scripts.entries()) await write(script, join(folder, `part-${i}.parquet`));
    assert.equal((await bridge.rows({ select: 'trace_id' })).length, 2500);
    const response = await fetch(`${bridge.api}/api/v1/tables/traces/rows?format=otlp-json`);
    const { resourceSpans } = (await response.json()) as { resourceSpans: { scopeSpans: { spans: unknown[] }[] }[] };
    assert.equal(resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)).length, 2500);
  });

  test('numbers in every encoding and codec are the same rows, whoever wrote them', async (t) => {
    const metrics = join(bridge.folder, 'lake/metrics/x=1');
    mkdirSync(metrics, { recursive: true });
    t.after(() => rmSync(metrics, { recursive: true }));
    await write(NUMBERS, metrics);
    const files = readdirSync(metrics).length;
    assert.equal(files, 18);
    const select = 'timestamp,metric_name,value_double,sum,value_int,is_monotonic';
    const counts = new Map<string, number>();
    for (const row of await bridge.rows({ select }, 'metrics')) {
      const text = JSON.stringify(row);
      counts.set(text, (counts.get(text) ?? 0) + 1);
    }
    assert.deepEqual([counts.size, new Set(counts.values())], [1500, new Set([files])]);
    const [row, ...others] = await bridge.rows({ filter: 'value_double > 498 AND is_monotonic', select }, 'metrics');
    assert.deepEqual(row, {
      timestamp: '2026-11-21T08:24:57.000000Z',
      metric_name: 'requests',
      value_double: 499,
      sum: 748.5,
      value_int: 1497,
      is_monotonic: true,
    });
    assert.equal(others.length, files - 1);
  });

  test('a file without rows, and one without any known column, are read too', async () => {
    await write('pq.write_table(table().slice(0, 0), path)', join(folder, 'empty.parquet'));
    await write("pq.write_table(pa.table({'other': [1, 2, 3]}), path)", join(folder, 'other.parquet'));
    const rows = await bridge.rows();
    assert.deepEqual([rows.length, rows[0]!.trace_id], [3, null]);
  });

  const REFUSED: readonly (readonly [string, string, RegExp])[] = [
    [
      'a number where the table has text',
      'pq.write_table(table(name=list(range(n))), path)',
      /column name is Int64 in the file, text/,
    ],
    [
      'text where the table has a number',
      "pq.write_table(table(duration_nano=['x'] * n), path)",
      /column duration_nano is Utf8/,
    ],
    [
      'a date where the table has a time',
      'pq.write_table(table(timestamp=pa.array([x.date() for x in at])), path)',
      /column timestamp is Date/,
    ],
    [
      'no Parquet at all',
      "open(path, 'wb').write(b'hello, this is no Parquet file')",
      /cannot be read as Parquet: it ends in/,
    ],
    [
      'a file that was cut',
      "pq.write_table(table(), path); d = open(path, 'rb').read(); open(path, 'wb').write(d[:len(d) // 2])",
      /cannot be read as Parquet/,
    ],
    [
      'an encrypted footer',
      "pq.write_table(table(), path); d = open(path, 'rb').read(); open(path, 'wb').write(d[:-4] + b'PARE')",
      /ends in "PARE"/,
    ],
  ];

  for (const [name, script, message] of REFUSED) {
    test(`${name}: the read fails and names the file, or leaves it out and names it`, async () => {
      const [good, bad] = [join(folder, 'a.parquet'), join(folder, 'b.parquet')];
      await write('pq.write_table(table(), path)', good);
      await write(script, bad);
      const response = await fetch(
        `${bridge.api}/api/v1/tables/traces/rows?select=name,timestamp,duration_nano&limit=600`,
      );
      const { error } = (await response.json()) as { error: { message: string; hint: string } };
      assert.equal(response.status, 422);
      assert.match(error.message, message);
      assert.match(error.message, /^traces\/date=2026-11-21\/hour=08\/b\.parquet/);
      assert.match(error.hint, /on_error=skip/);
      assert.equal((await bridge.rows({ on_error: 'skip' })).length, 500);
    });
  }

  test('a column of a foreign type does no harm where it is not asked for', async () => {
    const path = join(folder, 'a.parquet');
    await write('pq.write_table(table(name=list(range(n))), path)', path);
    assert.equal((await bridge.rows({ select: 'trace_id', filter: 'duration_nano < 10' })).length, 10);
  });
});

test('names that engines skip are skipped: hidden files and folders, markers, other endings', async (t) => {
  const bridge = await startBridge(t);
  const folder = join(bridge.folder, 'lake/traces/date=2026-11-21');
  for (const name of ['_temporary', '.hive-staging']) mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['_SUCCESS', '.part.crc', '_temporary/x.parquet', '.hive-staging/x.parquet', 'notes.txt']) {
    writeFileSync(join(folder, name), 'no Parquet');
  }
  await write('pq.write_table(table(), path)', join(folder, 'part.parquet'));
  assert.equal((await bridge.rows()).length, 500);
});

/** Whole tables in Hive's layout: what a folder says is not in its files. */
const HIVE: Record<string, string> = {
  pyarrow: `
import pyarrow.dataset as ds
flavor = ds.partitioning(pa.schema([('service_name', pa.string()), ('flags', pa.int64())]), flavor='hive')
ds.write_dataset(t, path, format='parquet', partitioning=flavor)`,
  DuckDB: `duckdb.sql(f"COPY (SELECT * FROM t) TO '{path}' (FORMAT parquet, PARTITION_BY (service_name, flags), OVERWRITE_OR_IGNORE)")`,
  // Spark escapes fewer characters than the others, and leaves its marker and checksums beside the files.
  Spark: `
import os
for service in services:
    for flag in (0, 1):
        part = t.take([i for i in range(n) if services[i % 3] == service and i % 2 == flag])
        name = '__HIVE_DEFAULT_PARTITION__' if service is None else service.replace('/', '%2F').replace(':', '%3A')
        folder = f'{path}/service_name={name}/flags={flag}'
        os.makedirs(folder)
        pq.write_table(part.drop_columns(['service_name', 'flags']), f'{folder}/part-00000-3f0c.c000.snappy.parquet', flavor='spark', use_deprecated_int96_timestamps=True)
        open(f'{folder}/.part-00000-3f0c.c000.snappy.parquet.crc', 'wb').write(b'crc!')
open(f'{path}/_SUCCESS', 'w').close()`,
};

for (const [name, script] of Object.entries(HIVE)) {
  for (const partitioned of [false, true]) {
    test(`a table that ${name} partitioned is read whole, ${partitioned ? 'where the bridge does so too' : 'beside the own rows'}`, async (t) => {
      const strategy = '[partitioning]\ntype = "value"\nfield = "service_name"\n';
      const bridge = await startBridge(t, partitioned ? strategy : '');
      mkdirSync(join(bridge.folder, 'lake'), { recursive: true });
      const table = `
services = ['cart', 'check out/2: é', None]
t = table(service_name=[services[i % 3] for i in range(n)], flags=pa.array([i % 2 for i in range(n)], pa.int64()))
${script}`;
      await write(table, join(bridge.folder, 'lake/traces'));
      const ids = async (filter: string) =>
        (await bridge.rows({ filter, select: 'duration_nano' }))
          .map((row) => Number(row.duration_nano))
          .sort((a, b) => a - b);
      const numbers = (keep: (i: number) => boolean) => Array.from({ length: 500 }, (_, i) => i).filter(keep);
      assert.deepEqual(
        await ids("service_name = 'cart'"),
        numbers((i) => i % 3 === 0),
      );
      assert.deepEqual(
        await ids("service_name = 'check out/2: é' AND flags = 1"),
        numbers((i) => i % 6 === 1),
      );
      assert.deepEqual(
        await ids('service_name IS NULL AND duration_nano < 100'),
        numbers((i) => i % 3 === 2 && i < 100),
      );
      assert.deepEqual(
        await ids("flags <> 0 AND timestamp < '2026-11-21T08:00:00.050Z'"),
        numbers((i) => i % 2 === 1 && i < 50),
      );
      const rows = await bridge.rows({ select: 'service_name,flags,duration_nano,timestamp' });
      assert.equal(rows.length, 500);
      assert.deepEqual(
        rows.find((row) => row.duration_nano === 301),
        {
          service_name: 'check out/2: é',
          flags: 1,
          duration_nano: 301,
          timestamp: '2026-11-21T08:00:00.301000Z',
        },
      );
    });
  }
}
