import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fail, faultyStore, type Seen, succeed } from './faulty-server.ts';
import { profileFile } from './profile-file.ts';
import { explicit } from './s3-config.ts';

const keyIn = ({ headers }: Seen) => /Credential=(\w+)\//.exec(String(headers.authorization))?.[1];

for (const type of ['profile', 'env'] as const) {
  test(`credentials of type ${type} that were renewed in their file are read again when S3 says they have expired`, async (t) => {
    const write = profileFile(t);
    if (type === 'env') process.env.AWS_PROFILE = 'lake';
    const credentials = type === 'env' ? { type } : { type, profile: 'lake' };
    const opened = await faultyStore(
      t,
      (seen, response) => (keyIn(seen) === 'OLD' ? fail(response, 400, 'ExpiredToken') : succeed(seen, response)),
      { credentials },
    );
    const { store, seen } = opened;
    write('OLD');
    await assert.rejects(store.put('k', new Uint8Array(1)), { code: 'unauthenticated', hint: /renew/ });
    assert.equal(seen.length, 1, 'nothing new was in the file: no further try would help');
    write('NEW');
    t.mock.method(performance, 'now', () => 1e9); // another look at the file is due only after some seconds
    await Promise.all([store.put('a', new Uint8Array(1)), store.put('b', new Uint8Array(1))]);
    assert.deepEqual(seen.slice(1).map(keyIn).sort(), ['NEW', 'NEW', 'OLD', 'OLD']);
    await store.put('c', new Uint8Array(1));
    assert.equal(keyIn(seen.at(-1)!), 'NEW');
  });
}

test('HEAD, whose answers have no code, also leads to another look', async (t) => {
  const write = profileFile(t);
  const { store } = await faultyStore(
    t,
    (seen, response) => (keyIn(seen) === 'OLD' ? response.writeHead(400).end() : succeed(seen, response)),
    { credentials: { type: 'profile', profile: 'lake' } },
  );
  write('OLD');
  await store.head('k').catch(() => {});
  write('NEW');
  t.mock.method(performance, 'now', () => 1e9);
  assert.equal((await store.head('k')).key, 'k');
});

test('explicit credentials cannot be renewed: the error says what to do, after one call', async (t) => {
  const credentials = explicit('FIXED', 'secret');
  const { store, count } = await faultyStore(t, (_, response) => fail(response, 400, 'ExpiredToken'), { credentials });
  await assert.rejects(store.put('k', new Uint8Array(1)), { code: 'unauthenticated', hint: /renew/ });
  assert.equal(count('PutObject'), 1);
});
