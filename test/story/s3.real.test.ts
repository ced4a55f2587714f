import assert from 'node:assert/strict';
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { after, before, describe, test } from 'node:test';
import {
  CreateBucketCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { ReadSummary } from '../../src/model/read-summary.ts';
import { spawnBridge, startBridge } from '../support/daemon.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { s3Client } from '../support/s3-client.ts';
import { readSamples } from '../support/samples.ts';
import { exportGrpc, exportHttp } from '../support/send.ts';
import { tempFolder } from '../support/temp.ts';

const samples = readSamples('traces').filter(
  ({ file, encoding }) => encoding === 'protobuf' && !/01(34|40|46)/.test(file),
);
const total = samples.reduce((sum, { items }) => sum + items, 0);

async function summaryOfRead(api: string): Promise<ReadSummary> {
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    get(`${api}/api/v1/tables/traces/rows?format=ndjson`, resolve).on('error', reject);
  });
  for await (const _ of answer);
  return JSON.parse(answer.trailers['lake-summary']!);
}

describe('the bridge over a real S3 server', { skip: !minioBinary() }, () => {
  let minio: Minio;
  let client: S3Client;
  let buckets = 0;

  before(async () => {
    minio = await startMinio();
    client = s3Client(minio);
  });
  after(async () => {
    client.destroy();
    await minio.close();
  });

  async function newBucket(): Promise<string> {
    const bucket = `lake-${buckets++}`;
    await client.send(new CreateBucketCommand({ Bucket: bucket }));
    return bucket;
  }

  function s3Toml(bucket: string, secret = minio.secretKey): string {
    return `[s3]
bucket = "${bucket}"
region = "us-east-1"
prefix = "telemetry/prod"
endpoint = "${minio.endpoint}"
[s3.credentials]
type = "explicit"
access_key_id = "${minio.accessKey}"
secret_access_key = "${secret}"
[operations]
retry_attempts = 1
`;
  }

  async function keys(bucket: string): Promise<string[]> {
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket: bucket }));
    return Contents.map(({ Key }) => Key!);
  }

  test('with a cache on disk what was read once is not asked of the store again, also after a restart', async (t) => {
    const bucket = await newBucket();
    const cache = tempFolder(t);
    const toml = `${s3Toml(bucket)}read_cache_path = "${cache}"\nread_cache_bytes = 0\n`;
    const bridge = await startBridge(t, toml);
    for (const { body } of samples) assert.equal((await exportHttp(bridge.otlp, body)).status, 200);
    await bridge.flush();
    const first = await summaryOfRead(bridge.api);
    assert.equal(first.rows, total);
    assert.ok(first.requests > 0 && first.bytesRead > 0);
    await bridge.daemon.stop(10_000);
    const next = await startBridge(t, toml);
    const { rows, requests, bytesRead, bytesCached } = await summaryOfRead(next.api);
    assert.deepEqual({ rows, requests, bytesRead }, { rows: total, requests: 0, bytesRead: 0 });
    assert.ok(bytesCached >= first.bytesRead / 2, `${bytesCached} bytes of ${first.bytesRead}`);
  });

  test('spans over gRPC and HTTP become partitioned objects, are read back, and leave no upload open', async (t) => {
    const bucket = await newBucket();
    const bridge = await startBridge(t, s3Toml(bucket));
    for (const [i, { body }] of samples.entries()) {
      if (i % 2 === 0) assert.equal((await exportHttp(bridge.otlp, body)).status, 200);
      else await exportGrpc(bridge.grpc, body);
    }
    assert.equal((await bridge.rows({ select: 'span_id' })).length, total);
    await bridge.flush();
    assert.equal((await bridge.rows({ select: 'span_id', buffered: 'false' })).length, total);
    const found = await keys(bucket);
    assert.ok(found.every((key) => key.startsWith('telemetry/prod/')));
    assert.ok(found.some((key) => /^telemetry\/prod\/traces\/date=[^/]+\/hour=\d\d\/[^/]+\.parquet$/.test(key)));
    assert.equal(found.filter((key) => key.includes('/_lake/commits/')).length, 1);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }));
    assert.deepEqual(Uploads, []);

    const response = await fetch(`${bridge.api}/admin/v1/partitions`);
    const { partitions } = (await response.json()) as { partitions: { partition: string; rows: number }[] };
    assert.equal(
      partitions.reduce((sum, { rows }) => sum + rows, 0),
      total,
    );
    const [{ partition, rows }] = partitions as [{ partition: string; rows: number }];
    const deleted = await fetch(`${bridge.api}/admin/v1/partitions/traces/${partition}`, { method: 'DELETE' });
    assert.equal(((await deleted.json()) as { rows: number }).rows, rows);
    assert.equal((await bridge.rows({ select: 'span_id' })).length, total - rows);
    assert.equal((await keys(bucket)).filter((key) => key.includes('/_lake/deletions/')).length, 1);
  });

  test('what was acknowledged before a kill -9 is in the bucket once after the next start', async (t) => {
    const bucket = await newBucket();
    const folder = tempFolder(t);
    const first = await spawnBridge(folder, s3Toml(bucket));
    for (const { body } of samples) assert.equal((await exportHttp(first.otlp, body)).status, 200);
    first.process.kill('SIGKILL');
    await once(first.process, 'exit');
    const second = await spawnBridge(folder, s3Toml(bucket));
    t.after(() => second.process.kill('SIGKILL'));
    await second.flush();
    assert.equal((await second.rows({ select: 'span_id', buffered: 'false' })).length, total);
  });

  test('a missing bucket and a wrong secret are reasons not to be ready; requests stay safe in the journal', async (t) => {
    const bucket = await newBucket();
    for (const [toml, reason] of [
      [s3Toml('no-such-bucket'), /no-such-bucket/],
      [s3Toml(bucket, 'wrong-secret-wrong-secret'), /secret|signature|credential/i],
    ] as const) {
      const bridge = await startBridge(t, toml);
      const ready = await fetch(`${bridge.api}/readyz`);
      assert.equal(ready.status, 503);
      const { reasons } = (await ready.json()) as { reasons: string[] };
      assert.match(reasons.join(), reason);
      assert.doesNotMatch(reasons.join(), /wrong-secret/);
      assert.equal((await exportHttp(bridge.otlp, samples[0]!.body)).status, 200);
      const flush = await fetch(`${bridge.api}/admin/v1/flush`, { method: 'POST' });
      assert.equal(flush.status, 503);
      const { error } = (await flush.json()) as { error: { message: string; hint: string } };
      assert.match(error.message, reason);
      assert.match(error.hint, /^The rows are safe in the journal; they are tried again by themselves\. \S/);
    }
  });
});
