import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ReadinessState, readinessOf, STORE_AWAY_MS } from '../../src/app/readiness.ts';
import { BridgeError } from '../../src/errors.ts';
import type { IngestStatus } from '../../src/ingest/ingest.ts';

const SOUND: IngestStatus = {
  memoryBytes: 0,
  isCrowded: false,
  journalBytes: 0,
  waitingCommits: 0,
  duplicateKeys: 0,
  journalFailure: undefined,
  failures: [],
  isJournalFull: false,
  storeAwayMs: 0,
  replaying: 0,
  troubles: [],
};

function readiness(state: Partial<ReadinessState>, ingest: Partial<IngestStatus> = {}) {
  return readinessOf({ isStopping: false, store: undefined, ...state, ingest: { ...SOUND, ...ingest } });
}

const slow = new BridgeError('unavailable', 'no answer');
const refused = new BridgeError('permission_denied', 'access denied');

test('a sound bridge is ready and has nothing to say', () => {
  assert.deepEqual(readiness({}), { reasons: [], notes: [] });
});

for (const [name, state, ingest, reason] of [
  ['stopping', { isStopping: true }, { waitingCommits: 3 }, /stopping; 3 segments are being committed/],
  ['a store that refuses', { store: { failure: refused, awayMs: 0 } }, {}, /^store: access denied/],
  ['a store away for long', { store: { failure: slow, awayMs: STORE_AWAY_MS } }, {}, /^store: no answer/],
  ['commits refused', {}, { failures: [refused] }, /^commits wait: access denied/],
  ['commits failing for long', {}, { failures: [slow], storeAwayMs: STORE_AWAY_MS }, /^commits wait: no answer/],
  ['a full journal', {}, { isJournalFull: true }, /journal is full: journal\.max_bytes/],
  ['a failing journal', {}, { journalFailure: 'the journal cannot be written: EIO' }, /EIO/],
  ['a thread that is down', {}, { troubles: ['encoder 1 ended twice'] }, /encoder 1 ended twice/],
] as const) {
  test(`it is a reason not to be ready: ${name}`, () => {
    const { reasons, notes } = readiness(state, ingest);
    assert.equal(reasons.length, 1);
    assert.match(reasons[0]!, reason);
    assert.deepEqual(notes, []);
  });
}

test('a store that is away for a moment and a replay are noted: requests are taken meanwhile', () => {
  const { reasons, notes } = readiness(
    { store: { failure: slow, awayMs: 1000 } },
    { failures: [slow], storeAwayMs: 1000, replaying: 2 },
  );
  assert.deepEqual(reasons, []);
  assert.deepEqual(notes, [
    'store: no answer',
    'commits wait: no answer',
    'replaying: 2 segments of an earlier run are not committed yet',
  ]);
});
