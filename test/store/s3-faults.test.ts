/** The S3 store against a server that misbehaves on purpose. The client is the real one. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createS3Store } from '../../src/store/s3.ts';
import { collect } from './conformance.ts';
import {
  type Answer,
  bigStream,
  fail,
  faultyServer,
  faultyStore,
  MIB,
  type Seen,
  succeed,
  xmlError,
} from './faulty-server.ts';
import { OPERATIONS, s3Config } from './s3-config.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('errors of the server are sorted by what the caller can do, and say it', async (t) => {
  const rows = [
    [500, 'InternalError', 'unavailable', /tried again/],
    [503, 'SlowDown', 'unavailable', /tried again/],
    [400, 'BadDigest', 'unavailable', /changed on its way/],
    [404, 'NoSuchBucket', 'config', /create_bucket = true/],
    [403, 'InvalidAccessKeyId', 'unauthenticated', /\[s3\.credentials\]/],
    [403, 'SignatureDoesNotMatch', 'unauthenticated', /\[s3\.credentials\]/],
    [400, 'ExpiredToken', 'unauthenticated', /expired/],
    [403, 'RequestTimeTooSkewed', 'unauthenticated', /clock/],
    [403, 'AccessDenied', 'permission_denied', /s3:PutObject on arn:aws:s3:::lake\/a\/prefix\/k /],
    [412, 'PreconditionFailed', 'already_exists', undefined],
    [409, 'OperationAborted', 'conflict', /try again/],
    [400, 'KMS.NotFoundException', 'config', /kms_key_id/],
    [501, 'NotImplemented', 'unprocessable', /lacks an operation/],
    [400, 'InvalidArgument', 'unprocessable', /refuses/],
    [400, 'constructor', 'unprocessable', /refuses/],
  ] as const;
  for (const [status, code, expected, hint] of rows) {
    const { store } = await faultyStore(t, (_, response) => fail(response, status, code), {}, { retryAttempts: 0 });
    await assert.rejects(store.put('k', bytes('x')), (error: Error & { code: string; hint: string | undefined }) => {
      assert.equal(error.code, expected, code);
      assert.match(error.message, /lake\/a\/prefix\/k/);
      assert.match(error.hint ?? '', hint ?? /^$/);
      return true;
    });
  }
});

test('a wrong region is a configuration error that names the right one, wherever the server says it', async (t) => {
  const answers: Answer[] = [
    (_, response) => fail(response, 301, 'PermanentRedirect', '', { 'x-amz-bucket-region': 'eu-west-9' }),
    (_, response) => fail(response, 400, 'AuthorizationHeaderMalformed', '<Region>eu-west-9</Region>'),
  ];
  for (const answer of answers) {
    const { store } = await faultyStore(t, answer);
    await assert.rejects(store.check(), {
      code: 'config',
      hint: 'Set region = "eu-west-9" in [s3] (it is "us-east-1").',
    });
  }
});

test('a passing fault is tried again as often as configured, and then given up', async (t) => {
  const passing = await faultyStore(t, (seen, response) =>
    seen.earlier === 0 ? fail(response, 503, 'SlowDown') : succeed(seen, response),
  );
  await passing.store.put('k', bytes('x'));
  assert.equal(passing.count('PutObject'), 2);
  const lasting = await faultyStore(t, (_, response) => fail(response, 500, 'InternalError'));
  await assert.rejects(lasting.store.put('k', bytes('x')), { code: 'unavailable', retryable: true });
  assert.equal(lasting.count('PutObject'), 2);
});

test('a connection that is reset is tried again, and then unavailable', async (t) => {
  const { store, count } = await faultyStore(t, (_, response) => response.socket?.destroy());
  await assert.rejects(store.put('k', bytes('x')), { code: 'unavailable', retryable: true });
  assert.equal(count('PutObject'), 2);
});

test('a server that never answers is given up after the time limit', async (t) => {
  const { store } = await faultyStore(t, () => {}, {}, { timeoutSeconds: 0.3 });
  const started = performance.now();
  await assert.rejects(store.put('k', bytes('x')), { code: 'unavailable', retryable: true });
  assert.ok(performance.now() - started < 5000);
});

test('a conditional write that meets another one is tried again on 409', async (t) => {
  const { store, seen } = await faultyStore(t, (one, response) => {
    if (one.call === 'HeadObject') return response.writeHead(200, { etag: '"other"', 'content-length': 1 }).end();
    if (one.earlier === 0) return fail(response, 409, 'ConditionalRequestConflict');
    return fail(response, 412, 'PreconditionFailed');
  });
  await assert.rejects(store.put('k', bytes('x'), { ifAbsent: true }), { code: 'already_exists' });
  assert.deepEqual(
    seen.map(({ call, headers }) => [call, headers['if-none-match']]),
    [
      ['PutObject', '*'],
      ['PutObject', '*'],
      ['HeadObject', undefined],
    ],
  );
});

test('an error in the body of a 200 on Complete is an error, tried again', async (t) => {
  const { store, count, seen } = await faultyStore(t, (one, response) => {
    if (one.call !== 'CompleteMultipartUpload' || one.earlier > 0) return succeed(one, response);
    return response.writeHead(200).end(xmlError('InternalError'));
  });
  const writer = await store.write('k', { ifAbsent: true });
  await writer.write(new Uint8Array(13 * MIB));
  assert.equal((await writer.close()).etag, '"whole-2"');
  assert.equal(count('CompleteMultipartUpload'), 2);
  const completes = seen.filter(({ call }) => call === 'CompleteMultipartUpload');
  assert.ok(completes.every(({ headers }) => headers['if-none-match'] === '*'));
  assert.equal(count('AbortMultipartUpload'), 0);
});

test('an error in the body of every 200 on Complete aborts the upload', async (t) => {
  const { store, count } = await faultyStore(t, (one, response) => {
    if (one.call !== 'CompleteMultipartUpload') return succeed(one, response);
    return response.writeHead(200).end(xmlError('InternalError'));
  });
  const writer = await store.write('k');
  await writer.write(new Uint8Array(13 * MIB));
  await assert.rejects(writer.close(), { code: 'unavailable', message: /InternalError/ });
  assert.equal(count('AbortMultipartUpload'), 1);
});

test('when a part fails the upload is aborted, the first error is kept, and nothing more is sent', async (t) => {
  const { store, count, seen } = await faultyStore(t, (one, response) =>
    one.part === 2 ? fail(response, 403, 'AccessDenied') : succeed(one, response),
  );
  const writer = await store.write('k');
  const write = async () => {
    for (let i = 0; i < 100; i++) {
      await writer.write(new Uint8Array(5 * MIB));
      await sleep(20); // the server shares this thread: it must come to its answer
    }
    await writer.close();
  };
  await assert.rejects(write(), { code: 'permission_denied', message: /UploadPart/ });
  await assert.rejects(writer.write(new Uint8Array(1)), { code: 'permission_denied' });
  await assert.rejects(writer.close(), { code: 'permission_denied' });
  await writer.abort();
  assert.equal(count('AbortMultipartUpload'), 1);
  await sleep(100); // a part that was cut may lie whole in a socket, and be read by the server only now
  const calls = seen.length;
  await sleep(200);
  assert.equal(seen.length, calls);
  assert.ok(count('UploadPart') < 50);
});

test('an abort that fails does not hide the first error, and is told', async (t) => {
  const answer: Answer = (one, response) => {
    if (one.part === 2) return fail(response, 403, 'AccessDenied');
    if (one.call === 'AbortMultipartUpload') return fail(response, 500, 'InternalError');
    return succeed(one, response);
  };
  const { store, warnings } = await faultyStore(t, answer);
  const writer = await store.write('k');
  await writer.write(new Uint8Array(15 * MIB)).catch(() => {});
  await assert.rejects(writer.close(), { code: 'permission_denied' });
  assert.match(warnings.join(), /multipart upload the-upload of s3:\/\/lake\/a\/prefix\/k was left open/);

  const streamed = store.uploadStream('k', bigStream(15));
  await assert.rejects(streamed, { code: 'permission_denied', message: /UploadPart/ });
  assert.equal(warnings.length, 2);
});

test('a stream is not read on when one of its parts has failed', async (t) => {
  const { store, count } = await faultyStore(t, (one, response) =>
    one.part === 2 ? fail(response, 403, 'AccessDenied') : succeed(one, response),
  );
  let read = 0;
  const counting = async function* () {
    for await (const chunk of bigStream(200)) {
      read++;
      await sleep(5);
      yield chunk;
    }
  };
  await assert.rejects(store.uploadStream('k', counting()), { code: 'permission_denied' });
  assert.equal(count('AbortMultipartUpload'), 1);
  assert.ok(read < 100);
});

test('no more bodies are on their way than configured, over all writers', async (t) => {
  let now = 0;
  let most = 0;
  const { store } = await faultyStore(
    t,
    async (one, response) => {
      if (one.call === 'UploadPart') most = Math.max(most, ++now);
      await sleep(5);
      if (one.call === 'UploadPart') now--;
      succeed(one, response);
    },
    { multipart: { enabled: true, thresholdMb: 5, partSizeMb: 5, maxConcurrentUploads: 2, abortAfterHours: 24 } },
  );
  const chunk = new Uint8Array(20 * MIB);
  const write = async (key: string) => {
    const writer = await store.write(key);
    await writer.write(chunk);
    await writer.close();
  };
  await Promise.all([write('a'), write('b'), write('c'), store.uploadStream('d', bigStream(20))]);
  assert.equal(most, 2);
});

test('a body that is cut in the middle is asked for again', async (t) => {
  const { store, count } = await faultyStore(t, (one, response) => {
    response.writeHead(200, { 'content-length': 10 });
    if (one.earlier > 0) return response.end('0123456789');
    response.write('01234');
    return setTimeout(() => response.socket?.destroy(), 20);
  });
  assert.equal(Buffer.from(await store.get('k')).toString(), '0123456789');
  assert.equal(count('GetObject'), 2);
  const always = await faultyStore(t, (_, response) => {
    response.writeHead(200, { 'content-length': 10 }).write('01234');
    setTimeout(() => response.socket?.destroy(), 20);
  });
  await assert.rejects(always.store.get('k'), { code: 'unavailable', retryable: true });
  assert.equal(always.count('GetObject'), 2);
});

test('an object read as it comes goes on behind the byte where the answer broke off', async (t) => {
  const { store, seen } = await faultyStore(t, (one, response) => {
    const from = Number(/bytes=(\d+)-/.exec(String(one.headers.range ?? ''))?.[1] ?? 0);
    const range = from > 0 ? { 'content-range': `bytes ${from}-9/10` } : {};
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': 10 - from, etag: '"the-object"', ...range });
    response.write('0123456789'.slice(from, from + 4));
    return from >= 6 ? response.end() : setTimeout(() => response.socket?.destroy(), 20);
  });
  assert.equal(Buffer.concat(await collect(store.read('k'))).toString(), '0123456789');
  assert.deepEqual(
    seen.map(({ headers }) => [headers.range, headers['if-match']]),
    [
      [undefined, undefined],
      ['bytes=4-', '"the-object"'],
      ['bytes=8-', '"the-object"'],
    ],
  );
});

test('an object whose answers break off without a byte is given up', async (t) => {
  const { store, count } = await faultyStore(t, (_, response) => {
    response.writeHead(200, { 'content-length': 10, etag: '"e"' }).flushHeaders();
    setTimeout(() => response.socket?.destroy(), 20);
  });
  await assert.rejects(collect(store.read('k')), { code: 'unavailable', retryable: true });
  assert.equal(count('GetObject'), 2);
});

test('a body that stops in the middle is given up after the time limit', async (t) => {
  const stall: Answer = (_, response) => response.writeHead(200, { 'content-length': 10 }).write('01234');
  const { store } = await faultyStore(t, stall, {}, { timeoutSeconds: 0.3 });
  await assert.rejects(store.get('k'), { code: 'unavailable', retryable: true });
});

test('a read is stopped by its signal in the middle of the body', async (t) => {
  const stop = new AbortController();
  const { store } = await faultyStore(t, (_, response) => {
    response.writeHead(200, { 'content-length': 10 }).write('01234');
    setTimeout(() => stop.abort(), 20);
  });
  await assert.rejects(store.get('k', { signal: stop.signal }), { code: 'cancelled' });
});

test('a server without ranges is noticed', async (t) => {
  const { store } = await faultyStore(t, (_, response) => response.writeHead(200).end('0123456789'));
  await assert.rejects(store.get('k', { range: { start: 2, end: 4 } }), { code: 'unprocessable', message: /ranges/ });
});

test('keys that a batch delete could not remove are an error that names the first', async (t) => {
  const errors = '<Error><Key>a/prefix/x</Key><Code>AccessDenied</Code><Message>no</Message></Error>';
  const { store, seen } = await faultyStore(t, (_, response) =>
    response.writeHead(200).end(`<DeleteResult>${errors}</DeleteResult>`),
  );
  await assert.rejects(store.delete(['x', 'y']), { code: 'permission_denied', message: /s3:\/\/lake\/a\/prefix\/x/ });
  const [{ headers, body }] = seen as [Seen];
  assert.equal(headers['content-md5'], createHash('md5').update(body).digest('base64'));
});

test('an object of more than 10,000 parts is refused with what to do', async (t) => {
  const { store } = await faultyStore(t, succeed, {
    multipart: { enabled: true, thresholdMb: 0, partSizeMb: 5, maxConcurrentUploads: 4, abortAfterHours: 24 },
  });
  const writer = await store.write('k');
  // Bytes are not looked at before they are sent, so a chunk that only says it is that long will do.
  const chunk = Object.defineProperty(new Uint8Array(1), 'length', { value: 10_000 * 5 * MIB + 1 });
  const expected = { code: 'too_large', hint: 'Raise part_size_mb in [s3.multipart].' };
  await assert.rejects(writer.write(chunk), expected);
  const stream = async function* () {
    yield chunk;
  };
  await assert.rejects(store.uploadStream('k', stream()), expected);
});

test('encryption is asked for on both ways of writing', async (t) => {
  const encryption = { type: 'aws:kms', kmsKeyId: 'key-1', bucketKeyEnabled: true } as const;
  const { store, seen } = await faultyStore(t, succeed, { encryption });
  await store.put('k', bytes('x'));
  await (await store.write('k')).close();
  const writer = await store.write('k');
  await writer.write(new Uint8Array(13 * MIB));
  await writer.close();
  const asking = seen.filter(({ call }) => call === 'PutObject' || call === 'CreateMultipartUpload');
  assert.deepEqual(
    asking.map(({ headers }) => [
      headers['x-amz-server-side-encryption'],
      headers['x-amz-server-side-encryption-aws-kms-key-id'],
      headers['x-amz-server-side-encryption-bucket-key-enabled'],
    ]),
    Array(3).fill(['aws:kms', 'key-1', 'true']),
  );
});

test('a bucket outside us-east-1 is created in its region', async (t) => {
  const { store, seen } = await faultyStore(
    t,
    (one, response) =>
      one.call === 'ListObjectsV2' && one.earlier === 0 ? fail(response, 404, 'NoSuchBucket') : succeed(one, response),
    { region: 'eu-west-9' },
  );
  await store.check();
  const create = seen.find(({ call }) => call === 'CreateBucket');
  assert.match(String(create?.body), /<LocationConstraint>eu-west-9</);
});

test('a name that another account has taken is told apart from a bucket that somebody just made for us', async (t) => {
  for (const [code, expected] of [
    [
      'BucketAlreadyExists',
      { code: 'config', message: /CreateBucket of bucket lake/, hint: /taken by another account/ },
    ],
    ['BucketAlreadyOwnedByYou', { code: 'config', message: /NoSuchBucket/ }],
  ] as const) {
    const { store } = await faultyStore(t, (one, response) =>
      one.call === 'CreateBucket' ? fail(response, 409, code) : fail(response, 404, 'NoSuchBucket'),
    );
    await assert.rejects(store.check(), expected);
  }
});

test('names that XML cannot hold come back from listings', async (t) => {
  const page =
    '<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>' +
    '<Contents><Key>a/prefix/x%01y+z%2B</Key><Size>3</Size></Contents></ListBucketResult>';
  const { store } = await faultyStore(t, (_, response) => response.writeHead(200).end(page));
  const [info] = await collect(store.list(''));
  assert.equal(info?.key, 'x\u0001y z+');
});

test('every request is told of, also those made again', async (t) => {
  const told: [string, boolean][] = [];
  const observe = (operation: string, _: number, error?: unknown) => void told.push([operation, error !== undefined]);
  const { url } = await faultyServer(t, (one, response) =>
    one.earlier === 0 && one.call === 'PutObject' ? fail(response, 503, 'SlowDown') : succeed(one, response),
  );
  const store = createS3Store(s3Config(url), { ...OPERATIONS, retryAttempts: 2 }, { observe });
  t.after(() => store.close());
  await store.put('k', bytes('x'));
  await store.uploadStream('large', bigStream(13));
  assert.deepEqual(told.slice(0, 2), [
    ['PutObject', true],
    ['PutObject', false],
  ]);
  const later = told.slice(2).map(([operation]) => operation);
  assert.deepEqual([...new Set(later)], ['CreateMultipartUpload', 'UploadPart', 'CompleteMultipartUpload']);
});
