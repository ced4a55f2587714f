import assert from 'node:assert/strict';
import { appendFileSync, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
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

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 1000) yield bytes.subarray(at, at + 1000);
}

async function streams(t: TestContext) {
  const { from, to, run } = uploader(t);
  await run({ sources: [join(from, 'stocks.csv')], to: join(from, 'stocks.parquet'), convert: 'parquet' });
  const parquet = readFileSync(join(from, 'stocks.parquet'));
  const csv = readFileSync(realCsv('stocks.csv'));
  const send = async (bytes: Uint8Array, changes: Partial<UploadOptions> = {}) => {
    const [file] = await run({ sources: [{ name: '-', bytes: pieces(bytes) }], ...changes });
    return file!;
  };
  return { to, parquet, csv, send };
}

test('Parquet from a pipe is looked at as a whole, and has a name of its own in a folder', async (t) => {
  const { to, parquet, send } = await streams(t);
  const { url, rows, bytes } = await send(parquet);
  assert.deepEqual([url, rows, bytes], [join(to, 'data.parquet'), 560, parquet.length]);
  assert.deepEqual(readFileSync(url), parquet);
  const cutOut = Buffer.concat([parquet.subarray(0, 100), parquet.subarray(1000)]);
  for (const broken of [parquet.subarray(0, -1), parquet.subarray(0, 5), cutOut]) {
    const { error } = await send(broken, { to: join(to, 'broken.parquet') });
    assert.equal(error?.code, 'unprocessable', error?.message);
  }
  const { error } = await send(parquet, { to: join(to, 'large.parquet'), maxSpillBytes: 1000 });
  assert.match(error!.message, /has more than 1000 bytes, which is all that may be spilled/);
  assert.deepEqual(readdirSync(to), ['data.parquet']);
});

test('other streams go as they come, converted or not, under the name that is given', async (t) => {
  const { to, parquet, csv, send } = await streams(t);
  const plain = await send(csv, { to: join(to, 'a.csv') });
  assert.deepEqual(readFileSync(plain.url), csv);
  const converted = await send(csv, { convert: 'parquet' });
  assert.deepEqual([converted.url, converted.rows], [join(to, 'data.parquet'), 560]);
  assert.equal(readFileSync(converted.url).toString('latin1', 0, 4), 'PAR1');
  assert.equal((await send(new Uint8Array(), { to: join(to, 'empty') })).bytes, 0);
  const nameless = await send(csv);
  assert.match(nameless.error!.message, /- has no name that its object could have/);
  const wrong = await send(csv, { to: join(to, 'b.parquet') });
  assert.match(wrong.error!.message, /is no Parquet file: it begins with "symb"/);
  assert.match((await send(parquet, { convert: 'avro' })).error!.message, /is Parquet, expected CSV/);
});

test('a file that is written into while it goes is not there in the end', async (t) => {
  const { from, to } = uploader(t);
  const growing = join(from, 'growing.csv');
  writeFileSync(growing, Buffer.alloc(3 * 1024 * 1024, 'a,b\n'));
  const [file] = await uploadFiles(
    { sources: [growing], to: `${to}/`, parallelism: 1, settings: {} },
    { signal: new AbortController().signal, onProgress: () => appendFileSync(growing, 'x') },
  );
  assert.match(file!.error!.message, /growing\.csv is not the object it was a moment ago/);
  assert.ok(!existsSync(join(to, 'growing.csv')));
});
