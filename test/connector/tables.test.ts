import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  ConnectorError,
  convert,
  importRows,
  NotFoundError,
  SchemaError,
  type StreamSource,
  scan,
  upload,
} from '../../src/connector/index.ts';
import { tempFolder } from '../support/temp.ts';
import { realCsv } from '../tables/real-csv.ts';

test('CSV is converted, and what is up to date is left alone', async (t) => {
  const to = join(tempFolder(t), 'out');
  const files: string[] = [];
  const options = { sources: [realCsv('stocks.csv')], to, formats: ['parquet', 'avro'] as const, maxWorkers: 1 };
  const { totals } = await convert({ ...options, onFile: ({ status }) => files.push(status) });
  assert.deepEqual([totals.converted, totals.rows, files], [1, 560, ['converted']]);
  assert.equal(await scan(join(to, 'stocks.parquet')).filter("symbol = 'MSFT'").count(), 123);
  assert.equal((await convert(options)).totals.upToDate, 1);
  await assert.rejects(convert({ sources: [join(to, 'none.csv')], to }), NotFoundError);
});

test('rows are imported under a schema, from a file or as they come, and refused by row and column', async (t) => {
  const folder = tempFolder(t);
  const to = join(folder, 'rows.parquet');
  const schema = {
    fields: [
      { name: 'id', type: 'int64' },
      { name: 'price', type: 'decimal(18,10)' },
    ],
  };
  writeFileSync(join(folder, 'rows.csv'), 'id,price\n1,0.0000000001\n2,N/A\n');
  const report = await importRows({
    rows: join(folder, 'rows.csv'),
    format: 'csv',
    hasHeader: true,
    to,
    schema,
    columnNulls: { price: ['N/A'] },
  });
  assert.deepEqual([report.rows, report.url], [2, to]);
  assert.deepEqual(await scan(to).collect(), [
    { id: 1n, price: '0.0000000001' },
    { id: 2n, price: null },
  ]);
  async function* lines() {
    yield Buffer.from('{"id": 1}\n{"id": 1.5}\n');
  }
  const failed = importRows({ rows: lines(), format: 'ndjson', to: join(folder, 'x.parquet'), schema });
  await assert.rejects(failed, (error) => error instanceof SchemaError && /row 2, column id/.test(error.message));
  assert.ok(!existsSync(join(folder, 'x.parquet')));
});

test('files and streams are uploaded, several at once, and cancelled', async (t) => {
  const to = `${join(tempFolder(t), 'to')}/`;
  const stream: StreamSource = {
    name: 'made',
    bytes: (async function* () {
      yield readFileSync(realCsv('stocks.csv'));
    })(),
  };
  const files = await upload({ sources: [realCsv('airports.csv'), stream], to, convert: 'parquet' });
  assert.deepEqual(
    files.map(({ url, rows, error }) => [url, rows, error]),
    [
      [`${to}airports.parquet`, 3376, undefined],
      [`${to}data.parquet`, 560, undefined],
    ],
  );
  const signal = AbortSignal.abort();
  const cancelled = upload({ sources: [realCsv('airports.csv')], to, signal });
  await assert.rejects(cancelled, (error) => error instanceof ConnectorError && error.code === 'cancelled');
});
