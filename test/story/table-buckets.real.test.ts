/** A lake over three buckets: traces and metrics lie in buckets of their own, logs and the bookkeeping in the lake's. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, describe, test } from 'node:test';
import { ListMultipartUploadsCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { runCli } from '../support/cli.ts';
import { spawnBridge, startBridge } from '../support/daemon.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { s3Client } from '../support/s3-client.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { tempFolder } from '../support/temp.ts';
import { uniqueSpans } from '../support/unique-spans.ts';

const SPANS = 40;

describe('a lake whose tables have buckets of their own', { skip: !minioBinary() }, () => {
  let minio: Minio;
  let client: S3Client;
  before(async () => {
    minio = await startMinio();
    client = s3Client(minio);
  });
  after(async () => {
    client.destroy();
    await minio.close();
  });

  const toml = (
    name: string,
  ) => `${s3Toml(minio, `${name}-main`, 'region = "us-east-1"', 'prefix = "p"', 'create_bucket = true')}
[tables.traces]
bucket = "${name}-traces"
prefix = "far/away"
[tables.metrics]
bucket = "${name}-metrics"
[operations]
retry_attempts = 1
`;

  async function keys(bucket: string): Promise<string[]> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key }) => Key!.replace(/[^/]+\.(parquet|json)$/, '*'));
  }

  test('rows are written, read, listed, checked and deleted where they lie; the record of a commit is in the lake', async (t) => {
    const bridge = await startBridge(t, toml('story'));
    for (const [signal, body] of [
      ['traces', uniqueSpans('a', 0, SPANS)],
      ['logs', readSamples('logs').find(({ encoding }) => encoding === 'json')!.body],
      ['metrics', readSamples('metrics').find(({ encoding }) => encoding === 'json')!.body],
    ] as const) {
      assert.equal((await exportHttp(bridge.otlp, body, 'json', {}, signal)).status, 200);
    }
    await bridge.flush();
    const [main, traces, metrics] = await Promise.all(
      ['main', 'traces', 'metrics'].map((name) => keys(`story-${name}`)),
    );
    assert.ok(main!.includes('p/_lake/commits/*'));
    assert.ok(
      main!.every((key) => /^p\/(_lake|logs)\//.test(key)),
      main!.join(),
    );
    assert.ok(traces!.length > 0 && traces!.every((key) => key.startsWith('far/away/traces/')), traces!.join());
    assert.ok(metrics!.length > 0 && metrics!.every((key) => key.startsWith('p/metrics/')), metrics!.join());

    assert.equal((await bridge.rows({ buffered: 'false' })).length, SPANS);
    assert.ok((await bridge.rows({ buffered: 'false' }, 'logs')).length > 0);
    assert.equal((await bridge.rows({ after: 'begin' })).length, SPANS);

    const check = await runCli(['lake', 'check', '--deep', '--config', bridge.configFile]);
    assert.equal(check.code, 0, check.stdout + check.stderr);
    assert.match(check.stdout, /everything adds up/);

    const listed = await runCli(['partitions', 'list', '--json', '--direct', '--config', bridge.configFile]);
    const partitions = listed.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { table: string; partition: string; rows: number });
    assert.deepEqual([...new Set(partitions.map(({ table }) => table))].sort(), ['logs', 'metrics', 'traces']);
    for (const { table, partition } of partitions) {
      const deleted = await fetch(`${bridge.api}/admin/v1/partitions/${table}/${partition}`, { method: 'DELETE' });
      assert.equal(deleted.status, 200);
    }
    assert.deepEqual(await keys('story-traces'), []);
    assert.deepEqual(await keys('story-metrics'), []);
    assert.deepEqual(await bridge.rows(), []);
  });

  test('what was acknowledged before a kill -9 is in its buckets once after the next start, and no upload is open', async (t) => {
    const folder = tempFolder(t);
    const first = await spawnBridge(folder, toml('kill'));
    assert.equal((await exportHttp(first.otlp, uniqueSpans('a', 0, SPANS), 'json')).status, 200);
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');
    const second = await spawnBridge(folder, toml('kill'));
    t.after(() => second.process.kill('SIGKILL'));
    await second.flush();
    assert.equal((await second.rows({ buffered: 'false' })).length, SPANS);
    assert.equal((await keys('kill-traces')).filter((key) => key.endsWith('*')).length, 1);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'kill-traces' }));
    assert.deepEqual(Uploads, []);
  });

  test('a lake whose table moves to another bucket is not ready until its files have moved too', async (t) => {
    const bridge = await startBridge(t, toml('moved'));
    assert.equal((await fetch(`${bridge.api}/readyz`)).status, 200);
    const left = { Bucket: 'moved-main', Key: 'p/traces/date=2026-01-01/old.parquet', Body: new Uint8Array(1) };
    await client.send(new PutObjectCommand(left));
    const late = await startBridge(t, toml('moved'));
    const ready = await fetch(`${late.api}/readyz`);
    const { reasons } = (await ready.json()) as { reasons: string[] };
    assert.equal(ready.status, 503);
    assert.match(
      reasons.join(),
      /s3:\/\/moved-main\/p holds files of traces .* belong into s3:\/\/moved-traces\/far\/away/,
    );
  });
});
