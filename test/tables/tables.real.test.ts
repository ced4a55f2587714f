/** Commands over files against a real S3 server. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { ObjectStore } from '../../src/store/store.ts';
import { convert } from '../../src/tables/convert/convert.ts';
import { convertOptions } from '../../src/tables/convert/options.ts';
import { handler } from '../../src/tables/lambda.ts';
import { openPlaces, type Places } from '../../src/tables/location.ts';
import { keysOf } from '../store/conformance.ts';
import { runCli } from '../support/cli.ts';
import { MAIN } from '../support/daemon.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { tempFolder } from '../support/temp.ts';
import { until } from '../support/until.ts';
import { realCsv } from './real-csv.ts';

const FILES = ['airports.csv', 'stocks.csv', 'weather.csv', 'species.csv'];

describe('tables in S3', { skip: !minioBinary() }, () => {
  let minio: Minio;
  let places: Places;
  let store: ObjectStore;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    minio = await startMinio();
    env = {
      AWS_ACCESS_KEY_ID: minio.accessKey,
      AWS_SECRET_ACCESS_KEY: minio.secretKey,
      AWS_ENDPOINT_URL_S3: minio.endpoint,
      AWS_REGION: 'us-east-1',
    };
    Object.assign(process.env, env);
    const client = new S3Client({ endpoint: minio.endpoint, forcePathStyle: true, region: 'us-east-1' });
    await client.send(new CreateBucketCommand({ Bucket: 'tables' }));
    client.destroy();
    places = openPlaces();
    ({ store } = await places.folder('s3://tables/'));
    for (const name of FILES) await store.put(`in/${name}`, readFileSync(realCsv(name)));
  });

  after(async () => {
    places?.close();
    await minio?.close();
  });

  test('a file takes at most six calls: one to read, one for each output, none to look for what is not there', async () => {
    const input = { sources: ['s3://tables/in/'], to: 's3://tables/out/', formats: ['parquet', 'avro'] as const };
    const { totals } = await convert(convertOptions(input));
    assert.deepEqual([totals.converted, totals.failed], [4, 0]);
    assert.deepEqual(totals.s3CallsByOperation, { ListObjectsV2: 2, GetObject: 4, PutObject: 8 });
    const again = (await convert(convertOptions(input))).totals;
    assert.equal(again.upToDate, 4);
    assert.ok(again.s3Calls <= 6 * FILES.length, `${again.s3Calls} calls`);
    await store.put(
      'in/stocks.csv',
      Buffer.concat([readFileSync(realCsv('stocks.csv')), Buffer.from('\nX,Jan 1 2024,1\n')]),
    );
    assert.equal((await convert(convertOptions(input))).totals.converted, 1);
  });

  test('a missing bucket and a refused key are errors that name them', async () => {
    const run = (source: string) => convert(convertOptions({ sources: [source], to: 's3://tables/x/' }));
    await assert.rejects(run('s3://no-such-bucket/in/'), { code: 'config', message: /no-such-bucket/ });
    await assert.rejects(run('s3://tables/none.csv'), { code: 'not_found', message: /none\.csv/ });
  });

  test('the Lambda handler converts what an event of S3 tells of, once', async () => {
    await store.put('arrivals/stocks (1) ü.csv', readFileSync(realCsv('stocks.csv')));
    // As S3 sends it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/notification-content-structure.html
    const event = {
      Records: [
        {
          eventVersion: '2.1',
          eventSource: 'aws:s3',
          awsRegion: 'us-east-1',
          eventTime: '2026-11-21T12:00:00.000Z',
          eventName: 'ObjectCreated:Put',
          s3: {
            s3SchemaVersion: '1.0',
            bucket: { name: 'tables', arn: 'arn:aws:s3:::tables' },
            object: {
              key: 'arrivals/stocks+%281%29+%C3%BC.csv',
              size: 12245,
              eTag: 'd41d8cd98f00b204e9800998ecf8427e',
            },
          },
        },
      ],
    };
    process.env.OTEL_LAKE_TO = 's3://tables/arrived/';
    process.env.OTEL_LAKE_FORMATS = 'parquet,avro';
    const { totals } = await handler(event);
    assert.deepEqual([totals.converted, totals.rows], [1, 560]);
    assert.deepEqual(await keysOf(store, 'arrived/'), ['arrived/stocks (1) ü.avro', 'arrived/stocks (1) ü.parquet']);
    assert.equal((await handler(event)).totals.upToDate, 1);
    await assert.rejects(handler({ Records: [] }), { code: 'invalid_argument' });
  });

  test('Ctrl-C in the middle of an import leaves neither an object nor an upload', async (t) => {
    const schema = join(tempFolder(t), 'schema.toml');
    writeFileSync(schema, '[[fields]]\nname = "a"\ntype = "string"\n');
    const args = [
      'import',
      '--schema',
      schema,
      '--format',
      'csv',
      '--header',
      '--to',
      's3://tables/imports/a.parquet',
      '-',
    ];
    const child = spawn(process.execPath, [MAIN, ...args], {
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { ...process.env, ...env },
    });
    t.after(() => child.kill('SIGKILL'));
    const ended = once(child, 'exit');
    child.stdin.on('error', () => {}); // it stops reading
    const text = () => `${Array.from({ length: 10_000 }, () => randomBytes(96).toString('base64')).join('\n')}\n`;
    child.stdin.write('a\n');
    const isOpen = async () => (await store.listUploads('imports/')).length > 0;
    for (let i = 0; i < 60 && !(await isOpen()); i++)
      if (!child.stdin.write(text())) await Promise.race([once(child.stdin, 'drain'), ended]);
    await until(isOpen, () => 'no upload was begun');
    child.kill('SIGINT');
    const [code] = await ended;
    assert.equal(code, 1);
    assert.deepEqual(await store.listUploads('imports/'), []);
    assert.deepEqual(await keysOf(store, 'imports/'), []);
  });

  test('an import tells of uploads that never ended, and aborts its own where it is asked to', async (t) => {
    const folder = tempFolder(t);
    const schema = join(folder, 'schema.toml');
    writeFileSync(schema, '[[fields]]\nname = "a"\ntype = "int64"\n');
    writeFileSync(join(folder, 'rows.csv'), 'a\n1\n2\n');
    const left = await store.write('stale/b.parquet');
    for (let i = 0; i < 8; i++) await left.write(Buffer.alloc(16 * 1024 * 1024));
    await until(
      async () => (await store.listUploads('stale/')).length === 1,
      () => 'no upload was begun',
    );
    const args = ['import', '--schema', schema, '--to', 's3://tables/stale/b.parquet', join(folder, 'rows.csv')];
    const told = await runCli(args, { ...process.env, ...env });
    assert.equal(told.code, 0, told.stderr);
    assert.match(told.stderr, /stale\/b\.parquet.*never ended: left open/);
    const aborted = await runCli([...args, '--abort-stale', '--json'], { ...process.env, ...env });
    assert.match(aborted.stderr, /never ended: aborted/);
    assert.equal((JSON.parse(aborted.stdout) as { rows: number }).rows, 2);
    assert.deepEqual(await store.listUploads('stale/'), []);
    await left.abort();
  });
});
