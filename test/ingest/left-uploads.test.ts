import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { abortLeftUploads } from '../../src/ingest/left-uploads.ts';
import { createFileStore } from '../../src/store/file.ts';
import { tempFolder } from '../support/temp.ts';

test('uploads of left segments are aborted, those of other bridges stay', async (t) => {
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
  assert.equal(await abortLeftUploads(store, [own]), 2);
  assert.deepEqual((await store.listUploads('')).map(({ key }) => key).sort(), [
    `_lake/commits/${other}.json`,
    `traces/date=2026-11-21/${other}.parquet`,
  ]);
});
