/** Answers of KMS that moto does not give, in the form of its JSON protocol. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type TestContext, test } from 'node:test';
import type { S3Config } from '../../src/config/types.ts';
import { BridgeError } from '../../src/errors.ts';
import { createKmsKeys } from '../../src/store/kms.ts';
import { profileFile } from './profile-file.ts';
import { clientEncryption, s3Config } from './s3-config.ts';

type Answer = (call: {
  readonly action: string;
  readonly keyId: string;
  readonly authorization: string;
}) => object | string;

/** `answer` gives the members of an answer, or the code of an error. */
async function kmsThatAnswers(t: TestContext, answer: Answer, oldKmsKeyIds: string[] = [], s3: Partial<S3Config> = {}) {
  const calls: string[] = [];
  const server = createServer(async (request, response) => {
    const body = JSON.parse(Buffer.concat(await request.toArray()).toString()) as { KeyId: string };
    const action = String(request.headers['x-amz-target']).split('.')[1]!;
    calls.push(`${action} ${body.KeyId}`);
    const found = answer({ action, keyId: body.KeyId, authorization: request.headers.authorization ?? '' });
    const isError = typeof found === 'string';
    response.writeHead(isError ? 400 : 200, { 'content-type': 'application/x-amz-json-1.1' });
    response.end(JSON.stringify(isError ? { __type: found, message: 'm' } : found));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const kmsEndpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const keys = createKmsKeys(
    clientEncryption({ kmsKeyId: 'new', oldKmsKeyIds, kmsEndpoint }),
    s3Config('http://127.0.0.1:1', s3),
  );
  t.after(() => {
    keys.close();
    server.closeAllConnections();
    server.close();
  });
  return { keys, calls };
}

const PLAIN = randomBytes(32).toString('base64');
const BLOB = randomBytes(100);

test('errors of KMS are sorted by what is to be done, and none is asked for again as it is', async (t) => {
  const table: [string, string][] = [
    ['DisabledException', 'config'],
    ['KMSInvalidStateException', 'config'],
    ['NotFoundException', 'config'],
    ['InvalidKeyUsageException', 'config'],
    ['AccessDeniedException', 'permission_denied'],
    ['ExpiredTokenException', 'unauthenticated'],
    ['UnrecognizedClientException', 'unauthenticated'],
  ];
  for (const [name, code] of table) {
    const { keys, calls } = await kmsThatAnswers(t, () => name);
    const message = new RegExp(`^GenerateDataKey of KMS key new failed: ${name}: m$`);
    await assert.rejects(keys.current(), { name: BridgeError.name, code, message });
    await assert.rejects(keys.decrypt(BLOB, 'a'), { code });
    assert.deepEqual(calls, ['GenerateDataKey new', 'Decrypt new'], name);
  }
});

test('a blob is opened with the key it is of: the old ones are tried after the new one, and each blob once', async (t) => {
  const { keys, calls } = await kmsThatAnswers(
    t,
    ({ keyId }) => (keyId === 'older' ? { KeyId: keyId, Plaintext: PLAIN } : 'IncorrectKeyException'),
    ['old', 'older'],
  );
  const both = await Promise.all([keys.decrypt(BLOB, 'a'), keys.decrypt(BLOB, 'b')]);
  for (const key of both) assert.equal(Buffer.from(key!).toString('base64'), PLAIN);
  assert.deepEqual(calls, ['Decrypt new', 'Decrypt old', 'Decrypt older']);
});

test('a blob of no known key, and one that was changed, are told apart', async (t) => {
  const { keys } = await kmsThatAnswers(t, () => 'IncorrectKeyException');
  assert.equal(await keys.decrypt(BLOB, 'a'), undefined);
  const changed = await kmsThatAnswers(t, () => 'InvalidCiphertextException');
  await assert.rejects(changed.keys.decrypt(BLOB, 's3://lake/a'), {
    code: 'corrupt',
    message: /^s3:\/\/lake\/a has a/,
  });
});

test('one key serves many objects, and a failure is not kept', async (t) => {
  let isAway = true;
  const { keys, calls } = await kmsThatAnswers(t, () =>
    isAway ? 'AccessDeniedException' : { KeyId: 'arn:new', Plaintext: PLAIN, CiphertextBlob: BLOB.toString('base64') },
  );
  await assert.rejects(keys.current(), { code: 'permission_denied', hint: /Allow kms:GenerateDataKey/ });
  isAway = false;
  const found = await Promise.all([keys.current(), keys.current()]);
  assert.equal(found[0], found[1]);
  assert.equal(found[0]!.id, 'kms:arn:new');
  assert.equal(calls.length, 2);
});

test('a key that is not for data keys of 256 bits is refused', async (t) => {
  const { keys } = await kmsThatAnswers(t, () => ({ KeyId: 'k', Plaintext: 'AAAA', CiphertextBlob: 'AAAA' }));
  await assert.rejects(keys.current(), { code: 'unprocessable', message: /gave 3 bytes/, hint: /SYMMETRIC_DEFAULT/ });
});

test('credentials that somebody renews in a profile are read again when KMS says that they have expired', async (t) => {
  const write = profileFile(t);
  write('OLD');
  const { keys, calls } = await kmsThatAnswers(
    t,
    ({ authorization }) =>
      authorization.includes('Credential=OLD/')
        ? 'ExpiredTokenException'
        : { KeyId: 'k', Plaintext: PLAIN, CiphertextBlob: BLOB.toString('base64') },
    [],
    { credentials: { type: 'profile', profile: 'lake' } },
  );
  await assert.rejects(keys.current(), { code: 'unauthenticated', message: /ExpiredToken/ });
  write('NEW');
  t.mock.method(performance, 'now', () => 1e9); // another look at the file is due only after some seconds
  assert.equal((await keys.current()).id, 'kms:k');
  assert.equal(calls.length, 3);
});
