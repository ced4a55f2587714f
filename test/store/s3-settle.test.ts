/** What becomes of writes whose answer is lost or in doubt, and of uploads that have to go. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { OperationsConfig, S3Config } from '../../src/config/types.ts';
import { type Answer, fail, faultyStore, MIB, type Seen, succeed } from './faulty-server.ts';

/** A store whose server remembers under which write's id an object was begun; `answer` may take a call for itself. */
async function rememberingStore(
  t: TestContext,
  answer: (seen: Seen, ...rest: Parameters<Answer> extends [unknown, ...infer R] ? R : never) => boolean,
  config: Partial<S3Config> = {},
  operations: Partial<OperationsConfig> = {},
) {
  const there = { metadata: {} as Record<string, string> };
  const opened = await faultyStore(
    t,
    (one, response) => {
      if (one.call === 'PutObject' || one.call === 'CreateMultipartUpload') {
        const own = Object.entries(one.headers).filter(([name]) => name.startsWith('x-amz-meta-'));
        there.metadata = Object.fromEntries(own) as Record<string, string>;
      }
      if (answer(one, response)) return undefined;
      if (one.call !== 'HeadObject') return succeed(one, response);
      return response.writeHead(200, { etag: '"there"', 'content-length': 1, ...there.metadata }).end();
    },
    config,
    operations,
  );
  return { ...opened, there };
}

test('a Complete whose answer was lost is recognised by the object that is there', async (t) => {
  for (const ifAbsent of [true, false]) {
    const { store, count } = await rememberingStore(t, (one, response) => {
      if (one.call !== 'CompleteMultipartUpload') return false;
      if (one.earlier === 0) response.socket?.destroy();
      else fail(response, 404, 'NoSuchUpload');
      return true;
    });
    const writer = await store.write('k', { ifAbsent });
    await writer.write(new Uint8Array(13 * MIB));
    assert.equal((await writer.close()).etag, '"there"');
    assert.equal(count('AbortMultipartUpload'), 0);
  }
});

test('an upload that is gone without its object is a conflict: the object has to be sent again', async (t) => {
  for (const call of ['UploadPart', 'CompleteMultipartUpload']) {
    const { store } = await rememberingStore(t, (one, response) => {
      if (one.call === 'HeadObject' || one.call === call) fail(response, 404, 'NoSuchUpload');
      return one.call === 'HeadObject' || one.call === call;
    });
    const writer = await store.write('k', { ifAbsent: true });
    await writer.write(new Uint8Array(13 * MIB)).catch(() => {});
    await assert.rejects(writer.close(), { code: 'conflict', retryable: true });
  }
});

test("an object that another writer put under the key while an upload vanished is that writer's", async (t) => {
  const { store, there } = await rememberingStore(t, (one, response) => {
    if (one.call !== 'CompleteMultipartUpload') return false;
    there.metadata = {};
    fail(response, 404, 'NoSuchUpload');
    return true;
  });
  const writer = await store.write('k', { ifAbsent: true });
  await writer.write(new Uint8Array(13 * MIB));
  await assert.rejects(writer.close(), { code: 'already_exists' });
});

test('a conditional put whose answer was lost finds itself, and not another one', async (t) => {
  for (const isOwn of [true, false]) {
    const { store, there } = await rememberingStore(t, (one, response) => {
      if (one.call !== 'PutObject') return false;
      if (!isOwn) there.metadata = {};
      if (one.earlier === 0) response.socket?.destroy();
      else fail(response, 412, 'PreconditionFailed');
      return true;
    });
    const put = store.put('k', new Uint8Array(1), { ifAbsent: true });
    if (isOwn) await put;
    else await assert.rejects(put, { code: 'already_exists' });
  }
});

test('a 200 that holds neither an ETag nor an error the SDK can see is no success', async (t) => {
  const { store, there } = await rememberingStore(t, (one, response) => {
    if (one.call !== 'CompleteMultipartUpload') return false;
    there.metadata = {};
    // A line break behind the element hides it from the SDK.
    response.writeHead(200).end('<?xml version="1.0"?>\n<Error><Code>InternalError</Code></Error>\n');
    return true;
  });
  const writer = await store.write('k');
  await writer.write(new Uint8Array(13 * MIB));
  await assert.rejects(writer.close(), { code: 'unavailable', message: /holds no ETag/ });
});

test('the id of a write is not shown as metadata of the object', async (t) => {
  const { store } = await rememberingStore(t, () => false);
  await store.put('k', new Uint8Array(1), { metadata: { rows: '7' } });
  assert.deepEqual((await store.head('k')).metadata, { rows: '7' });
});

test('an upload is aborted again until a part that was on its way is gone with it', async (t) => {
  let landed = 2;
  const { store, count } = await rememberingStore(t, (one, response) => {
    if (one.call !== 'ListParts' || landed-- <= 0) return false;
    response.writeHead(200).end('<ListPartsResult><Part><PartNumber>1</PartNumber></Part></ListPartsResult>');
    return true;
  });
  await store.abortUpload({ key: 'k', uploadId: 'u', startedMs: 0 });
  assert.equal(count('AbortMultipartUpload'), 3);
  assert.equal(count('ListParts'), 3);
});

test('an upload that does not go is told, with its id', async (t) => {
  const { store, warnings } = await rememberingStore(t, (one, response) => {
    if (one.call === 'UploadPart') fail(response, 403, 'AccessDenied');
    if (one.call === 'ListParts') response.writeHead(200).end('<ListPartsResult></ListPartsResult>');
    return one.call === 'UploadPart' || one.call === 'ListParts';
  });
  const writer = await store.write('k');
  await writer.write(new Uint8Array(13 * MIB)).catch(() => {});
  await assert.rejects(writer.close(), { code: 'permission_denied' });
  assert.match(warnings.join(), /the-upload of s3:\/\/lake\/a\/prefix\/k was left open/);
});

test('who may abort but not list parts has aborted', async (t) => {
  const { store, count } = await rememberingStore(t, (one, response) => {
    if (one.call === 'ListParts') fail(response, 403, 'AccessDenied');
    return one.call === 'ListParts';
  });
  await store.abortUpload({ key: 'k', uploadId: 'u', startedMs: 0 });
  assert.equal(count('AbortMultipartUpload'), 1);
});
