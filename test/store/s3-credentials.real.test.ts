/** Temporary credentials of real STS services, on the servers that honour them. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import { createS3Store } from '../../src/store/s3.ts';
import { awsEnvironment, writeAwsFiles } from '../support/aws-env.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { hasMoto, startMoto } from '../support/moto.ts';
import { OPERATIONS, s3Config } from './s3-config.ts';

const ROLE = 'arn:aws:iam::123456789012:role/lake';

function ownerStore({ endpoint, accessKey, secretKey }: Minio) {
  const credentials = {
    type: 'explicit',
    accessKeyId: accessKey,
    secretAccessKey: secretKey,
    sessionToken: undefined,
  } as const;
  return createS3Store(s3Config(endpoint, { credentials }), OPERATIONS);
}

test('a profile that assumes a role gets its keys from STS, and MinIO takes them', {
  skip: !minioBinary(),
}, async (t) => {
  const minio = await startMinio();
  t.after(() => minio.close());
  const owner = ownerStore(minio);
  await owner.check();
  owner.close();
  const folder = awsEnvironment(t, { AWS_ENDPOINT_URL_STS: minio.endpoint });
  const base = `aws_access_key_id = ${minio.accessKey}\naws_secret_access_key = ${minio.secretKey}`;
  writeAwsFiles(folder, {
    config: `[profile lake]\nrole_arn = ${ROLE}\nsource_profile = base\nregion = us-east-1\n`,
    credentials: `[base]\n${base}\n`,
  });
  const store = createS3Store(
    s3Config(minio.endpoint, { credentials: { type: 'profile', profile: 'lake' } }),
    OPERATIONS,
  );
  t.after(() => store.close());
  await store.check({ forWriting: true });
  await store.put('k', new Uint8Array(7));
  assert.equal((await store.head('k')).size, 7);
});

test('a web identity becomes credentials at moto, which stands for STS and S3', { skip: !hasMoto() }, async (t) => {
  const moto = await startMoto();
  t.after(() => moto.close());
  const folder = awsEnvironment(t, { AWS_ENDPOINT_URL_STS: moto.endpoint, AWS_ROLE_ARN: ROLE });
  process.env.AWS_WEB_IDENTITY_TOKEN_FILE = join(folder, 'token');
  writeFileSync(join(folder, 'token'), 'a-jwt');
  const store = createS3Store(s3Config(moto.endpoint, { credentials: { type: 'env' } }), OPERATIONS);
  t.after(() => store.close());
  await store.check({ forWriting: true });
  await store.put('k', new Uint8Array(7));
  assert.equal((await store.head('k')).size, 7);
});

test('a session that has ended is an error that says so; renewed in its file, the same store goes on and nothing is lost', {
  skip: !minioBinary(),
}, async (t) => {
  const minio = await startMinio();
  t.after(() => minio.close());
  const owner = ownerStore(minio);
  await owner.check();
  t.after(() => owner.close());
  const folder = awsEnvironment(t);
  const masterCredentials = { accessKeyId: minio.accessKey, secretAccessKey: minio.secretKey };
  const session = fromTemporaryCredentials({
    masterCredentials,
    params: { RoleArn: ROLE, RoleSessionName: 'lake' },
    clientConfig: { endpoint: minio.endpoint, region: 'us-east-1' },
  });
  const write = ({ accessKeyId, secretAccessKey, sessionToken }: Awaited<ReturnType<typeof session>>) => {
    const keys = `aws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}`;
    writeAwsFiles(folder, { credentials: `[lake]\n${keys}\naws_session_token = ${sessionToken}\n` });
  };
  const first = await session();
  write({ ...first, sessionToken: `${first.sessionToken!.slice(0, -8)}AAAAAAAA` });
  const store = createS3Store(
    s3Config(minio.endpoint, { credentials: { type: 'profile', profile: 'lake' } }),
    OPERATIONS,
  );
  t.after(() => store.close());
  const big = new Uint8Array(13 * 1024 * 1024);
  await assert.rejects(store.put('k', new Uint8Array(7)), {
    code: 'unauthenticated',
    message: /InvalidTokenId/,
    hint: /renew/,
  });
  const writer = await store.write('big');
  await writer.write(big).catch(() => {});
  await assert.rejects(writer.close(), { code: 'unauthenticated' });
  write(first);
  t.mock.method(performance, 'now', () => 1e9); // another look at the file is due only after some seconds
  await store.put('k', new Uint8Array(7));
  assert.equal((await store.head('k')).size, 7);
  assert.deepEqual(await owner.listUploads(''), []);
});
