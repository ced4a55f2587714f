/** What every call to one bucket shares. */
import type { S3Client } from '@aws-sdk/client-s3';
import type { LimitFunction } from 'p-limit';
import type { S3Config } from '../config/types.ts';
import type { BridgeError } from '../errors.ts';
import { throwIfCancelled } from './common.ts';
import { type S3Where, s3Error } from './s3-errors.ts';
import type { PutOptions } from './store.ts';

export interface S3Context {
  readonly client: S3Client;
  readonly config: S3Config;
  /** Bodies on their way at the same time, over all writers of this store: it bounds their memory. */
  readonly uploads: LimitFunction;
  readonly partBytes: number;
  readonly thresholdBytes: number;
  readonly warn: (message: string, error: BridgeError) => void;
}

/** Name of the write's id in an object's metadata, see s3-settle.ts. */
export const WRITE_ID = 'lake-write';

export function fullKey(context: S3Context, key: string): string {
  const { prefix } = context.config;
  return prefix === '' ? key : `${prefix}/${key}`;
}

export function where(context: S3Context, action: string, key: string | undefined): S3Where {
  const { bucket, region, endpoint, expectedBucketOwner: owner } = context.config;
  return { action, bucket, key: key === undefined ? undefined : fullKey(context, key), region, endpoint, owner };
}

/** Makes one call of the API; its errors become BridgeErrors that name action and key. */
export async function call<T>(
  context: S3Context,
  action: string,
  key: string | undefined,
  send: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const place = where(context, action, key);
  throwIfCancelled(signal, `${action} of ${place.bucket}/${place.key ?? ''}`);
  try {
    return await send();
  } catch (error) {
    // An aborted signal shows in many ways (AbortError, ECONNRESET of the destroyed socket): the signal itself is asked.
    throwIfCancelled(signal, `${action} of ${place.bucket}/${place.key ?? ''}`);
    throw s3Error(error, place);
  }
}

export function abortSignalOf(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** Keys of the lake's bookkeeping, which is small and read often. */
export const BOOKKEEPING = '_lake/';

/** Members of PutObject and CreateMultipartUpload alike; `writeId` tells this write from any other one of the key. */
export function objectParams(context: S3Context, key: string, options: PutOptions, writeId: string) {
  const { bucket, encryption, acl, metadata } = context.config;
  return {
    Bucket: bucket,
    Key: fullKey(context, key),
    ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
    Metadata: { ...metadata, ...options.metadata, [WRITE_ID]: writeId },
    ...(acl === undefined ? {} : { ACL: acl }),
    ...(encryption === undefined || encryption.type === 'client' ? {} : { ServerSideEncryption: encryption.type }),
    ...(encryption?.type === 'aws:kms' ? kmsParams(encryption) : {}),
    ...(key.startsWith(BOOKKEEPING) ? {} : dataParams(context.config)),
  };
}

function kmsParams({ kmsKeyId, bucketKeyEnabled }: Extract<S3Config['encryption'], { type: 'aws:kms' }>) {
  return {
    ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
    ...(bucketKeyEnabled === undefined ? {} : { BucketKeyEnabled: bucketKeyEnabled }),
  };
}

function dataParams({ storageClass, tags }: S3Config) {
  return {
    ...(storageClass === undefined ? {} : { StorageClass: storageClass }),
    ...(Object.keys(tags).length === 0 ? {} : { Tagging: new URLSearchParams(tags).toString() }),
  };
}

/**
 * On PutObject and CompleteMultipartUpload: the server decides, atomically, whether the name is still free. Servers
 * without that are asked before (`publish` in s3-settle.ts).
 */
export function condition(context: S3Context, options: { readonly ifAbsent?: boolean }): { IfNoneMatch?: '*' } {
  return options.ifAbsent && context.config.conditionalWrites ? { IfNoneMatch: '*' } : {};
}
