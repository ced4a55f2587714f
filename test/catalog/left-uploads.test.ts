import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { abortLeftUploads, abortUploadsOf } from '../../src/catalog/left-uploads.ts';
import { BridgeError, type ErrorCode } from '../../src/errors.ts';
import { createFileStore } from '../../src/store/file.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { tempFolder } from '../support/temp.ts';

test('uploads of a commit are aborted, those of other bridges stay', async (t) => {
  const store = createFileStore(join(tempFolder(t), 'lake'));
  const own = '20261121T085523123Z-4f9c1a2b-0007';
  const other = '20261121T085523123Z-00000000-0007';
  for (const id of [own, other]) {
    for (const key of [`traces/date=2026-11-21/${id}.parquet`, `_lake/commits/${id}.json`]) {
      const writer = await store.write(key);
      await writer.write(new Uint8Array(10));
    }
  }
  assert.equal((await store.listUploads('')).length, 4);
  assert.equal(await abortLeftUploads(store, own), 2);
  assert.deepEqual((await store.listUploads('')).map(({ key }) => key).sort(), [
    `_lake/commits/${other}.json`,
    `traces/date=2026-11-21/${other}.parquet`,
  ]);
});

test('uploads of one object are those under its key, not under keys that begin with it', async () => {
  const store = createMemoryStore();
  for (const key of ['traces/a', 'traces/a', 'traces/ab']) await store.write(key);
  assert.equal(await abortUploadsOf(store, 'traces/a'), 2);
  assert.deepEqual(
    (await store.listUploads('')).map(({ key }) => key),
    ['traces/ab'],
  );
});

test('a store that does not let uploads be listed holds no commit back; one that is away does', async () => {
  const failing = (code: ErrorCode) => ({
    ...createMemoryStore(),
    listUploads: async () => {
      throw new BridgeError(code, 'no list');
    },
  });
  assert.equal(await abortUploadsOf(failing('permission_denied'), 'k'), 0);
  assert.equal(await abortUploadsOf(failing('unprocessable'), 'k'), 0);
  await assert.rejects(abortUploadsOf(failing('unavailable'), 'k'), /no list/);
});
