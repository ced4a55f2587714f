import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { zstdDecompressSync } from 'node:zlib';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { parseConfig } from '../../../src/config/load.ts';
import { importRows } from '../../../src/tables/import/import.ts';
import type { ImportOptions } from '../../../src/tables/import/types.ts';
import { tempFolder } from '../../support/temp.ts';

const FIELDS = [
  { name: 'id', type: 'int64', nullable: false },
  { name: 'note', type: 'string' },
  { name: 'price', type: 'decimal(18,10)' },
  { name: 'at', type: 'timestamp(us)' },
];

async function* bytesOf(text: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < text.length; at += 1000) yield Buffer.from(text.slice(at, at + 1000));
}

function importer(t: TestContext) {
  const folder = tempFolder(t);
  const to = join(folder, 'out.parquet');
  const run = (text: string, changes: Partial<ImportOptions> = {}) =>
    importRows(
      {
        source: bytesOf(text),
        format: 'csv',
        to,
        schema: { fields: FIELDS },
        onInvalid: 'fail',
        nullTexts: [],
        columnNulls: {},
        keepEmpty: [],
        truncate: false,
        csv: { hasHeader: true },
        parquet: parseConfig('', '', {}).parquet,
        connection: {},
        abortStale: false,
        version: '1.2.3',
        ...changes,
      },
      { signal: new AbortController().signal },
    );
  const rows = async () => {
    const file = new Uint8Array(readFileSync(to)).buffer;
    const compressors = { ZSTD: (bytes: Uint8Array) => zstdDecompressSync(bytes) };
    return (await parquetReadObjects({ file, compressors })) as Record<string, unknown>[];
  };
  return { folder, to, run, rows };
}

test('rows take the types of the schema, by the names of the header; empty cells are null', async (t) => {
  const { run, rows, to } = importer(t);
  const report = await run('price,id,at,note\n1.25,9007199254740993,2024-02-29T12:00:00.123456,x\n,2,,\n');
  assert.deepEqual([report.rows, report.rejected, report.rowGroups, report.url], [2, 0, 1, to]);
  const [first, second] = await rows();
  assert.equal(first!.id, 9007199254740993n);
  assert.equal(first!.price, 1.25);
  assert.deepEqual(second, { id: 2n, note: null, price: null, at: null });
});

test('what is null is a rule of the column', async (t) => {
  const { run, rows } = importer(t);
  const rules = { nullTexts: ['-'], columnNulls: { price: ['N/A'] }, keepEmpty: ['note'] };
  await run('id,note,price,at\n1,,N/A,-\n2,N/A,-,\n', rules);
  assert.deepEqual(await rows(), [
    { id: 1n, note: '', price: null, at: null },
    { id: 2n, note: 'N/A', price: null, at: null },
  ]);
  await assert.rejects(run('id,note,price,at\n', { keepEmpty: ['nobody'] }), { message: /nobody/ });
});

test('nanoseconds are an error that names row and column, or cut off where that was asked for', async (t) => {
  const { run, rows, folder } = importer(t);
  const text = 'id,note,price,at\n1,,,2024-01-01T00:00:00\n2,,,2024-01-01T00:00:00.123456789\n';
  await assert.rejects(run(text), { code: 'invalid_argument', message: /row 2, column at/ });
  assert.deepEqual(
    readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()),
    [],
  );
  await run(text, { truncate: true });
  assert.equal(((await rows())[1]!.at as Date).toISOString(), '2024-01-01T00:00:00.123Z');
});

test('rows that do not fit go into the rejects file', async (t) => {
  const { run, to } = importer(t);
  const report = await run('id,note,price,at\nx,,,\n2,,1.00000000001,\n3,,,\n4\n', { onInvalid: 'skip' });
  assert.deepEqual([report.rows, report.rejected], [1, 3]);
  const lines = readFileSync(`${to}.rejects.ndjson`, 'utf8').trimEnd().split('\n');
  const rejected = lines.map((line) => JSON.parse(line) as { row: number; column: string });
  assert.deepEqual(
    rejected.map(({ row, column }) => [row, column]),
    [
      [1, 'id'],
      [2, 'price'],
      [4, ''],
    ],
  );
});

test('lines of JSON keep integers and decimals exact, and empty strings', async (t) => {
  const { run, rows } = importer(t);
  const lines = [
    '{"id": 9223372036854775807, "note": "", "price": "0.1000000001"}',
    '',
    '{"id": 2, "price": null}',
    'no json',
  ];
  const report = await run(lines.join('\n'), { format: 'ndjson', onInvalid: 'skip' });
  assert.deepEqual([report.rows, report.rejected], [2, 1]);
  const found = await rows();
  assert.deepEqual(found[0], { id: 9223372036854775807n, note: '', price: 0.1000000001, at: null });
  assert.deepEqual(found[1], { id: 2n, note: null, price: null, at: null });
  await assert.rejects(run('[1]\n', { format: 'ndjson' }), { message: /line 1: found \[1\], expected a JSON object/ });
});

test('one row group follows another', async (t) => {
  const { run, to } = importer(t);
  const text = `id,note,price,at\n${Array.from({ length: 250 }, (_, i) => `${i},,,`).join('\n')}\n`;
  const parquet = { ...parseConfig('', '', {}).parquet, rowGroupSize: 100 };
  assert.equal((await run(text, { parquet })).rowGroups, 3);
  const { row_groups: groups } = parquetMetadata(new Uint8Array(readFileSync(to)).buffer);
  assert.deepEqual(
    groups.map(({ num_rows: rows }) => Number(rows)),
    [100, 100, 50],
  );
});
