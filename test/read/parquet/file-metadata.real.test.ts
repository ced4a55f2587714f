/** The metadata of files of other writers is what hyparquet's parse of the whole footer says. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { python } from '../../support/python.ts';
import { tempFolder } from '../../support/temp.ts';
import { assertAsHyparquet } from './footers.ts';

const SCRIPT = `
import datetime as dt, decimal, sys, itertools, pyarrow as pa, pyarrow.parquet as pq, duckdb
folder, = sys.argv[1:]
n = 300
t = pa.table({
  'text': [None if i % 7 == 0 else f'é{i}' for i in range(n)], 'int': pa.array(range(n), pa.int16()),
  'big': pa.array([2**63 - 1 - i for i in range(n)], pa.uint64()), 'real': [i / 3 for i in range(n)],
  'at': pa.array([dt.datetime(2026, 1, 1) + dt.timedelta(microseconds=i) for i in range(n)], pa.timestamp('us', 'UTC')),
  'ns': pa.array([i * 1000 for i in range(n)], pa.timestamp('ns')), 'day': pa.array(range(n), pa.date32()),
  'clock': pa.array(range(n), pa.time64('us')), 'price': pa.array([decimal.Decimal(i) / 100 for i in range(n)], pa.decimal128(20, 2)),
  'flag': [i % 2 == 0 for i in range(n)], 'raw': pa.array([bytes([i % 256] * 4) for i in range(n)], pa.binary(4)),
  'list': [list(range(i % 4)) for i in range(n)], 'struct': [{'a': i, 'b': {'c': str(i)}} for i in range(n)],
  'map': pa.array([[('k', str(i))] for i in range(n)], pa.map_(pa.string(), pa.string())), 'nothing': pa.nulls(n),
}, metadata={'who': 'pyarrow', 'é': 'ü' * 300})
options = itertools.product(['1.0', '2.4', '2.6'], ['1.0', '2.0'], [True, False], [True, False, ['text', 'at']])
for i, (version, pages, index, statistics) in enumerate(options):
  pq.write_table(t, f'{folder}/pyarrow-{i}.parquet', version=version, data_page_version=pages, write_page_index=index,
    write_statistics=statistics, row_group_size=[50, 1000][i % 2], compression=['zstd', 'none'][i % 2],
    sorting_columns=[pq.SortingColumn(1)], store_decimal_as_integer=index, write_page_checksum=index,
    column_encoding=None if index else {'int': 'DELTA_BINARY_PACKED'}, use_dictionary=index)
pq.write_table(t.select(['ns']), f'{folder}/int96.parquet', use_deprecated_int96_timestamps=True)
pq.write_table(t.slice(0, 0), f'{folder}/empty.parquet')
u = t.drop_columns(['nothing'])
for version, codec, rows in itertools.product(['V1', 'V2'], ['snappy', 'zstd', 'uncompressed'], [2048, 100000]):
  duckdb.sql(f"COPY (SELECT u.* FROM u, range(10)) TO '{folder}/duckdb-{version}-{codec}-{rows}.parquet' (PARQUET_VERSION {version}, CODEC {codec}, ROW_GROUP_SIZE {rows}, KV_METADATA {{who: 'duckdb'}})")
`;

test('files of pyarrow and DuckDB in every version, with and without indexes, statistics and filters', async (t) => {
  const folder = tempFolder(t);
  await python(SCRIPT, folder);
  const names = readdirSync(folder);
  for (const name of names) assertAsHyparquet(new Uint8Array(readFileSync(join(folder, name))));
  assert.ok(names.length >= 50);
});
