/** Settings of objects, encryption and uploads on real servers. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import { GetObjectTaggingCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import type { S3Config } from '../../src/config/types.ts';
import { createS3Store } from '../../src/store/s3.ts';
import { createS3Client } from '../../src/store/s3-client.ts';
import { startFaultProxy } from '../support/fault-proxy.ts';
import { minioBinary, type S3Server, startMinio } from '../support/minio.ts';
import { hasMoto, startMoto } from '../support/moto.ts';
import { startVersitygw, versitygwBinary } from '../support/versitygw.ts';
import { OPERATIONS, s3Config } from './s3-config.ts';

const MIB = 1024 * 1024;
const KMS_KEY = 'lake-key';
const KMS = { MINIO_KMS_SECRET_KEY: `${KMS_KEY}:${Buffer.alloc(32, 7).toString('base64')}` };
const kms = (kmsKeyId: string | undefined) => ({ type: 'aws:kms', kmsKeyId, bucketKeyEnabled: undefined }) as const;

describe('encryption by the store, on MinIO with a key', { skip: !minioBinary() }, () => {
  let server: S3Server;
  before(async () => {
    server = await startMinio(KMS);
  });
  after(() => server?.close());

  for (const [name, encryption, expected] of [
    ['AES256', { type: 'AES256' }, ['AES256', undefined]],
    ['aws:kms with a key', kms(KMS_KEY), ['aws:kms', `arn:aws:kms:${KMS_KEY}`]],
    ['aws:kms with the key of the server', kms(undefined), ['aws:kms', `arn:aws:kms:${KMS_KEY}`]],
  ] as const) {
    test(`${name}: objects are encrypted on every way of writing, and come back whole, ranges too`, async () => {
      const config = s3Config(server.endpoint, { encryption });
      const [store, client] = [createS3Store(config, OPERATIONS), createS3Client(config, OPERATIONS)];
      await store.check({ forWriting: true });
      const body = randomBytes(13 * MIB);
      const name = encryption.type === 'AES256' ? 'sse' : 'kms';
      await store.put(`${name}/small`, body.subarray(0, 100));
      const writer = await store.write(`${name}/large`);
      await writer.write(body);
      await writer.close();
      await store.uploadStream(
        `${name}/stream`,
        (async function* () {
          yield body;
        })(),
      );
      for (const key of ['small', 'large', 'stream']) {
        const head = await client.send(new HeadObjectCommand({ Bucket: 'lake', Key: `a/prefix/${name}/${key}` }));
        assert.deepEqual([head.ServerSideEncryption, head.SSEKMSKeyId], expected, key);
      }
      assert.ok(Buffer.from(await store.get(`${name}/large`)).equals(body));
      const range = { start: 5 * MIB - 3, end: 5 * MIB + 3 };
      assert.ok(Buffer.from(await store.get(`${name}/large`, { range })).equals(body.subarray(range.start, range.end)));
      client.destroy();
      store.close();
    });
  }

  test('a KMS key that does not exist is a configuration error that names the setting; nothing is stored or left open', async () => {
    const store = createS3Store(s3Config(server.endpoint, { encryption: kms('no-such-key') }), OPERATIONS);
    await createS3Store(s3Config(server.endpoint), OPERATIONS).check();
    const expected = { code: 'config', hint: /kms_key_id in \[s3\.encryption\]/ };
    await assert.rejects(store.put('none/a', new Uint8Array(1)), expected);
    const writer = await store.write('none/b');
    await writer.write(new Uint8Array(13 * MIB)).catch(() => {});
    await assert.rejects(writer.close(), expected);
    await assert.rejects(store.check({ forWriting: true }), expected);
    assert.deepEqual(await Array.fromAsync(store.list('none/')), []);
    assert.deepEqual(await store.listUploads(''), []);
    store.close();
  });
});

test('encryption asked of a server without a key is an error that says so', { skip: !minioBinary() }, async (t) => {
  const server = await startMinio();
  t.after(() => server.close());
  const plain = createS3Store(s3Config(server.endpoint), OPERATIONS);
  const store = createS3Store(s3Config(server.endpoint, { encryption: kms('any') }), OPERATIONS);
  await plain.check();
  await assert.rejects(store.put('a', new Uint8Array(1)), {
    code: 'config',
    message: /PutObject of s3:\/\/lake/,
    hint: /\[s3\.encryption\]/,
  });
  for (const one of [plain, store]) one.close();
});

for (const [name, isThere, start, storageClass] of [
  ['MinIO', !!minioBinary(), startMinio, 'REDUCED_REDUNDANCY'],
  ['versitygw', !!versitygwBinary(), startVersitygw, 'STANDARD'],
  ['moto', hasMoto(), startMoto, 'STANDARD_IA'],
] as const) {
  test(`storage class, tags and metadata are on the objects of ${name}`, { skip: !isThere }, async (t) => {
    const server = await start();
    t.after(() => server.close());
    const settings: Partial<S3Config> = {
      storageClass,
      tags: { team: 'a b', 'cost:center': '7/8' },
      metadata: { 'data-owner': 'platform' },
    };
    const config = s3Config(server.endpoint, settings);
    const [store, client] = [createS3Store(config, OPERATIONS), createS3Client(config, OPERATIONS)];
    await store.check({ forWriting: true });
    await store.put('traces/small', new Uint8Array(1), { metadata: { rows: '7' } });
    const writer = await store.write('traces/large');
    await writer.write(new Uint8Array(13 * MIB));
    await writer.close();
    for (const key of ['small', 'large']) {
      const target = { Bucket: 'lake', Key: `a/prefix/traces/${key}` };
      const head = await client.send(new HeadObjectCommand(target));
      assert.equal(head.StorageClass ?? 'STANDARD', storageClass);
      assert.equal(head.Metadata?.['data-owner'], 'platform');
      const { TagSet = [] } = await client.send(new GetObjectTaggingCommand(target));
      assert.deepEqual(Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value])), settings.tags);
    }
    assert.equal((await store.head('traces/small')).metadata.rows, '7');
    client.destroy();
    store.close();
  });
}

test('a storage class that the server lacks is a configuration error', { skip: !minioBinary() }, async (t) => {
  const server = await startMinio();
  t.after(() => server.close());
  const store = createS3Store(s3Config(server.endpoint, { storageClass: 'GLACIER_IR' }), OPERATIONS);
  await store.check();
  await assert.rejects(store.put('traces/a', new Uint8Array(1)), { code: 'config', hint: /storage_class/ });
  store.close();
});

test('threshold_mb, part_size_mb and max_concurrent_uploads are seen in the requests made', {
  skip: !minioBinary(),
}, async (t) => {
  const server = await startMinio();
  t.after(() => server.close());
  for (const [bytes, thresholdMb, partSizeMb, parts] of [
    [20 * MIB - 1, 20, 5, 0],
    [20 * MIB, 20, 5, 4],
    [20 * MIB + 1, 20, 5, 5],
    [21 * MIB, 1, 7, 3],
    [21 * MIB, 20, 16, 2],
  ] as const) {
    const proxy = await startFaultProxy(server.endpoint, { seed: 1, rate: 0 });
    const multipart = { enabled: true, thresholdMb, partSizeMb, maxConcurrentUploads: 2, abortAfterHours: 24 };
    const store = createS3Store(s3Config(proxy.endpoint, { multipart }), OPERATIONS);
    await store.check();
    const body = new Uint8Array(bytes);
    await Promise.all(
      ['a', 'b'].map(async (key) => {
        const writer = await store.write(`${bytes}-${partSizeMb}/${key}`);
        for (let at = 0; at < bytes; at += MIB) await writer.write(body.subarray(at, at + MIB));
        await writer.close();
      }),
    );
    const counts = ['PutObject', 'CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload'];
    const isWhole = parts === 0;
    assert.deepEqual(
      counts.map((call) => proxy.byCall.get(call)?.count ?? 0),
      [isWhole ? 2 : 0, isWhole ? 0 : 2, 2 * parts, isWhole ? 0 : 2],
      `${bytes} bytes, parts of ${partSizeMb} MiB from ${thresholdMb} MiB on`,
    );
    assert.ok((proxy.byCall.get('UploadPart')?.most ?? 0) <= 2);
    store.close();
    await proxy.close();
  }
});

for (const [name, isThere, start] of [
  ['MinIO', !!minioBinary(), startMinio],
  ['versitygw', !!versitygwBinary(), startVersitygw],
  ['moto', hasMoto(), startMoto],
] as const) {
  test(`checksums in the way of AWS are understood by ${name}, whole and in parts`, { skip: !isThere }, async (t) => {
    const server = await start();
    t.after(() => server.close());
    const store = createS3Store(s3Config(server.endpoint, { checksums: 'WHEN_SUPPORTED' }), OPERATIONS);
    await store.check({ forWriting: true });
    const body = randomBytes(13 * MIB);
    await store.put('small', body.subarray(0, 1000));
    const writer = await store.write('large');
    await writer.write(body);
    await writer.close();
    await store.uploadStream(
      'stream',
      (async function* () {
        yield body;
      })(),
    );
    assert.deepEqual(await store.get('small'), new Uint8Array(body.subarray(0, 1000)));
    for (const key of ['large', 'stream']) assert.ok(Buffer.from(await store.get(key)).equals(body), key);
    await store.delete(['small', 'large', 'stream']);
    assert.deepEqual(await Array.fromAsync(store.list('')), []);
    store.close();
  });
}
