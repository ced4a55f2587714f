/** The S3 store against a real server. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { S3Config } from '../../src/config/types.ts';
import type { BridgeError } from '../../src/errors.ts';
import { encryptedStore } from '../../src/store/encrypted.ts';
import { createKeyRing } from '../../src/store/key-ring.ts';
import { createS3Store } from '../../src/store/s3.ts';
import { createS3Client } from '../../src/store/s3-client.ts';
import { type Minio, minioBinary, startMinio } from '../support/minio.ts';
import { collect, keysOf, storeConformance } from './conformance.ts';
import { clientEncryption, explicit, OPERATIONS, s3Config } from './s3-config.ts';

const MIB = 1024 * 1024;
const skip = !minioBinary();

storeConformance(
  'MinIO',
  async () => {
    const minio = await startMinio();
    const store = createS3Store(s3Config(minio.endpoint), OPERATIONS);
    return {
      store,
      close: async () => {
        store.close();
        await minio.close();
      },
    };
  },
  { skip },
);

storeConformance(
  'MinIO with encrypted objects',
  async () => {
    const minio = await startMinio();
    const folder = await mkdtemp(join(tmpdir(), 'otel-lake-key-'));
    const keyFile = join(folder, 'lake.key');
    await writeFile(keyFile, randomBytes(32), { mode: 0o600 });
    const encryption = clientEncryption({ keyFile });
    const config = s3Config(minio.endpoint, { encryption });
    const store = encryptedStore(createS3Store(config, OPERATIONS), await createKeyRing(encryption, config));
    return {
      store,
      close: async () => {
        store.close();
        await minio.close();
        await rm(folder, { recursive: true });
      },
    };
  },
  { skip },
);

describe('the S3 store on MinIO', { skip }, () => {
  let minio: Minio;
  before(async () => {
    minio = await startMinio();
  });
  after(() => minio?.close());

  const open = (changes: Partial<S3Config> = {}, warnings: string[] = []) =>
    createS3Store(s3Config(minio.endpoint, changes), OPERATIONS, { warn: (message) => warnings.push(message) });

  test('create_bucket makes a missing bucket, and without it a missing bucket is a configuration error', async () => {
    const refused = open({ bucket: 'made-later', createBucket: false });
    await assert.rejects(refused.check(), { code: 'config', hint: /create_bucket = true/ });
    const creating = open({ bucket: 'made-later' });
    await creating.check();
    await creating.check();
    await refused.check();
    refused.close();
    creating.close();
  });

  test('writing to a missing bucket names it and says what to do', async () => {
    const store = open({ bucket: 'never-made' });
    const write = store.put('a/b', new Uint8Array(1));
    await assert.rejects(write, {
      code: 'config',
      message: /PutObject of s3:\/\/never-made\/a\/prefix\/a\/b.*NoSuchBucket/,
    });
    const writer = await store.write('a/b');
    await writer.write(new Uint8Array(13 * MIB)).catch(() => {});
    await assert.rejects(writer.close(), { code: 'config', message: /CreateMultipartUpload/ });
    store.close();
  });

  test('wrong credentials are told apart, and no secret is in the error', async () => {
    const secret = 'not-the-secret-12345';
    const wrongSecret = open({ credentials: explicit('lake-test-user', secret) });
    const wrongKey = open({ credentials: explicit('nobody-99', secret) });
    for (const [store, name] of [
      [wrongSecret, /SignatureDoesNotMatch/],
      [wrongKey, /InvalidAccessKeyId/],
    ] as const) {
      await assert.rejects(store.check(), (error: BridgeError) => {
        assert.equal(error.code, 'unauthenticated');
        assert.match(error.message, name);
        const cause = error.cause as Error;
        const everything = JSON.stringify([error, error.stack, cause, cause.message, cause.stack]);
        assert.doesNotMatch(everything, /not-the-secret|X-Amz|StringToSign|Signature=/);
        return true;
      });
      store.close();
    }
  });

  test('parts are exactly part_size_mb but for the last, and a small object is one PUT', async () => {
    const store = open();
    await store.check();
    const body = randomBytes(12 * MIB + 77);
    const writer = await store.write('parts/big', { metadata: { 'Commit-Id': 'c1' }, contentType: 'text/x-lake' });
    for (let at = 0; at < body.length; at += 999_983) await writer.write(body.subarray(at, at + 999_983));
    const { etag } = await writer.close();
    assert.match(etag!, /-3"$/);
    const client = createS3Client(s3Config(minio.endpoint), OPERATIONS);
    const sizes = [];
    for (const PartNumber of [1, 2, 3]) {
      const head = await client.send(new HeadObjectCommand({ Bucket: 'lake', Key: 'a/prefix/parts/big', PartNumber }));
      sizes.push(head.ContentLength);
      assert.equal(head.ContentType, 'text/x-lake');
    }
    assert.deepEqual(sizes, [5 * MIB, 5 * MIB, 2 * MIB + 77]);
    assert.deepEqual((await store.head('parts/big')).metadata, { 'commit-id': 'c1' });

    const small = await store.write('parts/small', { metadata: { rows: '7' } });
    await small.write(body.subarray(0, 12 * MIB - 1));
    assert.doesNotMatch((await small.close()).etag!, /-/);
    assert.deepEqual((await store.head('parts/small')).metadata, { rows: '7' });

    const exact = await store.write('parts/exact');
    await exact.write(new Uint8Array(15 * MIB));
    assert.match((await exact.close()).etag!, /-3"$/, 'no empty part at the end');
    client.destroy();
    store.close();
  });

  test('without multipart a big object is one PUT', async () => {
    const multipart = { enabled: false, thresholdMb: 12, partSizeMb: 5, maxConcurrentUploads: 2, abortAfterHours: 24 };
    const store = open({ multipart });
    await store.check();
    const writer = await store.write('whole/big');
    for (let i = 0; i < 14; i++) await writer.write(new Uint8Array(MIB));
    const { etag, size } = await writer.close();
    assert.equal(size, 14 * MIB);
    assert.doesNotMatch(etag!, /-/);
    store.close();
  });

  test('prefixes share a bucket without seeing each other, and folder markers are no objects', async () => {
    const [one, two, root] = [open({ prefix: 'one' }), open({ prefix: 'one-more' }), open({ prefix: '' })];
    await one.check();
    await one.put('x', new Uint8Array(1));
    await two.put('y', new Uint8Array(1));
    const client = createS3Client(s3Config(minio.endpoint), OPERATIONS);
    await client.send(new PutObjectCommand({ Bucket: 'lake', Key: 'one/folder/', Body: new Uint8Array() }));
    assert.deepEqual(await keysOf(one, ''), ['x']);
    assert.deepEqual(await keysOf(two, ''), ['y']);
    assert.deepEqual(await keysOf(root, 'one'), ['one-more/y', 'one/x']);
    assert.equal(one.location, 's3://lake/one');
    assert.equal(root.location, 's3://lake');
    client.destroy();
    for (const store of [one, two, root]) store.close();
  });

  test("a clock that is a day wrong is put right from the server's answers, and so is one that was set meanwhile", async (t) => {
    const store = open();
    await store.check();
    for (const days of [1, -1]) {
      t.mock.timers.enable({ apis: ['Date'], now: Date.now() + days * 86_400_000 });
      await store.put(`clock/${days}`, new Uint8Array(7));
      t.mock.timers.reset();
      await store.put('clock/right', new Uint8Array(7));
      assert.equal((await store.head(`clock/${days}`)).size, 7);
    }
    store.close();
  });

  test('a server that goes away makes writes and reads unavailable within a bounded time', async () => {
    const own = await startMinio();
    const store = createS3Store(s3Config(own.endpoint), OPERATIONS);
    await store.check();
    const writer = await store.write('gone/big');
    await writer.write(new Uint8Array(MIB));
    await own.close();
    const started = performance.now();
    await assert.rejects(store.put('gone/a', new Uint8Array(1)), { code: 'unavailable', retryable: true });
    await assert.rejects(store.get('gone/a'), { code: 'unavailable', message: /ECONNREFUSED/ });
    await assert.rejects(collect(store.list('')), { code: 'unavailable' });
    await assert.rejects(store.check(), { code: 'unavailable' });
    await assert.rejects(writer.close(), { code: 'unavailable' });
    await writer.abort();
    assert.ok(performance.now() - started < 15_000);
    store.close();
  });
});
