import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRetryStrategy } from '../../src/store/s3-retry.ts';
import { fail, faultyStore, succeed } from './faulty-server.ts';

const error = (name: string, more: object = {}) => Object.assign(new Error(name), { name }, more) as never;

test('delays grow, are spread, longer when S3 is overloaded, and never over twenty seconds', async () => {
  const strategy = createRetryStrategy(30, 20_000, () => 1);
  const halves = createRetryStrategy(30, 20_000, () => 0.5);
  let token = await strategy.acquireInitialRetryToken('');
  const delays: number[] = [];
  for (let i = 0; i < 12; i++) {
    token = await strategy.refreshRetryTokenForRetry(token, { errorType: 'TRANSIENT' });
    delays.push(token.getRetryDelay());
  }
  assert.deepEqual(delays.slice(0, 4), [100, 200, 400, 800]);
  assert.deepEqual(delays.slice(-2), [20_000, 20_000]);
  const first = await halves.acquireInitialRetryToken('');
  assert.equal((await halves.refreshRetryTokenForRetry(first, { errorType: 'TRANSIENT' })).getRetryDelay(), 50);
  assert.equal((await strategy.refreshRetryTokenForRetry(first, { errorType: 'THROTTLING' })).getRetryDelay(), 1000);
});

test('a delay the server asks for is kept, up to the bound', async () => {
  const strategy = createRetryStrategy(3, 20_000, () => 0);
  const first = await strategy.acquireInitialRetryToken('');
  for (const [askedMs, least, most] of [
    [5_000, 4_900, 5_000],
    [3_600_000, 20_000, 20_000],
  ] as const) {
    const retryAfterHint = new Date(Date.now() + askedMs);
    const token = await strategy.refreshRetryTokenForRetry(first, { errorType: 'THROTTLING', retryAfterHint });
    assert.ok(token.getRetryDelay() >= least && token.getRetryDelay() <= most, String(token.getRetryDelay()));
  }
});

test('what another try would meet alike is not tried again', async () => {
  const strategy = createRetryStrategy(3, 20_000);
  const first = await strategy.acquireInitialRetryToken('');
  const refused = [
    error('AccessDenied', { $metadata: { httpStatusCode: 403 } }),
    error('AbortError', { code: 'ABORT_ERR' }),
  ];
  for (const one of refused) {
    await assert.rejects(strategy.refreshRetryTokenForRetry(first, { errorType: 'CLIENT_ERROR', error: one }));
  }
  for (const one of [error('BadDigest'), error('OperationAborted'), error('Error', { code: 'HPE_INVALID_CONSTANT' })]) {
    await strategy.refreshRetryTokenForRetry(first, { errorType: 'CLIENT_ERROR', error: one });
  }
});

test('every call has its own tries, however many calls failed before', async (t) => {
  const { store, count } = await faultyStore(t, (seen, response) =>
    seen.earlier % 2 === 0 ? fail(response, 500, 'InternalError') : succeed(seen, response),
  );
  for (let i = 0; i < 40; i++) await store.put('k', new Uint8Array(1));
  assert.equal(count('PutObject'), 80);
});

test('a request that was damaged on its way is sent again', async (t) => {
  for (const [status, code] of [
    [400, 'BadDigest'],
    [400, 'IncompleteBody'],
    [400, 'RequestTimeout'],
    [409, 'OperationAborted'],
  ] as const) {
    const { store, count } = await faultyStore(t, (seen, response) =>
      seen.earlier === 0 ? fail(response, status, code) : succeed(seen, response),
    );
    await store.put('k', new Uint8Array(1));
    assert.equal(count('PutObject'), 2, code);
  }
});
