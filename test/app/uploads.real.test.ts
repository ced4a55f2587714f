/** What a start does about the uploads of earlier runs in a bucket. moto says of every upload that it began in 2010. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { createS3Client } from '../../src/store/s3-client.ts';
import { OPERATIONS, s3Config } from '../store/s3-config.ts';
import { startBridge } from '../support/daemon.ts';
import { hasMoto, startMoto } from '../support/moto.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { until } from '../support/until.ts';

const BUCKET = 'lake';

async function openKeys(client: S3Client): Promise<string[]> {
  const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
  return Uploads.map(({ Key }) => Key!).sort();
}

test('a start aborts old uploads of commits under its prefix, and none that got a part of late or is of others', {
  skip: !hasMoto(),
}, async (t) => {
  const moto = await startMoto();
  t.after(() => moto.close());
  const client = createS3Client(s3Config(moto.endpoint), OPERATIONS);
  t.after(() => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket: BUCKET }));
  const begin = async (Key: string) => {
    const { UploadId } = await client.send(new CreateMultipartUploadCommand({ Bucket: BUCKET, Key }));
    return { Bucket: BUCKET, Key, UploadId };
  };
  const commit = (n: number) => `traces/date=2026-11-20/20261120T085523123Z-00000000-000${n}.parquet`;
  await begin(`a/prefix/${commit(1)}`);
  const alive = await begin(`a/prefix/${commit(2)}`);
  await client.send(new UploadPartCommand({ ...alive, PartNumber: 1, Body: new Uint8Array(1000) }));
  const others = ['a/prefix/traces/of-another-writer.parquet', `elsewhere/${commit(1)}`];
  for (const key of others) await begin(key);

  await startBridge(t, s3Toml(moto, BUCKET, 'prefix = "a/prefix"'));
  const kept = [alive.Key, ...others].sort();
  let open = await openKeys(client);
  await until(
    async () => {
      open = await openKeys(client);
      return open.length <= kept.length;
    },
    () => `open are still ${open.join(' ')}`,
  );
  assert.deepEqual(open, kept);
});
