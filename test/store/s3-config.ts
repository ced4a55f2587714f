/** Configurations of the S3 store for tests. */
import type { OperationsConfig, S3Config } from '../../src/config/types.ts';
import type { ClientEncryption } from '../../src/store/key-ring.ts';

export const OPERATIONS: OperationsConfig = {
  batchSize: 10_000,
  parallelism: 4,
  readCacheBytes: 0,
  readCachePath: undefined,
  readCacheDiskBytes: 0,
  retryAttempts: 2,
  timeoutSeconds: 20,
  drainSeconds: 25,
  lanes: 1,
  encoders: 1,
  readers: 1,
};

export function s3Config(endpoint: string, changes: Partial<S3Config> = {}): S3Config {
  return {
    region: 'us-east-1',
    bucket: 'lake',
    prefix: 'a/prefix',
    endpoint,
    forcePathStyle: true,
    createBucket: true,
    blockPublicAccess: true,
    versioning: undefined,
    lifecycle: [],
    expectedBucketOwner: undefined,
    storageClass: undefined,
    acl: undefined,
    tags: {},
    metadata: {},
    checksums: 'WHEN_REQUIRED',
    conditionalWrites: true,
    connectTimeoutSeconds: 10,
    retryMaxDelaySeconds: 20,
    maxConnections: 36,
    credentials: explicit('lake-test-user', 'lake-test-secret'),
    encryption: undefined,
    multipart: { enabled: true, thresholdMb: 12, partSizeMb: 5, maxConcurrentUploads: 4, abortAfterHours: 24 },
    ...changes,
  };
}

export function clientEncryption(changes: Partial<ClientEncryption>): ClientEncryption {
  const none = { keyFile: undefined, kmsKeyId: undefined, oldKeyFiles: [], oldKmsKeyIds: [], kmsEndpoint: undefined };
  return { type: 'client', ...none, ...changes };
}

export function explicit(accessKeyId: string, secretAccessKey: string): S3Config['credentials'] {
  return { type: 'explicit', accessKeyId, secretAccessKey, sessionToken: undefined };
}
