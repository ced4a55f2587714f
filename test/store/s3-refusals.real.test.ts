/** What real servers refuse, one call at a time: each error names the call, the place and what to do, and leaves nothing. */
import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { fromTemporaryCredentials } from '@aws-sdk/credential-providers';
import type { S3Config } from '../../src/config/types.ts';
import { createS3Store } from '../../src/store/s3.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { minioBinary, type S3Server, startMinio } from '../support/minio.ts';
import { startVersitygw, versitygwBinary } from '../support/versitygw.ts';
import { explicit, OPERATIONS, s3Config } from './s3-config.ts';

const MIB = 1024 * 1024;

async function writeLarge(store: ObjectStore, key: string): Promise<void> {
  const writer = await store.write(key);
  await writer.write(new Uint8Array(13 * MIB)).catch(() => {});
  await writer.close();
}

const consume = async (items: AsyncIterable<unknown>) => void (await Array.fromAsync(items));

describe('rights that are missing, on MinIO', { skip: !minioBinary() }, () => {
  let server: S3Server;
  let owner: ObjectStore;
  before(async () => {
    server = await startMinio();
    owner = createS3Store(s3Config(server.endpoint), OPERATIONS);
    await owner.check();
    await owner.put('there', new Uint8Array(7));
  });
  after(async () => {
    owner?.close();
    await server?.close();
  });

  /** A session that may do everything in the bucket but one thing. */
  async function without(action: string): Promise<S3Config['credentials']> {
    const statement = [
      { Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/*'] },
      { Effect: 'Deny', Action: [action], Resource: ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/*'] },
    ];
    const { accessKeyId, secretAccessKey, sessionToken } = await fromTemporaryCredentials({
      masterCredentials: { accessKeyId: server.accessKey, secretAccessKey: server.secretKey },
      params: {
        RoleArn: 'arn:aws:iam::0:role/lake',
        RoleSessionName: 'lake',
        Policy: JSON.stringify({ Version: '2012-10-17', Statement: statement }),
      },
      clientConfig: { endpoint: server.endpoint, region: 'us-east-1' },
    })();
    return { type: 'explicit', accessKeyId, secretAccessKey, sessionToken };
  }

  const CALLS: readonly (readonly [string, string, (store: ObjectStore) => Promise<unknown>])[] = [
    ['s3:PutObject', 'lake/a/prefix/new', (store) => store.put('new', new Uint8Array(1))],
    ['s3:PutObject', 'lake/a/prefix/new', (store) => writeLarge(store, 'new')],
    ['s3:GetObject', 'lake/a/prefix/there', (store) => store.get('there')],
    ['s3:GetObject', 'lake/a/prefix/there', (store) => consume(store.read('there'))],
    ['s3:GetObject', 'lake/a/prefix/there', (store) => store.head('there')],
    ['s3:DeleteObject', 'lake/a/prefix/there', (store) => store.delete(['there'])],
    ['s3:ListBucket', 'lake', (store) => consume(store.list(''))],
    ['s3:ListBucket', 'lake', (store) => store.check()],
    ['s3:ListBucketMultipartUploads', 'lake', (store) => store.listUploads('')],
  ];

  for (const [action, resource, use] of CALLS) {
    test(`without ${action} on ${resource}: ${String(use).replace(/^.*=> /s, '')} says which right is missing`, async () => {
      const store = createS3Store(s3Config(server.endpoint, { credentials: await without(action) }), OPERATIONS);
      await assert.rejects(use(store), {
        code: 'permission_denied',
        retryable: false,
        hint: `Allow ${action} on arn:aws:s3:::${resource} to these credentials.`,
      });
      store.close();
      assert.equal((await owner.head('there')).size, 7);
      assert.deepEqual(await owner.listUploads(''), []);
      await assert.rejects(owner.head('new'), { code: 'not_found' });
    });
  }

  test('a writer that may not write is told so by the check, before a row waits for it', async () => {
    const store = createS3Store(s3Config(server.endpoint, { credentials: await without('s3:PutObject') }), OPERATIONS);
    await store.check();
    const expected = {
      code: 'permission_denied',
      hint: /^Allow s3:PutObject on arn:aws:s3:::lake\/a\/prefix\/_lake\/tmp\//,
    };
    await assert.rejects(store.check({ forWriting: true }), expected);
    store.close();
  });

  test('a bucket of somebody else is no missing one: 403 names the right, 404 the setting', async () => {
    const stranger = createS3Store(s3Config(server.endpoint, { credentials: await without('s3:*') }), OPERATIONS);
    await assert.rejects(stranger.check(), { code: 'permission_denied', hint: /s3:ListBucket on arn:aws:s3:::lake / });
    stranger.close();
    const nowhere = createS3Store(s3Config(server.endpoint, { bucket: 'nowhere', createBucket: false }), OPERATIONS);
    for (const work of [
      () => nowhere.check(),
      () => nowhere.get('a'),
      () => nowhere.put('a', new Uint8Array(1)),
      () => consume(nowhere.list('')),
    ]) {
      await assert.rejects(work(), { code: 'config', message: /NoSuchBucket/, hint: /create_bucket = true/ });
    }
    nowhere.close();
  });
});

for (const [name, isThere, start] of [
  ['MinIO', !!minioBinary(), () => startMinio({ MINIO_SITE_REGION: 'eu-west-9' })],
  ['versitygw', !!versitygwBinary(), () => startVersitygw('eu-west-9')],
] as const) {
  describe(`a bucket elsewhere, on ${name}`, { skip: !isThere }, () => {
    let server: S3Server;
    before(async () => {
      server = await start();
      const right = createS3Store(s3Config(server.endpoint, { region: 'eu-west-9' }), OPERATIONS);
      await right.check({ forWriting: true });
      await right.put('there', new Uint8Array(1));
      right.close();
    });
    after(() => server?.close());

    test('every call with a wrong region names the right one', async () => {
      const store = createS3Store(s3Config(server.endpoint, { region: 'us-west-2' }), OPERATIONS);
      for (const work of [
        () => store.check(),
        () => store.put('a', new Uint8Array(1)),
        () => writeLarge(store, 'a'),
        () => store.get('there'),
        () => store.head('there'),
        () => consume(store.list('')),
        () => store.delete(['there']),
        () => store.listUploads(''),
      ]) {
        const hint = 'Set region = "eu-west-9" in [s3] (it is "us-west-2").';
        await assert.rejects(work(), { code: 'config', hint }, String(work));
      }
      store.close();
    });

    test('wrong keys are told apart from missing rights, also where the answer has no body', async () => {
      for (const [credentials, found] of [
        [explicit('nobody', 'nothing-at-all'), /InvalidAccessKeyId|XAdminUserNotFound/],
        [explicit(server.accessKey, 'nothing-at-all'), /SignatureDoesNotMatch/],
      ] as const) {
        const store = createS3Store(s3Config(server.endpoint, { region: 'eu-west-9', credentials }), OPERATIONS);
        for (const work of [() => store.check(), () => store.put('a', new Uint8Array(1)), () => store.head('there')]) {
          const expected = { code: 'unauthenticated', message: found, hint: /\[s3\.credentials\]/ };
          await assert.rejects(work(), expected, String(work));
        }
        store.close();
      }
    });

    test('a clock that is a day wrong is put right from the answers', async (t) => {
      const store = createS3Store(s3Config(server.endpoint, { region: 'eu-west-9' }), OPERATIONS);
      for (const days of [1, -1]) {
        t.mock.timers.enable({ apis: ['Date'], now: Date.now() + days * 86_400_000 });
        await store.put(`clock/${days}`, new Uint8Array(7));
        t.mock.timers.reset();
        assert.equal((await store.head(`clock/${days}`)).size, 7);
      }
      store.close();
    });
  });
}

test('a bucket of another account than expected is refused, with both to look at', {
  skip: !versitygwBinary(),
}, async (t) => {
  const server = await startVersitygw();
  t.after(() => server.close());
  const right = createS3Store(s3Config(server.endpoint), OPERATIONS);
  await right.check();
  const store = createS3Store(s3Config(server.endpoint, { expectedBucketOwner: '123456789012' }), OPERATIONS);
  for (const work of [() => store.check(), () => store.put('a', new Uint8Array(1)), () => store.head('a')]) {
    await assert.rejects(work(), {
      code: 'permission_denied',
      hint: /expected_bucket_owner in \[s3\]: the bucket may not be 123456789012's/,
    });
  }
  for (const one of [right, store]) one.close();
});
