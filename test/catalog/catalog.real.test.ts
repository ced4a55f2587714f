/** The catalog on a real S3 server. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { createCommits } from '../../src/catalog/commits.ts';
import { createS3Store } from '../../src/store/s3.ts';
import { OPERATIONS, s3Config } from '../store/s3-config.ts';
import { minioBinary, startMinio } from '../support/minio.ts';
import { commit, id, putObjects, recordOf } from './lake.ts';

test('commits, partitions and deletions on MinIO', { skip: !minioBinary() }, async (t) => {
  const minio = await startMinio();
  const store = createS3Store(s3Config(minio.endpoint), OPERATIONS);
  t.after(async () => {
    store.close();
    await minio.close();
  });
  await store.check();
  const catalog = createCatalog(store);
  const path = 'service_name=caf%C3%A9%20%2F/date=2026-11-21';
  const record = await commit(store, 1, [`${path}/hour=08`, `${path}/hour=09`, 'service_name=%2E%2E/date=2026-11-21']);
  await putObjects(store, recordOf(2, [`${path}/hour=08`]));
  await Promise.all(Array.from({ length: 4 }, () => createCommits(store).write(record)));

  assert.deepEqual(await catalog.committed([id(1), id(2)]), new Set([id(1)]));
  const partitions = await catalog.partitions();
  assert.deepEqual(
    partitions.map(({ partition, files, rows }) => [partition, files, rows]),
    [
      ['service_name=%2E%2E/date=2026-11-21', 1, 10],
      [`${path}/hour=08`, 1, 10],
      [`${path}/hour=09`, 1, 10],
    ],
  );
  const receipt = await catalog.deletePartition('traces', path);
  assert.equal(receipt.files, 2);
  assert.equal((await catalog.objects('traces')).length, 1);
  const [stored] = await catalog.deletions();
  assert.deepEqual(stored, receipt);
});
