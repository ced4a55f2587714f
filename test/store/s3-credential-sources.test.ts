/**
 * Where credentials come from on machines and in containers: the SDK's own providers against local servers that speak
 * as the metadata service, STS, SSO and a container's agent do. All of them give OLD first and NEW from then on.
 */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { S3Config } from '../../src/config/types.ts';
import { awsEnvironment, writeAwsFiles } from '../support/aws-env.ts';
import { fail, faultyStore, type Seen, succeed } from './faulty-server.ts';

const HOUR_MS = 3_600_000;
const keyIn = ({ headers }: Seen) => /Credential=(\w+)\//.exec(String(headers.authorization))?.[1];

interface Given {
  readonly key: string;
  readonly expires: Date;
}

interface Source {
  /** Times it was asked for credentials. */
  readonly asked: () => number;
  readonly credentials: S3Config['credentials'];
}

/** OLD, then NEW; `firstMs` is how long the first ones are good for. */
function giver(firstMs: number) {
  let count = 0;
  return {
    asked: () => count,
    next(): Given {
      const isFirst = count++ === 0;
      return { key: isFirst ? 'OLD' : 'NEW', expires: new Date(Date.now() + (isFirst ? firstMs : HOUR_MS)) };
    },
  };
}

async function serve(t: TestContext, answer: (request: IncomingMessage) => string | undefined): Promise<string> {
  const server = createServer((request, response) => {
    request.resume();
    const body = answer(request);
    response.writeHead(body === undefined ? 404 : 200, { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const instanceJson = ({ key, expires }: Given) =>
  JSON.stringify({
    Code: 'Success',
    Type: 'AWS-HMAC',
    AccessKeyId: key,
    SecretAccessKey: 'secret',
    Token: `token-${key}`,
    Expiration: expires.toISOString(),
  });

const stsXml = (
  action: string,
  { key, expires }: Given,
) => `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<${action}Result><Credentials><AccessKeyId>${key}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey>
<SessionToken>token-${key}</SessionToken><Expiration>${expires.toISOString()}</Expiration></Credentials></${action}Result>
</${action}Response>`;

const SOURCES: Readonly<Record<string, (t: TestContext, firstMs: number) => Promise<Source>>> = {
  async 'the role of an instance (IMDSv2)'(t, firstMs) {
    const { asked, next } = giver(firstMs);
    const url = await serve(t, ({ method, url = '', headers }) => {
      if (method === 'PUT' && url === '/latest/api/token') return 'a-token';
      if (headers['x-aws-ec2-metadata-token'] !== 'a-token') return undefined;
      const path = '/latest/meta-data/iam/security-credentials/';
      return url === path ? 'lake-role' : url === `${path}lake-role` ? instanceJson(next()) : undefined;
    });
    awsEnvironment(t, { AWS_EC2_METADATA_DISABLED: 'false', AWS_EC2_METADATA_SERVICE_ENDPOINT: url });
    return { asked, credentials: { type: 'env' } };
  },
  async 'the role of a container (ECS, EKS Pod Identity)'(t, firstMs) {
    const { asked, next } = giver(firstMs);
    const url = await serve(t, ({ headers }) =>
      headers.authorization === 'a-token' ? instanceJson(next()) : undefined,
    );
    awsEnvironment(t, {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/role`,
      AWS_CONTAINER_AUTHORIZATION_TOKEN: 'a-token',
    });
    return { asked, credentials: { type: 'env' } };
  },
  async 'a web identity (IRSA)'(t, firstMs) {
    const { asked, next } = giver(firstMs);
    const url = await serve(t, () => stsXml('AssumeRoleWithWebIdentity', next()));
    const folder = awsEnvironment(t, {
      AWS_ENDPOINT_URL_STS: url,
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/lake',
    });
    process.env.AWS_WEB_IDENTITY_TOKEN_FILE = join(folder, 'token');
    writeFileSync(join(folder, 'token'), 'a-jwt');
    return { asked, credentials: { type: 'env' } };
  },
  async 'a profile that assumes a role with the keys of another one'(t, firstMs) {
    const { asked, next } = giver(firstMs);
    const url = await serve(t, ({ headers }) => {
      return String(headers.authorization).includes('Credential=BASE/') ? stsXml('AssumeRole', next()) : undefined;
    });
    const folder = awsEnvironment(t, { AWS_ENDPOINT_URL_STS: url });
    writeAwsFiles(folder, {
      config:
        '[profile lake]\nrole_arn = arn:aws:iam::123456789012:role/lake\nsource_profile = base\nregion = eu-west-1\n',
      credentials: '[base]\naws_access_key_id = BASE\naws_secret_access_key = s\n',
    });
    return { asked, credentials: { type: 'profile', profile: 'lake' } };
  },
  async 'a profile with a credential_process'(t, firstMs) {
    const { asked, next } = giver(firstMs);
    const url = await serve(t, () => {
      const { key, expires } = next();
      const keys = { AccessKeyId: key, SecretAccessKey: 's', SessionToken: 't', Expiration: expires.toISOString() };
      return JSON.stringify({ Version: 1, ...keys });
    });
    const folder = awsEnvironment(t);
    const script = `fetch('${url}').then((r) => r.text()).then((text) => process.stdout.write(text))`;
    writeFileSync(join(folder, 'keys.mjs'), script);
    const command = `"${process.execPath}" "${join(folder, 'keys.mjs')}"`;
    writeAwsFiles(folder, { config: `[profile lake]\ncredential_process = ${command}\n` });
    return { asked, credentials: { type: 'profile', profile: 'lake' } };
  },
  async 'a profile with SSO'(t, firstMs) {
    const { asked, next } = giver(firstMs);
    const url = await serve(t, ({ headers }) => {
      if (headers['x-amz-sso_bearer_token'] !== 'an-access-token') return undefined;
      const { key, expires } = next();
      const keys = { accessKeyId: key, secretAccessKey: 's', sessionToken: 't', expiration: expires.getTime() };
      return JSON.stringify({ roleCredentials: keys });
    });
    const folder = awsEnvironment(t, { AWS_ENDPOINT_URL_SSO: url });
    const start = 'https://lake.awsapps.com/start';
    writeAwsFiles(folder, {
      config: `[profile lake]\nsso_start_url = ${start}\nsso_region = eu-west-1\nsso_account_id = 123456789012\nsso_role_name = lake\nregion = eu-west-1\n`,
    });
    const cache = join(folder, '.aws', 'sso', 'cache');
    mkdirSync(cache, { recursive: true });
    const file = join(cache, `${createHash('sha1').update(start).digest('hex')}.json`);
    const expiresAt = new Date(Date.now() + HOUR_MS).toISOString();
    writeFileSync(
      file,
      JSON.stringify({ accessToken: 'an-access-token', expiresAt, region: 'eu-west-1', startUrl: start }),
    );
    return { asked, credentials: { type: 'profile', profile: 'lake' } };
  },
};

for (const [name, open] of Object.entries(SOURCES)) {
  test(`credentials of ${name} are asked for once, and again before they expire`, async (t) => {
    const { asked, credentials } = await open(t, 60_000);
    const { store, seen } = await faultyStore(t, succeed, { credentials });
    for (let i = 0; i < 5; i++) await store.put('k', new Uint8Array(1));
    assert.equal(keyIn(seen.at(-1)!), 'NEW', 'a minute before their end they are not used any more');
    assert.equal(asked(), 2);
  });

  test(`credentials of ${name} that S3 calls expired before their time are renewed within the call`, async (t) => {
    const { asked, credentials } = await open(t, HOUR_MS);
    const { store, seen } = await faultyStore(
      t,
      (one, response) => (keyIn(one) === 'OLD' ? fail(response, 400, 'ExpiredToken') : succeed(one, response)),
      { credentials },
    );
    await Promise.all(['a', 'b', 'c'].map((key) => store.put(key, new Uint8Array(1))));
    assert.deepEqual([...new Set(seen.map(keyIn))], ['OLD', 'NEW']);
    assert.equal(asked(), 2, 'three calls at the same time, one renewal');
  });
}

test('where no source has credentials, the error says what to set', async (t) => {
  awsEnvironment(t);
  for (const credentials of [{ type: 'env' }, { type: 'profile', profile: 'nobody' }] as const) {
    const { store, seen } = await faultyStore(t, succeed, { credentials });
    await assert.rejects(store.put('k', new Uint8Array(1)), {
      code: 'unauthenticated',
      message: /CredentialsProviderError/,
      hint: /\[s3\.credentials\]/,
    });
    assert.equal(seen.length, 0);
  }
});

test('a source that fails for now is asked again, and the call goes on', async (t) => {
  let calls = 0;
  const url = await serve(t, () =>
    calls++ < 1 ? undefined : instanceJson({ key: 'NEW', expires: new Date(Date.now() + HOUR_MS) }),
  );
  awsEnvironment(t, { AWS_CONTAINER_CREDENTIALS_FULL_URI: `${url}/role` });
  const { store, seen } = await faultyStore(t, succeed, { credentials: { type: 'env' } });
  await store.put('k', new Uint8Array(1)).catch(() => {});
  await store.put('k', new Uint8Array(1));
  assert.equal(keyIn(seen.at(-1)!), 'NEW');
});
