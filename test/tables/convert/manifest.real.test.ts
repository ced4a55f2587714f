/** Conversions of the CSV files that a manifest lists, in a real S3 server and on this machine. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ObjectStore } from '../../../src/store/store.ts';
import { convert } from '../../../src/tables/convert/convert.ts';
import { type ConvertInput, convertOptions } from '../../../src/tables/convert/options.ts';
import { scan } from '../../../src/tables/scan.ts';
import { keysOf } from '../../store/conformance.ts';
import { openBucket } from '../../store/open-bucket.ts';
import { runCli } from '../../support/cli.ts';
import { type Minio, minioBinary, startMinio } from '../../support/minio.ts';
import { tempFolder } from '../../support/temp.ts';
import { realCsv } from '../real-csv.ts';

/** As an inventory has it: without a header, all cells quoted. */
const INVENTORY = gzipSync(
  Array.from({ length: 300 }, (_, i) => `"source","key%20${i}","${i * 10}","2026-11-21T08:00:00.000Z"\n`).join(''),
);
const STOCKS = readFileSync(realCsv('stocks.csv'));

const entry = (key: string, body: Uint8Array, changes: object = {}) => ({
  key,
  size: body.length,
  MD5checksum: createHash('md5').update(body).digest('hex'),
  ...changes,
});

function manifestOf(destinationBucket: string, fileSchema: string, files: readonly object[]): string {
  const rest = { sourceBucket: 'source', version: '2016-11-30', creationTimestamp: '1795248000000' };
  return JSON.stringify({ ...rest, destinationBucket, fileFormat: 'CSV', fileSchema, files });
}

