import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { type TestContext, test } from 'node:test';
import { gzipSync, zstdDecompressSync } from 'node:zlib';
import { parse } from 'csv-parse/sync';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { readAvroMetadata } from '../../../src/tables/avro/header.ts';
import { convert } from '../../../src/tables/convert/convert.ts';
import { type ConvertInput, convertOptions } from '../../../src/tables/convert/options.ts';
import type { ConvertReport } from '../../../src/tables/convert/types.ts';
import { tempFolder } from '../../support/temp.ts';
import { realCsv } from '../real-csv.ts';

interface Folders {
  readonly from: string;
  readonly to: string;
  run(changes?: Partial<ConvertInput>): Promise<ConvertReport>;
  /** Rows of a Parquet output. */
  rows(name: string): Promise<Record<string, unknown>[]>;
}

function folders(t: TestContext): Folders {
  const root = tempFolder(t);
  const from = join(root, 'in');
  const to = join(root, 'out');
  mkdirSync(from);
  return {
    from,
    to,
    run: (changes = {}) => {
      const input = { sources: [`${from}/`], to, formats: ['parquet', 'avro'] as const, maxWorkers: 2, ...changes };
      return convert(convertOptions(input));
    },
    rows: async (name) => {
      const file = new Uint8Array(readFileSync(join(to, name))).buffer;
      return (await parquetReadObjects({
        file,
        compressors: { ZSTD: (bytes) => zstdDecompressSync(bytes) },
      })) as Record<string, unknown>[];
    },
  };
}

function filesIn(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return entries.map((entry) => relative(folder, join(entry.parentPath, entry.name))).sort();
}

const statuses = ({ files }: ConvertReport) => files.map(({ status }) => status);

test('real files become Parquet and Avro, with the rows another parser finds and types that fit them', async (t) => {
  const { from, to, run, rows } = folders(t);
  copyFileSync(realCsv('birdstrikes.csv'), join(from, 'birdstrikes.csv'));
  mkdirSync(join(from, 'sub'));
  writeFileSync(join(from, 'sub/zipcodes.csv.gz'), gzipSync(readFileSync(realCsv('zipcodes.csv'))));
  writeFileSync(join(from, 'notes.md'), 'no table');
  const { totals, files } = await run();
  assert.deepEqual(statuses({ totals, files }), ['converted', 'converted']);
  assert.equal(totals.rows, 10_000 + 42_049);
  assert.ok(totals.ratio > 0 && totals.bytesOut > 0);
  const made = ['birdstrikes.avro', 'birdstrikes.parquet', 'sub', 'sub/zipcodes.avro', 'sub/zipcodes.parquet'];
  assert.deepEqual(readdirSync(to, { recursive: true }).map(String).sort(), made, 'and no folder beside');
  const expected = parse(readFileSync(realCsv('birdstrikes.csv')), { columns: true }) as Record<string, string>[];
  const found = await rows('birdstrikes.parquet');
  assert.equal(found.length, expected.length);
  found.forEach((row, i) => {
    for (const [name, text] of Object.entries(expected[i]!)) {
      const value = row[name];
      const shown = value instanceof Date ? value.toISOString().slice(0, 10) : value === null ? '' : String(value);
      assert.equal(shown, text, `row ${i}, ${name}`);
    }
  });
  assert.ok(found[0]!['Flight Date'] instanceof Date);
  assert.equal(typeof found[0]!['Cost Total $'], 'bigint');
  assert.equal((await rows('sub/zipcodes.parquet'))[0]!.zip_code, '00501');
  const schema = JSON.parse(readAvroMetadata(readFileSync(join(to, 'birdstrikes.avro')))!['avro.schema']!);
  assert.equal(schema.name, 'birdstrikes');
  assert.match(schema.doc, /birdstrikes\.csv/);
  assert.deepEqual(schema.fields[0], {
    name: 'Airport_Name',
    type: ['null', 'string'],
    default: null,
    column: 'Airport Name',
  });
});

test('what is up to date is left alone, what is missing or made of something else is made', async (t) => {
  const { from, to, run } = folders(t);
  for (const name of ['stocks.csv', 'airports.csv']) copyFileSync(realCsv(name), join(from, name));
  await run({ formats: ['parquet'] });
  const before = readFileSync(join(to, 'stocks.parquet'));
  const more = await run();
  assert.deepEqual(statuses(more), ['converted', 'converted']);
  assert.deepEqual(
    more.files.map(({ outputs }) => outputs),
    [[join(to, 'airports.avro')], [join(to, 'stocks.avro')]],
  );
  assert.deepEqual(readFileSync(join(to, 'stocks.parquet')), before);
  assert.deepEqual(statuses(await run()), ['up to date', 'up to date']);
  utimesSync(join(from, 'stocks.csv'), 1, 1);
  assert.deepEqual(statuses(await run()), ['up to date', 'converted']);
  assert.deepEqual(statuses(await run({ onInvalid: 'skip' })), ['converted', 'converted']);
  writeFileSync(join(to, 'stocks.avro'), 'no Avro file');
  assert.deepEqual(statuses(await run({ onInvalid: 'skip' })), ['up to date', 'converted']);
  assert.deepEqual(statuses(await run({ onInvalid: 'skip', force: true })), ['converted', 'converted']);
});

