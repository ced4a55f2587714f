/** Servers that do not know conditional writes are found out before rows rest on them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Answer, fail, faultyStore, type Seen, succeed } from './faulty-server.ts';
import { s3Config } from './s3-config.ts';

const FOR_WRITING = { forWriting: true };

/** Refuses a put and a completion over an object that is there, unless it ignores the header on that call. */
const serverThat = (ignores?: string): Answer => {
  return (one, response) => {
    const isConditional = one.headers['if-none-match'] === '*' && one.call !== ignores;
    const isThere = one.call === 'CompleteMultipartUpload' || one.earlier > 0;
    return isConditional && isThere ? fail(response, 412, 'PreconditionFailed') : succeed(one, response);
  };
};
const calls = (seen: readonly Seen[]) => seen.map(({ call }) => call);

test('a server that keeps conditions is asked once, and nothing is left of it', async (t) => {
  const { store, seen } = await faultyStore(t, serverThat(), { createBucket: false });
  await store.check();
  assert.deepEqual(calls(seen), ['ListObjectsV2'], 'who only reads tries nothing');
  await store.check(FOR_WRITING);
  const once = [
    'PutObject',
    'PutObject',
    'CreateMultipartUpload',
    'UploadPart',
    'CompleteMultipartUpload',
    'AbortMultipartUpload',
    'ListParts',
    'DeleteObjects',
    'ListMultipartUploads',
    'ListObjectsV2',
  ];
  assert.deepEqual(calls(seen), ['ListObjectsV2', 'ListObjectsV2', ...once]);
  await store.check(FOR_WRITING);
  assert.equal(seen.length, once.length + 3);
});

for (const call of ['PutObject', 'CompleteMultipartUpload']) {
  test(`a server that ignores the condition of ${call} is a configuration error that says what to do`, async (t) => {
    const { store, count } = await faultyStore(t, serverThat(call), { createBucket: false });
    for (let i = 1; i <= 2; i++) {
      await assert.rejects(store.check(FOR_WRITING), {
        code: 'config',
        message: new RegExp(`^${call} of bucket lake ignores If-None-Match`),
        hint: /conditional_writes = false/,
      });
      assert.equal(count('DeleteObjects'), i);
    }
  });
}

test('a server that refuses the header is the same error, and other errors stay themselves', async (t) => {
  for (const [status, code, expected] of [
    [501, 'NotImplemented', { code: 'config', message: /^PutObject refuses If-None-Match/ }],
    [400, 'InvalidArgument', { code: 'config' }],
    [403, 'AccessDenied', { code: 'permission_denied', hint: /s3:PutObject/ }],
    [503, 'SlowDown', { code: 'unavailable' }],
  ] as const) {
    const answer: Answer = (one, response) =>
      one.call === 'PutObject' ? fail(response, status, code) : succeed(one, response);
    const { store } = await faultyStore(t, answer, { createBucket: false }, { retryAttempts: 0 });
    await assert.rejects(store.check(FOR_WRITING), expected);
  }
});

test('with conditional_writes = false, or without multipart, what is not used is not tried', async (t) => {
  const without = await faultyStore(t, succeed, { createBucket: false, conditionalWrites: false });
  await without.store.check(FOR_WRITING);
  assert.deepEqual(calls(without.seen), ['ListObjectsV2']);
  const multipart = { ...s3Config('').multipart, enabled: false };
  const whole = await faultyStore(t, serverThat(), { createBucket: false, multipart });
  await whole.store.check(FOR_WRITING);
  assert.deepEqual(calls(whole.seen), [
    'ListObjectsV2',
    'PutObject',
    'PutObject',
    'DeleteObjects',
    'ListMultipartUploads',
    'ListObjectsV2',
  ]);
});

