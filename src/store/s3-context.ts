/** What every call to one bucket shares. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import type { LimitFunction } from 'p-limit';
import type { S3Config } from '../config/types.ts';
import type { BridgeError } from '../errors.ts';
import { throwIfCancelled } from './common.ts';
import { type S3Where, s3Error, s3Status } from './s3-errors.ts';
import type { PutOptions } from './store.ts';

export interface S3Context {
  readonly client: S3Client;
  readonly config: S3Config;
  /** Bodies on their way at the same time, over all writers of this store: it bounds their memory. */
  readonly uploads: LimitFunction;
  readonly partBytes: number;
  readonly thresholdBytes: number;
  readonly retryAttempts: number;
  readonly warn: (message: string, error: BridgeError) => void;
}

const FIRST_CONFLICT_PAUSE_MS = 50;
const MAX_CONFLICT_PAUSE_MS = 2_000;

export function fullKey(context: S3Context, key: string): string {
  const { prefix } = context.config;
  return prefix === '' ? key : `${prefix}/${key}`;
}

export function where(context: S3Context, action: string, key: string | undefined): S3Where {
  const { bucket, region, endpoint } = context.config;
  return { action, bucket, key: key === undefined ? undefined : fullKey(context, key), region, endpoint };
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

/** A conditional write that met another one on its way is answered 409: it is tried again, it did nothing. */
export async function retryConflict<T>(context: S3Context, send: () => Promise<T>, signal?: AbortSignal): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await send();
    } catch (error) {
      if (s3Status(error) !== 409 || tries >= context.retryAttempts) throw error;
      await sleep(Math.min(FIRST_CONFLICT_PAUSE_MS * 2 ** tries, MAX_CONFLICT_PAUSE_MS), undefined, signalOf(signal));
    }
  }
}

export function signalOf(signal: AbortSignal | undefined): { signal?: AbortSignal } {
  return signal === undefined ? {} : { signal };
}

export function abortSignalOf(signal: AbortSignal | undefined): { abortSignal?: AbortSignal } {
  return signal === undefined ? {} : { abortSignal: signal };
}

/** Members of PutObject and CreateMultipartUpload alike. */
export function objectParams(context: S3Context, key: string, options: PutOptions) {
  const { bucket, encryption } = context.config;
  return {
    Bucket: bucket,
    Key: fullKey(context, key),
    ...(options.contentType === undefined ? {} : { ContentType: options.contentType }),
    ...(options.metadata === undefined ? {} : { Metadata: { ...options.metadata } }),
    ...(encryption === undefined ? {} : { ServerSideEncryption: encryption.type }),
    ...(encryption?.type === 'aws:kms' && encryption.kmsKeyId !== undefined
      ? { SSEKMSKeyId: encryption.kmsKeyId }
      : {}),
  };
}

/** On PutObject and CompleteMultipartUpload: the server decides, atomically, whether the name is still free. */
export function condition(options: PutOptions): { IfNoneMatch?: '*' } {
  return options.ifAbsent ? { IfNoneMatch: '*' } : {};
}
