/** A bridge on MinIO behind a proxy that counts: settings of uploads and objects, and credentials that end while it runs. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  GetObjectTaggingCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  type S3Client,
} from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { writeAwsFiles } from '../support/aws-env.ts';
import { launchBridge, startBridge } from '../support/daemon.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { s3Client } from '../support/s3-client.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { exportHttp } from '../support/send.ts';
import { tempFolder } from '../support/temp.ts';
import { uniqueSpans } from '../support/unique-spans.ts';
import { until } from '../support/until.ts';

const MIB = 1024 * 1024;
const SPANS = 24;

/** Spans with so much text in each that does not compress. */
function heavySpans(count: number, bytesEach: number): string {
  const request = JSON.parse(uniqueSpans('heavy', 0, count)) as {
    resourceSpans: [{ scopeSpans: [{ spans: Record<string, unknown>[] }] }];
  };
  for (const span of request.resourceSpans[0].scopeSpans[0].spans) {
    span.startTimeUnixNano = '1764000000000000000';
    span.attributes = [{ key: 'text', value: { stringValue: randomBytes(bytesEach / 2).toString('hex') } }];
  }
  return JSON.stringify(request);
}

describe('a bridge whose S3 settings are seen in its requests', { skip: !minioBinary() }, () => {
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

  const keysOf = async (bucket: string) =>
    ((await client.send(new ListObjectsV2Command({ Bucket: bucket }))).Contents ?? []).map(({ Key }) => Key!);

  test('a large file goes in parts of part_size_mb from threshold_mb on, a small one whole; data files have the tags', async (t) => {
    const proxy = await startFaultProxy(minio.endpoint, { seed: 1, rate: 0 });
    t.after(() => proxy.close());
    const bridge = await startBridge(
      t,
      `${s3Toml({ ...minio, endpoint: proxy.endpoint }, 'parts', 'create_bucket = true', 'tags = { team = "lake" }')}
[s3.multipart]
threshold_mb = 2
part_size_mb = 5
max_concurrent_uploads = 2
[parquet]
compression = "UNCOMPRESSED"
`,
    );
    const counted = () =>
      ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'].map(
        (call) => proxy.byCall.get(call)?.count ?? 0,
      );
    const atStart = counted(); // of the trial of conditional writes
    assert.equal((await exportHttp(bridge.otlp, uniqueSpans('small', 0, 1), 'json')).status, 200);
    await bridge.flush();
    assert.deepEqual(counted(), atStart);
    assert.equal((await exportHttp(bridge.otlp, heavySpans(SPANS, MIB / 2), 'json')).status, 200);
    await bridge.flush();
    const more = counted().map((count, i) => count - atStart[i]!);
    assert.deepEqual(more, [1, 3, 1], '12 MiB and a little in parts of 5');
    assert.ok(proxy.byCall.get('UploadPart')!.most <= 2);
    for (const Key of await keysOf('parts')) {
      const { TagSet = [] } = await client.send(new GetObjectTaggingCommand({ Bucket: 'parts', Key }));
      const isData = Key.endsWith('.parquet');
      assert.deepEqual(TagSet, isData ? [{ Key: 'team', Value: 'lake' }] : [], Key);
    }
  });

  test('a session that ends while it runs: requests are taken on, and once its file is renewed all rows are in the lake', async (t) => {
    const folder = tempFolder(t);
    const session = fromTemporaryCredentials({
      masterCredentials: { accessKeyId: minio.accessKey, secretAccessKey: minio.secretKey },
      params: { RoleArn: 'arn:aws:iam::0:role/lake', RoleSessionName: 'lake' },
      clientConfig: { endpoint: minio.endpoint, region: 'us-east-1' },
    });
    const write = async (isValid: boolean) => {
      const { accessKeyId, secretAccessKey, sessionToken } = await session();
      const token = isValid ? sessionToken! : `${sessionToken!.slice(0, -8)}AAAAAAAA`;
      const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}`;
      writeAwsFiles(folder, { credentials: `[lake]\n${keys}\naws_session_token = ${token}\n` });
    };
    await write(false);
    const toml = `[s3]
bucket = "session"
create_bucket = true
endpoint = "${minio.endpoint}"
[s3.credentials]
profile = "lake"
[operations]
retry_attempts = 1
`;
    const env = {
      AWS_SHARED_CREDENTIALS_FILE: join(folder, 'credentials'),
      AWS_CONFIG_FILE: join(folder, 'config'),
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    const { process: child, listening } = launchBridge(folder, toml, { env });
    t.after(() => child.kill('SIGKILL'));
    const bridge = await listening;
    assert.equal((await exportHttp(bridge.otlp, uniqueSpans('a', 0, SPANS), 'json')).status, 200);
    const ready = (await (await fetch(`${bridge.api}/readyz`)).json()) as { reasons: string[] };
    assert.match(ready.reasons.join(), /InvalidTokenId/);
    const refused = await fetch(`${bridge.api}/admin/v1/flush`, { method: 'POST' });
    assert.equal(refused.status, 503);
    assert.match(
      ((await refused.json()) as { error: { hint: string } }).error.hint,
      /rows are safe in the journal.*renew it/,
    );

    await write(true);
    const flushed = async () => (await fetch(`${bridge.api}/admin/v1/flush`, { method: 'POST' })).ok;
    await until(flushed, () => 'the rows are not committed with the renewed session', 60_000);
    await until(
      async () => (await fetch(`${bridge.api}/readyz`)).ok,
      () => 'the bridge is not ready again',
      60_000,
    );
    assert.equal((await bridge.rows({ buffered: 'false' })).length, SPANS);
    const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: 'session' }));
    assert.deepEqual(Uploads, []);
    assert.ok((await keysOf('session')).every((key) => !key.startsWith('_lake/tmp/')));
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
});
