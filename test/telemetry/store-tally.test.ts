import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStoreTally } from '../../src/telemetry/store-tally.ts';
import { bigStream, fail, faultyStore, MIB, succeed } from '../store/faulty-server.ts';

test('every request that leaves is counted, tries included, with its bytes', async (t) => {
  const tally = createStoreTally();
  const { store, seen } = await faultyStore(
    t,
    (one, response) =>
      one.call === 'PutObject' && one.earlier === 0 ? fail(response, 503, 'SlowDown') : succeed(one, response),
    {},
    {},
    tally.observe,
  );
  await store.put('a', new Uint8Array(1000));
  await store.uploadStream('big', bigStream(13));
  await store.delete(['a', 'b']);
  const counted = new Map(tally.read().map((counts) => [counts.operation, counts]));
  for (const [operation, { requests }] of counted) {
    assert.equal(requests, seen.filter(({ call }) => call === operation).length, operation);
  }
  assert.equal(counted.get('PutObject')!.requests, 2);
  assert.equal(counted.get('PutObject')!.errors, 1);
  assert.equal(counted.get('PutObject')!.sentBytes, 2000);
  assert.equal(counted.get('UploadPart')!.sentBytes, 13 * MIB);
  assert.equal(counted.get('UploadPart')!.requests, 3);
  assert.equal(counted.get('CompleteMultipartUpload')!.requests, 1);
  assert.ok(counted.get('UploadPart')!.milliseconds > 0);
});

test('what is read is counted by its bytes, and a HEAD has none', async (t) => {
  const tally = createStoreTally();
  const { store } = await faultyStore(
    t,
    ({ call }, response) =>
      response.writeHead(200, { etag: '"e"', 'content-length': 5 }).end(call === 'HeadObject' ? '' : 'hello'),
    {},
    {},
    tally.observe,
  );
  await store.get('a');
  await store.head('a');
  const counts = tally.read().map(({ operation, requests, receivedBytes }) => [operation, requests, receivedBytes]);
  assert.deepEqual(counts, [
    ['GetObject', 1, 5],
    ['HeadObject', 1, 0],
  ]);
});

test('a server that cannot be reached is requests with errors, and threads count together', async (t) => {
  const tally = createStoreTally();
  const { store } = await faultyStore(
    t,
    (_, response) => response.destroy(),
    {},
    {},
    createStoreTally(tally.memory).observe,
  );
  await assert.rejects(store.get('a'), { code: 'unavailable' });
  const [counts] = tally.read();
  assert.deepEqual([counts!.operation, counts!.requests, counts!.errors], ['GetObject', 2, 2]);
  tally.observe('SomethingNew', 3, undefined, { sent: 1, received: 2 });
  assert.equal(tally.read().at(-1)!.operation, 'Other');
});
