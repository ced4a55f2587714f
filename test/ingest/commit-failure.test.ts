import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeError } from '../../src/errors.ts';
import { flushError } from '../../src/ingest/commit-failure.ts';

test('a failed flush says that the rows are safe, what comes next, and what the store said', () => {
  const cause = new BridgeError('already_exists', 'object k is not of this commit', { hint: 'Move it away.' });
  const error = flushError(cause, 'they are tried again by themselves.');
  assert.equal(error.code, 'already_exists');
  assert.equal(error.message, 'not everything is committed: object k is not of this commit');
  assert.equal(error.hint, 'The rows are safe in the journal; they are tried again by themselves. Move it away.');
});

test("what the store says of the bridge's rights is not answered as if it were the caller's", () => {
  for (const code of ['unauthenticated', 'permission_denied', 'config', 'unavailable'] as const) {
    assert.equal(flushError(new BridgeError(code, 'no'), 'next.').code, 'unavailable');
  }
});
