import { createS3Store } from '../../src/store/s3.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import type { S3Server } from '../support/minio.ts';
import { explicit, OPERATIONS, s3Config } from './s3-config.ts';

/** A new bucket of a server, whole: keys are those of the server. */
export async function openBucket({ endpoint, accessKey, secretKey }: S3Server, bucket: string): Promise<ObjectStore> {
  const config = { bucket, prefix: '', credentials: explicit(accessKey, secretKey) };
  const store = createS3Store(s3Config(endpoint, config), OPERATIONS);
  await store.check();
  return store;
}
