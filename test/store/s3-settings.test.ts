/** Each setting of objects and of the client, as it is seen in the requests. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createS3Client } from '../../src/store/s3-client.ts';
import { fail, faultyStore, MIB, type Seen, succeed } from './faulty-server.ts';
import { OPERATIONS, s3Config } from './s3-config.ts';

const SETTINGS = {
  storageClass: 'STANDARD_IA',
  acl: 'bucket-owner-full-control',
  tags: { team: 'a b', 'cost:center': '7/8' },
  metadata: { 'data-owner': 'platform' },
} as const;

const asked = ({ headers }: Seen) => ({
  storageClass: headers['x-amz-storage-class'],
  acl: headers['x-amz-acl'],
  tags: headers['x-amz-tagging'],
  owner: headers['x-amz-meta-data-owner'],
});

test('storage class, ACL, tags and metadata are asked for on every way of writing a data file', async (t) => {
  const { store, seen } = await faultyStore(t, succeed, SETTINGS);
  await store.put('traces/a', new Uint8Array(1));
  await (await store.write('traces/b')).close();
  const writer = await store.write('traces/c', { metadata: { rows: '7' } });
  await writer.write(new Uint8Array(13 * MIB));
  await writer.close();
  await store.uploadStream('traces/d', (async function* () {})());
  const creating = seen.filter(({ call }) => call === 'PutObject' || call === 'CreateMultipartUpload');
  const expected = {
    storageClass: 'STANDARD_IA',
    acl: 'bucket-owner-full-control',
    tags: 'team=a+b&cost%3Acenter=7%2F8',
    owner: 'platform',
  };
  assert.deepEqual(creating.map(asked), Array(4).fill(expected));
  assert.equal(creating[2]?.headers['x-amz-meta-rows'], '7');
});

test('bookkeeping keeps the default class and has no tags', async (t) => {
  const { store, seen } = await faultyStore(t, succeed, SETTINGS);
  await store.put('_lake/commits/a.json', new Uint8Array(1));
  assert.deepEqual(asked(seen[0]!), {
    storageClass: undefined,
    acl: 'bucket-owner-full-control',
    tags: undefined,
    owner: 'platform',
  });
});

test('every call says whose the bucket must be, but the one that makes it', async (t) => {
  const owner = 'x-amz-expected-bucket-owner';
  const { store, seen } = await faultyStore(
    t,
    (one, response) =>
      one.call === 'ListObjectsV2' && one.earlier === 0 ? fail(response, 404, 'NoSuchBucket') : succeed(one, response),
    { expectedBucketOwner: '123456789012' },
  );
  await store.check();
  await store.put('k', new Uint8Array(1));
  await store.delete(['k']);
  await store.listUploads('');
  const saying = Map.groupBy(seen, ({ headers }) => headers[owner]);
  assert.deepEqual([...new Set(saying.get(undefined)?.map(({ call }) => call))], ['CreateBucket']);
  assert.ok(saying.get('123456789012')!.length >= 4);
});

test('checksums are sent in the way of AWS where they are asked for, and not where they are not required', async (t) => {
  for (const [checksums, expected] of [
    ['WHEN_REQUIRED', [undefined, undefined]],
    ['WHEN_SUPPORTED', ['CRC32', 'ENABLED']],
  ] as const) {
    const { store, seen } = await faultyStore(t, succeed, { checksums });
    await store.put('k', new Uint8Array(1));
    await store.get('k');
    const [put, get] = seen as [Seen, Seen];
    assert.deepEqual([put.headers['x-amz-sdk-checksum-algorithm'], get.headers['x-amz-checksum-mode']], expected);
  }
});

test('without conditional writes an object that is there is looked for, and no condition is sent', async (t) => {
  const { store, seen, count } = await faultyStore(
    t,
    (one, response) => {
      if (one.call === 'GetObject') return fail(response, 404, 'NoSuchKey'); // asked why HEAD was answered 404
      if (one.call !== 'HeadObject') return succeed(one, response);
      return one.earlier === 0 ? response.writeHead(404).end() : response.writeHead(200, { etag: '"x"' }).end();
    },
    { conditionalWrites: false },
  );
  await store.put('k', new Uint8Array(1), { ifAbsent: true });
  const writer = await store.write('k', { ifAbsent: true });
  await writer.write(new Uint8Array(13 * MIB));
  await assert.rejects(writer.close(), { code: 'already_exists' });
  assert.equal(count('CompleteMultipartUpload'), 0);
  assert.equal(count('AbortMultipartUpload'), 1);
  assert.ok(seen.every(({ headers }) => headers['if-none-match'] === undefined));
});

test('no more connections are open than configured', async (t) => {
  const sockets = new Set<unknown>();
  const { store } = await faultyStore(
    t,
    (one, response) => {
      sockets.add(response.socket);
      setTimeout(() => succeed(one, response), 10);
    },
    { maxConnections: 3 },
  );
  await Promise.all(Array.from({ length: 30 }, (_, i) => store.get(`k${i}`)));
  assert.equal(sockets.size, 3);
});

test('the pause before another try is bounded', async (t) => {
  const bounded = { retryMaxDelaySeconds: 0.01 };
  const { store, count } = await faultyStore(t, (_, response) => fail(response, 503, 'SlowDown'), bounded, {
    retryAttempts: 5,
  });
  const started = performance.now();
  await assert.rejects(store.put('k', new Uint8Array(1)), { code: 'unavailable' });
  assert.equal(count('PutObject'), 6);
  assert.ok(performance.now() - started < 3000, 'unbounded, the five pauses would be up to 31 s together');
});

test('the time a connection may take is handed to the client, and is never longer than a call', async () => {
  for (const [timeoutSeconds, expected] of [
    [300, 7000],
    [3, 3000],
  ] as const) {
    const config = s3Config('http://127.0.0.1:1', { connectTimeoutSeconds: 7 });
    const client = createS3Client(config, { ...OPERATIONS, timeoutSeconds });
    const handler = client.config.requestHandler as unknown as {
      configProvider: Promise<{ connectionTimeout: number }>;
    };
    const settings = await handler.configProvider;
    client.destroy();
    assert.equal(settings.connectionTimeout, expected);
  }
});