test('what a bridge that was killed in a trial left is removed once it is old', async (t) => {
  const name = (what: string) => `a/prefix/_lake/tmp/condition-${what}`;
  const at = (minutesAgo: number) => new Date(Date.now() - minutesAgo * 60_000).toISOString();
  const listed: Record<string, string> = {
    ListObjectsV2: `<ListBucketResult><IsTruncated>false</IsTruncated>
<Contents><Key>${name('old')}</Key><Size>1</Size><LastModified>${at(11)}</LastModified></Contents>
<Contents><Key>${name('new')}</Key><Size>1</Size><LastModified>${at(9)}</LastModified></Contents></ListBucketResult>`,
    ListMultipartUploads: `<ListMultipartUploadsResult><IsTruncated>false</IsTruncated>
<Upload><Key>${name('old')}</Key><UploadId>u-old</UploadId><Initiated>${at(11)}</Initiated></Upload>
<Upload><Key>${name('new')}</Key><UploadId>u-new</UploadId><Initiated>${at(9)}</Initiated></Upload></ListMultipartUploadsResult>`,
  };
  const whole = serverThat();
  const { store, seen, warnings } = await faultyStore(
    t,
    (one, response) => {
      const body = listed[one.call];
      return body === undefined ? whole(one, response) : response.writeHead(200).end(body);
    },
    { createBucket: false },
  );
  await store.check(FOR_WRITING);
  const deleted = seen
    .filter(({ call }) => call === 'DeleteObjects')
    .map(({ body }) => /<Key>(.*?)<\/Key>/.exec(`${body}`)?.[1]);
  assert.equal(deleted.length, 2);
  assert.equal(deleted[1], name('old'));
  assert.equal(
    seen.filter(({ call }) => call === 'AbortMultipartUpload').length,
    2,
    "the trial's own, and the old one",
  );
  assert.deepEqual(warnings, []);
});

test('an upload of a trial whose creation was answered with nothing is aborted, by the next trial where this one fails', async (t) => {
  const uploads = new Map<string, string>();
  const state = { isLosing: true, listsFail: true };
  const whole = serverThat();
  const { store, warnings } = await faultyStore(
    t,
    (one, response) => {
      const { pathname, searchParams } = new URL(one.url, 'http://server');
      const key = pathname.replace('/lake/', '');
      if (one.call === 'CreateMultipartUpload') {
        const id = `upload-${uploads.size}`;
        uploads.set(id, key);
        if (state.isLosing) return response.destroy();
        return response
          .writeHead(200)
          .end(`<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>`);
      }
      if (one.call === 'AbortMultipartUpload') uploads.delete(searchParams.get('uploadId')!);
      if (one.call !== 'ListMultipartUploads') return whole(one, response);
      if (state.listsFail) return fail(response, 403, 'ExpiredToken');
      const now = new Date().toISOString();
      const listed = [...uploads].map(
        ([id, name]) => `<Upload><Key>${name}</Key><UploadId>${id}</UploadId><Initiated>${now}</Initiated></Upload>`,
      );
      return response.writeHead(200).end(`<ListMultipartUploadsResult>${listed.join('')}</ListMultipartUploadsResult>`);
    },
    { createBucket: false },
  );
  await assert.rejects(store.check(FOR_WRITING), { code: 'unavailable' });
  assert.equal(uploads.size, 2, 'the client has tried twice');
  state.isLosing = false;
  await assert.rejects(store.check(FOR_WRITING), { code: 'unauthenticated' });
  assert.equal(uploads.size, 2, 'its own was aborted by its id');
  state.listsFail = false;
  await store.check(FOR_WRITING);
  assert.equal(uploads.size, 0);
  assert.deepEqual(warnings, []);
});

test('a bridge that may neither list uploads nor delete is ready all the same, and says what stays', async (t) => {
  const whole = serverThat();
  const { store, warnings } = await faultyStore(
    t,
    (one, response) =>
      one.call === 'ListMultipartUploads' || one.call === 'DeleteObjects'
        ? fail(response, 403, 'AccessDenied')
        : whole(one, response),
    { createBucket: false },
  );
  await store.check(FOR_WRITING);
  assert.equal(warnings.length, 2);
});
