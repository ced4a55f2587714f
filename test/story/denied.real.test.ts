/** A bridge whose credentials may list the lake, but not read all of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { runCli } from '../support/cli.ts';
import { startBridge } from '../support/daemon.ts';
import { minioBinary, startMinio } from '../support/minio.ts';
import { s3Client } from '../support/s3-client.ts';
import { exportHttp } from '../support/send.ts';
import { uniqueSpans } from '../support/unique-spans.ts';

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

/** May list everything and read logs and bookkeeping, but no object of traces. */
const POLICY = {
  Version: '2012-10-17',
  Statement: [
    { Effect: 'Allow', Action: ['s3:ListBucket', 's3:GetBucketLocation'], Resource: ['arn:aws:s3:::lake'] },
    { Effect: 'Allow', Action: ['s3:GetObject'], Resource: ['arn:aws:s3:::lake/_lake/*', 'arn:aws:s3:::lake/logs/*'] },
  ],
};

test('403 of the store for an object: a read names object and permission; other tables and the bridge go on', {
  skip: !minioBinary(),
}, async (t) => {
  const minio = await startMinio();
  t.after(() => minio.close());
  const owner: Keys = { accessKeyId: minio.accessKey, secretAccessKey: minio.secretKey };
  const at = { endpoint: minio.endpoint, region: 'us-east-1' };
  const client = s3Client(minio);
  await client.send(new CreateBucketCommand({ Bucket: 'lake' }));
  client.destroy();
  const reader = await fromTemporaryCredentials({
    masterCredentials: owner,
    params: { RoleArn: 'arn:aws:iam::0:role/reader', RoleSessionName: 'reader', Policy: JSON.stringify(POLICY) },
    clientConfig: at,
  })();
  const toml = ({ accessKeyId, secretAccessKey, sessionToken }: Keys) => `[s3]
bucket = "lake"
endpoint = "${minio.endpoint}"
[s3.credentials]
access_key_id = "${accessKeyId}"
secret_access_key = "${secretAccessKey}"
${sessionToken ? `session_token = "${sessionToken}"` : ''}
[operations]
retry_attempts = 1
`;
  const writer = await startBridge(t, toml(owner));
  assert.equal((await exportHttp(writer.otlp, uniqueSpans('a', 0, 5), 'json')).status, 200);
  await writer.flush();

  const denied = await startBridge(t, toml(reader));
  for (const more of ['', '&on_error=skip', '&after=begin']) {
    const response = await fetch(`${denied.api}/api/v1/tables/traces/rows?limit=10${more}`);
    const { error } = (await response.json()) as { error: { code: string; message: string; hint: string } };
    assert.deepEqual([response.status, error.code], [403, 'permission_denied'], more);
    assert.match(
      error.message,
      /^traces\/date=.*\.parquet: GetObject of s3:\/\/lake\/traces\/date=|^GetObject of s3:\/\/lake\/traces\/date=/,
    );
    assert.match(error.hint, /Allow s3:GetObject on arn:aws:s3:::lake\/traces\//);
    assert.doesNotMatch(JSON.stringify(error), new RegExp(reader.secretAccessKey.replace(/[^\w]/g, '.')));
  }
  assert.deepEqual(await denied.rows({}, 'logs'), []);
  const listed = await fetch(`${denied.api}/api/v1/partitions?table=traces`);
  assert.equal(((await listed.json()) as { partitions: unknown[] }).partitions.length, 1);

  const cli = await runCli(['read', 'traces', '--config', denied.configFile, '--direct']);
  assert.equal(cli.code, 1);
  assert.match(cli.stderr, /otel-lake: .*GetObject of s3:\/\/lake\/traces\/.*AccessDenied \(HTTP 403\)/);
  assert.match(cli.stderr, /Allow s3:GetObject/);
});