const MISFITS = `id,price\n${Array.from({ length: 300 }, (_, i) => `${i},${i}.5`).join('\n')}\n300,cheap\n301\n302,1,2\n303,9\n`;

test('a row that does not fit fails its file alone, by its number and column', async (t) => {
  const { from, to, run } = folders(t);
  writeFileSync(join(from, 'bad.csv'), MISFITS);
  copyFileSync(realCsv('stocks.csv'), join(from, 'stocks.csv'));
  const { files, totals } = await run({ csv: { sampleRows: 100 } });
  assert.deepEqual([totals.converted, totals.failed], [1, 1]);
  assert.match(files[0]!.error!.message, /row 301, column price: found "cheap"/);
  assert.deepEqual(
    readdirSync(to).filter((name) => name.startsWith('bad')),
    [],
  );
  assert.ok(existsSync(join(to, 'stocks.avro')));
});

test('rows that do not fit are left out and kept beside, or lose the value', async (t) => {
  const { from, to, run, rows } = folders(t);
  writeFileSync(join(from, 'bad.csv'), MISFITS);
  const skipped = await run({ csv: { sampleRows: 100 }, onInvalid: 'skip' });
  assert.deepEqual(skipped.files[0]!.error, undefined);
  assert.deepEqual([skipped.totals.rows, skipped.totals.rejected], [301, 3]);
  const lines = readFileSync(join(to, 'bad.rejects.ndjson'), 'utf8').trimEnd().split('\n');
  const rejected = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.deepEqual(
    rejected.map(({ row, column, record }) => [row, column, record]),
    [
      [301, 'price', ['300', 'cheap']],
      [302, '', ['301']],
      [303, '', ['302', '1', '2']],
    ],
  );
  const nulled = await run({ csv: { sampleRows: 100 }, onInvalid: 'null' });
  assert.deepEqual([nulled.totals.rows, nulled.totals.rejected], [303, 1]);
  const found = await rows('bad.parquet');
  assert.deepEqual(found.slice(300, 302), [
    { id: 300n, price: null },
    { id: 301n, price: null },
  ]);
});

test('a schema is held for all files, by the names in their headers', async (t) => {
  const { from, run, rows } = folders(t);
  writeFileSync(join(from, 'a.csv'), 'b,a\n1.10,x\n,y\n');
  const fields = [
    { name: 'a', type: 'string', nullable: false },
    { name: 'b', type: 'decimal(18,10)' },
  ];
  const report = await run({ schema: { fields } });
  assert.deepEqual(report.files[0]!.error, undefined);
  const file = await rows('a.parquet');
  assert.deepEqual(
    file.map(({ a, b }) => [a, b === null ? null : Number(b)]),
    [
      ['x', 1.1],
      ['y', null],
    ],
  );
  const strange = await run({ schema: { fields: [fields[1]!] } });
  assert.match(strange.files[0]!.error!.message, /"a" is not in the schema/);
});

test('globs and single files are sources; nothing, and two sources of one name, are errors', async (t) => {
  const { from, to, run } = folders(t);
  mkdirSync(join(from, 'x/y'), { recursive: true });
  for (const name of ['x/y/a.csv', 'x/b.csv', 'x/c.data']) copyFileSync(realCsv('stocks.csv'), join(from, name));
  const globbed = await run({ sources: [`${from}/x/**/*.csv`], formats: ['parquet'] });
  assert.equal(globbed.totals.converted, 2);
  assert.deepEqual(filesIn(to), ['b.parquet', 'y/a.parquet']);
  const single = await run({ sources: [join(from, 'x/c.data')], formats: ['avro'] });
  assert.equal(single.totals.converted, 1);
  await assert.rejects(run({ sources: [join(from, 'none.csv')] }), { code: 'not_found' });
  await assert.rejects(run({ sources: [`${from}/nothing/`] }), { code: 'not_found', message: /no CSV file/ });
  writeFileSync(join(from, 'x/b.csv.gz'), gzipSync('a,b\n1,2\n'));
  await assert.rejects(run(), { code: 'invalid_argument', message: /would both become/ });
});

test('a file with a header alone becomes files without rows', async (t) => {
  const { from, to, run, rows } = folders(t);
  writeFileSync(join(from, 'empty.csv'), 'a,b\n');
  assert.equal((await run()).totals.converted, 1);
  assert.deepEqual(await rows('empty.parquet'), []);
  const bytes = new Uint8Array(readFileSync(join(to, 'empty.parquet'))).buffer;
  assert.deepEqual(
    parquetMetadata(bytes)
      .schema.slice(1)
      .map(({ name }) => name),
    ['a', 'b'],
  );
});

test('cancelled, a run leaves no outputs of the files under way', async (t) => {
  const { from, to } = folders(t);
  writeFileSync(join(from, 'a.csv'), `a,b\n${'1,2\n'.repeat(3_000_000)}`);
  const cancel = new AbortController();
  const running = convert(convertOptions({ sources: [`${from}/`], to, formats: ['parquet', 'avro'] }), {
    signal: cancel.signal,
    onProgress: ({ bytesIn }) => {
      if (bytesIn > 0) cancel.abort();
    },
  });
  await assert.rejects(running);
  assert.equal(existsSync(to), false);
});