describe('a manifest as the source of a conversion', { skip: !minioBinary() }, () => {
  let minio: Minio;
  let store: ObjectStore;

  before(async () => {
    minio = await startMinio();
    store = await openBucket(minio, 'inventory');
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: minio.accessKey, AWS_SECRET_ACCESS_KEY: minio.secretKey });
    await store.put('daily/data/1.csv.gz', INVENTORY);
    await store.put('daily/data/2/stocks.csv', STOCKS);
  });
  after(async () => {
    store?.close();
    await minio?.close();
  });

  async function run(manifest: string, to: string, changes: Partial<ConvertInput> = {}) {
    await store.put('daily/manifest.json', Buffer.from(manifest));
    const connection = { endpoint: minio.endpoint, region: 'us-east-1' };
    const given = { location: 's3://inventory/daily/manifest.json' };
    return convert(convertOptions({ sources: [], manifest: given, to, connection, ...changes }));
  }
  const rowsOf = (location: string) => scan(location, { endpoint: minio.endpoint, region: 'us-east-1' });

  test('files without a header have the columns of fileSchema, under their names below their common folder', async () => {
    const files = [entry('daily/data/1.csv.gz', INVENTORY)];
    const manifest = manifestOf('arn:aws:s3:::inventory', 'Bucket, Key, Size, LastModifiedDate', files);
    const { totals } = await run(manifest, 's3://inventory/out/', { formats: ['parquet', 'avro'] });
    assert.deepEqual([totals.converted, totals.rows], [1, 300]);
    assert.deepEqual(totals.s3CallsByOperation, { HeadObject: 2, GetObject: 2, ListObjectsV2: 1, PutObject: 2 });
    assert.deepEqual(await keysOf(store, 'out/'), ['out/1.avro', 'out/1.parquet']);
    const read = rowsOf('s3://inventory/out/1.parquet');
    assert.deepEqual(
      (await read.schema()).fields.map(({ name, type }) => `${name} ${type.kind}`),
      ['Bucket string', 'Key string', 'Size int64', 'LastModifiedDate timestamp'],
    );
    assert.equal((await read.filter("Key = 'key%20299' AND Size = 2990").collect()).length, 1);
    assert.equal((await run(manifest, 's3://inventory/out/', { formats: ['parquet', 'avro'] })).totals.upToDate, 1);
  });

  test('files with a header keep it, and a file that is not what the manifest says fails alone', async () => {
    const wrong = '0'.repeat(32);
    const body = Buffer.alloc(12 * 1024 * 1024, 'id,name\n1,x\n');
    await store.uploadStream(
      'daily/data/parts.csv',
      (async function* () {
        yield body;
      })(),
    );
    const files = [
      entry('daily/data/2/stocks.csv', STOCKS),
      entry('daily/data/gone.csv', STOCKS),
      entry('daily/data/1.csv.gz', INVENTORY, { size: 7 }),
      entry('daily/data/parts.csv', body, { MD5checksum: wrong }),
    ];
    const { totals, files: reports } = await run(manifestOf('inventory', '', files), 's3://inventory/mixed/');
    assert.deepEqual([totals.converted, totals.failed, totals.rows], [1, 3, 560]);
    const message = (name: string) => reports.find(({ source }) => source.endsWith(name))!.error!.message;
    assert.match(message('gone.csv'), /there is no object s3:\/\/inventory\/daily\/data\/gone\.csv/);
    assert.match(message('1.csv.gz'), /it has \d+ bytes, the manifest says 7/);
    assert.match(message('parts.csv'), /its MD5 is [0-9a-f]{32}, the manifest says 0{32}/);
    assert.deepEqual(await keysOf(store, 'mixed/'), ['mixed/2/stocks.parquet']);
    const right = manifestOf('inventory', '', [entry('daily/data/parts.csv', body)]);
    assert.equal((await run(right, 's3://inventory/parts/', { onInvalid: 'skip' })).totals.converted, 1);
  });

  test('a manifest of Parquet files, one that is missing and names that do not fit are errors of their own', async () => {
    const files = [entry('daily/data/1.csv.gz', INVENTORY)];
    const parquet = manifestOf('inventory', '', files).replace('CSV', 'Parquet');
    await assert.rejects(run(parquet, 's3://inventory/x/'), {
      code: 'unprocessable',
      message: /is of Parquet files, expected CSV/,
    });
    const { files: reports } = await run(manifestOf('inventory', 'Bucket, Key', files), 's3://inventory/x/');
    assert.match(reports[0]!.error!.message, /the rows have 4 cells, and 2 columns are named: Bucket, Key/);
    const missing = { location: 's3://inventory/none.json' };
    await assert.rejects(run(parquet, 's3://inventory/x/', { manifest: missing }), { code: 'not_found' });
  });

  test('the command takes a local manifest, of files beside it or where --files-in says', async (t) => {
    const folder = tempFolder(t);
    mkdirSync(join(folder, 'data'));
    writeFileSync(join(folder, 'data/1.csv'), gunzipSync(INVENTORY));
    const files = [entry('data/1.csv', gunzipSync(INVENTORY))];
    writeFileSync(
      join(folder, 'manifest.json'),
      manifestOf(`${pathToFileURL(folder).href}/`, 'Bucket, Key, Size, At', files),
    );
    writeFileSync(join(folder, 'moved.json'), manifestOf('elsewhere', 'Bucket, Key, Size, At', files));
    const to = join(folder, 'out');
    const beside = await runCli(['convert', '--manifest', join(folder, 'manifest.json'), '--to', to, '--json']);
    assert.equal(beside.code, 0, beside.stderr);
    assert.equal(JSON.parse(beside.stdout).totals.rows, 300);
    const moved = ['convert', '--manifest', join(folder, 'moved.json'), '--files-in', folder, '--to', to, '--json'];
    assert.equal(JSON.parse((await runCli(moved)).stdout).totals.upToDate, 1);
    const alone = await runCli(['convert', 'x.csv', '--files-in', folder, '--to', to]);
    assert.deepEqual([alone.code, /--files-in is given without --manifest/.test(alone.stderr)], [2, true]);
  });
});
