import assert from 'node:assert/strict';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type UploadOptions, uploadFiles } from '../../../src/tables/upload/upload.ts';
import { tempFolder } from '../../support/temp.ts';
import { realCsv } from '../real-csv.ts';

function uploader(t: TestContext) {
  const root = tempFolder(t);
  const from = join(root, 'from');
  const to = join(root, 'to');
  mkdirSync(join(from, 'sub'), { recursive: true });
  copyFileSync(realCsv('stocks.csv'), join(from, 'stocks.csv'));
  copyFileSync(realCsv('airports.csv'), join(from, 'sub/airports.csv'));
  writeFileSync(join(from, '.hidden'), 'x');
  const run = (changes: Partial<UploadOptions>) =>
    uploadFiles(
      { sources: [from], to: `${to}/`, parallelism: 2, settings: {}, ...changes },
      { signal: new AbortController().signal },
    );
  return { from, to, run };
}

test('a folder goes with the paths below it, hidden files stay', async (t) => {
  const { to, run } = uploader(t);
  const files = await run({});
  assert.deepEqual(
    files.map(({ url, error }) => [url, error]),
    [
      [join(to, 'stocks.csv'), undefined],
      [join(to, 'sub/airports.csv'), undefined],
    ],
  );
  assert.deepEqual(readFileSync(join(to, 'stocks.csv')), readFileSync(realCsv('stocks.csv')));
  assert.ok(!existsSync(join(to, '.hidden')));
});

test('a key that ends in a slash gets the name of the file, any other one is the key', async (t) => {
  const { from, to, run } = uploader(t);
  const source = join(from, 'stocks.csv');
  assert.equal((await run({ sources: [source] }))[0]!.url, join(to, 'stocks.csv'));
  assert.equal((await run({ sources: [source], to: join(to, 'other') }))[0]!.url, join(to, 'other'));
  assert.ok(existsSync(join(to, 'other')));
});

test('CSV becomes Parquet where it is asked to', async (t) => {
  const { to, run } = uploader(t);
  const files = await run({ convert: 'parquet' });
  assert.deepEqual(
    files.map(({ url }) => url),
    [join(to, 'stocks.parquet'), join(to, 'sub/airports.parquet')],
  );
  assert.equal(readFileSync(join(to, 'stocks.parquet')).toString('latin1', 0, 4), 'PAR1');
});

test('a Parquet file that is not whole, and a file that is not there, are found before anything is sent', async (t) => {
  const { from, to, run } = uploader(t);
  writeFileSync(join(from, 'cut.parquet'), 'PAR1 and then nothing');
  const files = await run({});
  assert.deepEqual(
    files.map(({ error }) => error?.code),
    ['unprocessable', undefined, undefined],
  );
  assert.ok(!existsSync(join(to, 'cut.parquet')));
  await assert.rejects(run({ sources: [join(from, 'none')] }), { code: 'not_found' });
});
