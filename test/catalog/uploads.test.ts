import assert from 'node:assert/strict';
import { test } from 'node:test';
import { abortIdleUploads, listLakeUploads } from '../../src/catalog/uploads.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { ObjectStore } from '../../src/store/store.ts';

const HOUR_MS = 3_600_000;
const LIVE = '20261121T085523123Z-4f9c1a2b-0007';
const DEAD = '20261120T085523123Z-00000000-0001';
const keyOf = (id: string) => `traces/date=2026-11-21/${id}.parquet`;

/** Uploads that all began at 0; `parts` has the time of the last part of some. */
async function storeWith(keys: readonly string[], parts: Readonly<Record<string, number>> = {}): Promise<ObjectStore> {
  const store = createMemoryStore({ nowMs: () => 0, monotonicMs: () => 0 });
  for (const key of keys) await store.write(key);
  return {
    ...store,
    lastActivity: async (upload) =>
      (await store.lastActivity(upload)) === undefined ? undefined : (parts[upload.key] ?? 0),
  };
}

const filter = (liveCommits: string[], idleHours = 24, nowHours = 30) => ({
  prefix: '',
  idleMs: idleHours * HOUR_MS,
  nowMs: nowHours * HOUR_MS,
  liveCommits: new Set(liveCommits),
});

test('idle uploads are aborted, those of live commits and those that got a part lately are not', async () => {
  const record = `_lake/commits/${LIVE}.json`;
  const store = await storeWith([keyOf(LIVE), record, keyOf(DEAD), 'traces/slow', 'traces/other'], {
    'traces/slow': 29 * HOUR_MS,
  });
  const aborted = await abortIdleUploads(store, filter([LIVE]));
  assert.deepEqual(aborted.map(({ key }) => key).sort(), [keyOf(DEAD), 'traces/other'].sort());
  const left = await listLakeUploads(store, filter([LIVE]));
  assert.deepEqual(
    left.map(({ key, isLive, commitId }) => [key, isLive, commitId]).sort(),
    [
      [record, true, LIVE],
      [keyOf(LIVE), true, LIVE],
      ['traces/slow', false, undefined],
    ].sort(),
  );
});

test('a live commit is spared at any age that is asked for', async () => {
  const store = await storeWith([keyOf(LIVE), keyOf(DEAD)]);
  const aborted = await abortIdleUploads(store, filter([LIVE], 0, 0));
  assert.deepEqual(
    aborted.map(({ commitId }) => commitId),
    [DEAD],
  );
});

test('what is younger is not even asked for its parts, and what ends meanwhile is left out', async () => {
  const store = await storeWith(['a', 'b']);
  let asked = 0;
  const watched: ObjectStore = {
    ...store,
    async lastActivity() {
      asked++;
      return undefined;
    },
  };
  assert.deepEqual(await abortIdleUploads(watched, filter([], 24, 23)), []);
  assert.equal(asked, 0);
  assert.deepEqual(await abortIdleUploads(watched, filter([])), []);
  assert.equal(asked, 2);
  assert.equal((await store.listUploads('')).length, 2);
});

test('only keys with the prefix are looked at', async () => {
  const store = await storeWith(['traces/a', 'logs/a']);
  const aborted = await abortIdleUploads(store, { ...filter([]), prefix: 'logs/' });
  assert.deepEqual(
    aborted.map(({ key }) => key),
    ['logs/a'],
  );
});
