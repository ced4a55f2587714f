import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { listGlob } from '../../src/tables/glob.ts';
import { openPlaces } from '../../src/tables/location.ts';
import { faultyServer } from '../store/faulty-server.ts';
import { tempFolder } from '../support/temp.ts';

const FILES = [
  'day=1/a.parquet',
  'day=1/b.parquet',
  'day=2/a.parquet',
  'day=2/deep/er/c.parquet',
  'notes.txt',
  'x[1].parquet',
  '_lake/quarantine/d.parquet',
  'day=2/.hidden.parquet',
];

function folderOf(t: TestContext): string {
  const folder = tempFolder(t);
  for (const name of FILES) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), 'x');
  }
  return folder;
}

for (const [pattern, expected] of [
  ['', ['day=1/a.parquet', 'day=1/b.parquet', 'day=2/a.parquet', 'day=2/deep/er/c.parquet', 'x[1].parquet']],
  ['day=2/', ['a.parquet', 'deep/er/c.parquet']],
  ['day=1/b.parquet', ['b.parquet']],
  ['day=*/*.parquet', ['day=1/a.parquet', 'day=1/b.parquet', 'day=2/a.parquet']],
  ['day=?/a.parquet', ['day=1/a.parquet', 'day=2/a.parquet']],
  ['**/a.parquet', ['day=1/a.parquet', 'day=2/a.parquet']],
  ['day=2/**/*.parquet', ['a.parquet', 'deep/er/c.parquet']],
  ['day={1,2}/[bc].parquet', ['day=1/b.parquet']],
  ['_lake/**/*.parquet', ['quarantine/d.parquet']],
  ['**/_lake/**/*.parquet', ['_lake/quarantine/d.parquet']],
  ['x\\[1\\].parquet', ['x[1].parquet']],
  ['*.{txt,csv}', ['notes.txt']],
] as const) {
  test(`${pattern || 'a folder'} gives ${expected.join(', ')}`, async (t) => {
    const folder = folderOf(t);
    const { objects } = await listGlob(openPlaces(), `${folder}/${pattern}`, '.parquet');
    assert.deepEqual(
      objects.map(({ key }) => key),
      expected,
    );
  });
}

for (const [pattern, message] of [
  ['*.nothing', /nothing matches .*\*\.nothing/],
  ['missing', /there is no such object, and there are no \*\.parquet below it/],
  ['missing/', /there are no \*\.parquet below it/],
] as const) {
  test(`${pattern} finds nothing, and says so`, async (t) => {
    const folder = folderOf(t);
    await assert.rejects(listGlob(openPlaces(), `${folder}/${pattern}`, '.parquet'), { code: 'not_found', message });
  });
}

test('in a bucket only what begins with the fixed part of the pattern is listed', async (t) => {
  const keys = ['in/2026-1/a.parquet', 'in/2026-2/b.csv', 'in/2026-2/c.parquet'];
  const contents = keys.map((key) => `<Contents><Key>${key}</Key><Size>3</Size></Contents>`).join('');
  const body = `<ListBucketResult><IsTruncated>false</IsTruncated>${contents}</ListBucketResult>`;
  const { url, seen } = await faultyServer(t, (_, response) => response.writeHead(200).end(body));
  process.env.AWS_ACCESS_KEY_ID = 'k';
  process.env.AWS_SECRET_ACCESS_KEY = 's';
  const places = openPlaces({ endpoint: url, region: 'eu-west-1' });
  t.after(() => places.close());
  const { objects } = await listGlob(places, 's3://bucket/in/2026-*/*.parquet', '.parquet');
  assert.deepEqual(
    objects.map(({ key }) => key),
    [keys[0], keys[2]],
  );
  assert.deepEqual(
    seen.map((one) => new URL(one.url, url).searchParams.get('prefix')),
    ['in/2026-'],
  );
});
