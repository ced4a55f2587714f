/** `otel-lake cost` beside a bridge on MinIO: what it lists is there, and what it counts was asked for. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { createS3Client } from '../../src/store/s3-client.ts';
import { OPERATIONS, s3Config } from '../store/s3-config.ts';
import { runCli } from '../support/cli.ts';
import { startBridge } from '../support/daemon.ts';
import { minioBinary, startMinio } from '../support/minio.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { exportHttp } from '../support/send.ts';
import { uniqueSpans } from '../support/unique-spans.ts';

test('stored bytes, counted requests of all threads and estimates are printed, in tables and as NDJSON', {
  skip: !minioBinary(),
}, async (t) => {
  const minio = await startMinio();
  t.after(() => minio.close());
  const bridge = await startBridge(
    t,
    `${s3Toml(minio, 'lake', 'prefix = "a/prefix"', 'create_bucket = true')}
[cost]
currency = "EUR"
put_per_1000 = 1000
[cost.storage]
reduced_redundancy = 10
`,
  );
  const putsCounted = async () => {
    const metrics = await (await fetch(`${bridge.api}/metrics`)).text();
    return Number(/^otel_lake_store_requests_total\{operation="PutObject"\} (\d+)$/m.exec(metrics)?.[1]);
  };
  const trialPuts = await putsCounted(); // of the look at conditional writes
  assert.equal((await exportHttp(bridge.otlp, uniqueSpans('a', 0, 200), 'json')).status, 200);
  await bridge.flush();
  assert.equal((await bridge.rows({ limit: '1000' })).length, 200);
  const client = createS3Client(s3Config(minio.endpoint), OPERATIONS);
  t.after(() => client.destroy());
  const Key = 'a/prefix/logs/date=2026-11-21/other.parquet';
  const Body = new Uint8Array(1024 * 1024);
  await client.send(new PutObjectCommand({ Bucket: 'lake', Key, Body, StorageClass: 'REDUCED_REDUNDANCY' }));

  const run = (...more: string[]) => runCli(['cost', '--config', bridge.configFile, '--url', bridge.api, ...more]);
  const json = await run('--json');
  assert.equal(json.code, 0, json.stderr);
  const records = json.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown> & { type: string });
  const of = (type: string) => records.filter((record) => record.type === type);
  const logs = of('stored').find(({ table }) => table === 'logs');
  assert.deepEqual(
    [logs?.partition, logs?.storageClass, logs?.files, logs?.bytes, logs?.monthly],
    ['date=2026-11-21', 'REDUCED_REDUNDANCY', 1, 1024 * 1024, 10 / 1024],
  );
  const partitions = of('stored').filter(({ table }) => table === 'traces');
  assert.ok(partitions.length >= 1 && partitions.every(({ storageClass }) => storageClass === 'STANDARD'));
  const put = of('requests').find(({ operation }) => operation === 'PutObject')!;
  assert.equal(
    (put.requests as number) - trialPuts,
    partitions.length + 1,
    'an object a partition and a commit record, by an encoder thread',
  );
  assert.equal(put.soFar, put.requests);
  const get = of('requests').find(({ operation }) => operation === 'GetObject')!;
  assert.ok((get.receivedBytes as number) > 0, 'by a reader thread');
  assert.deepEqual(
    of('estimate').map(({ kind }) => kind),
    ['transition', 'compaction'],
  );
  assert.equal(of('total')[0]!.currency, 'EUR');

  assert.equal(await putsCounted(), put.requests);

  const shown = await run();
  assert.match(shown.stdout, /date=2026-11-21 .*REDUCED_REDUNDANCY/);
  assert.match(shown.stdout, /s3:\/\/lake\/a\/prefix, a month in EUR: storage .*, requests .*, transfer /);
  const direct = await runCli(['cost', '--config', bridge.configFile, '--direct']);
  assert.match(direct.stdout, /requests are not counted/);
});
