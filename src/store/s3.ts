/** A bucket, or a prefix of one, as an object store: S3 and servers with its API. */
import { DeleteObjectsCommand, GetObjectCommand } from '@aws-sdk/client-s3';
import pLimit, { type LimitFunction } from 'p-limit';
import type { OperationsConfig, S3Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import type { BucketWish } from './buckets.ts';
import { checkRange, rangePastEnd, throwIfCancelled } from './common.ts';
import { checkKey, checkPrefix, MAX_KEY_BYTES } from './key.ts';
import { createS3Client } from './s3-client.ts';
import { abortSignalOf, call, fullKey, type S3Context, WRITE_ID, where } from './s3-context.ts';
import { causeCode, s3Error } from './s3-errors.ts';
import { headObject } from './s3-head.ts';
import { lastPartMs, listObjects, listOpenUploads } from './s3-list.ts';
import { type ObserveRequest, observeRequests } from './s3-observe.ts';
import { readObject } from './s3-read.ts';
import { createReadiness } from './s3-readiness.ts';
import { abortUntilGone, newWrite, putObject } from './s3-settle.ts';
import { uploadStream } from './s3-upload.ts';
import { createS3Writer, MIN_PART_BYTES } from './s3-writer.ts';
import type { ObjectStore } from './store.ts';

const MIB = 1024 * 1024;
/** Most keys DeleteObjects takes. */
const DELETE_BATCH = 1000;

export interface S3StoreOptions {
  /** Hears what could not be cleaned up. */
  readonly warn?: (message: string, error: BridgeError) => void;
  /** Hears of every request. */
  readonly observe?: ObserveRequest | undefined;
  /** Bodies on their way, where several stores share the bound. */
  readonly uploads?: LimitFunction;
  /** What the bucket should be like; absent: as this store's own configuration says. */
  readonly wish?: BucketWish;
}

export function createS3Context(config: S3Config, operations: OperationsConfig, options: S3StoreOptions): S3Context {
  const { multipart } = config;
  const client = createS3Client(config, operations);
  if (options.observe) observeRequests(client, options.observe);
  return {
    client,
    config,
    uploads: options.uploads ?? pLimit(multipart.maxConcurrentUploads),
    partBytes: Math.max(MIN_PART_BYTES, Math.floor(multipart.partSizeMb * MIB)),
    thresholdBytes: Math.floor(multipart.thresholdMb * MIB),
    warn: options.warn ?? (() => {}),
  };
}

export function createS3Store(
  config: S3Config,
  operations: OperationsConfig,
  options: S3StoreOptions = {},
): ObjectStore {
  const { bucket, prefix } = config;
  const context = createS3Context(config, operations, options);
  const { client } = context;
  const readiness = createReadiness(context, options.wish ?? { s3: config, rules: config.lifecycle }, (key) =>
    deleteBatch([key], undefined),
  );

  function checkS3Key(key: string): string {
    checkKey(key);
    if (Buffer.byteLength(fullKey(context, key)) <= MAX_KEY_BYTES) return key;
    throw new BridgeError('invalid_argument', `object key "${key}" and prefix are longer than ${MAX_KEY_BYTES} bytes`);
  }

  return {
    location: prefix === '' ? `s3://${bucket}` : `s3://${bucket}/${prefix}`,

    async put(key, body, putOptions = {}) {
      checkS3Key(key);
      return { key, size: body.length, etag: await putObject(context, newWrite(key, putOptions), body, putOptions) };
    },

    async write(key, putOptions = {}) {
      throwIfCancelled(putOptions.signal, `writing ${key}`);
      return createS3Writer(context, checkS3Key(key), putOptions);
    },

    async uploadStream(key, source, putOptions = {}) {
      return uploadStream(context, checkS3Key(key), source, putOptions);
    },

    async get(key, { range, signal } = {}) {
      checkS3Key(key);
      const name = `s3://${bucket}/${fullKey(context, key)}`;
      if (range) checkRange(range, name);
      const params = {
        Bucket: bucket,
        Key: fullKey(context, key),
        ...(range ? { Range: `bytes=${range.start}-${range.end - 1}` } : {}),
      };
      try {
        for (let tries = 0; ; tries++) {
          const send = () => client.send(new GetObjectCommand(params), abortSignalOf(signal));
          const { Body, ContentRange } = await call(context, 'GetObject', key, send, signal);
          if (range && !ContentRange) {
            throw new BridgeError('unprocessable', `GetObject of ${name}: the server does not serve ranges`);
          }
          if (!Body) return new Uint8Array();
          try {
            return await call(context, 'GetObject', key, () => Body.transformToByteArray(), signal);
          } catch (error) {
            // The SDK's tries end with the answer's head; a body that is cut later is asked for again here.
            if (!BridgeError.from(error).retryable || signal?.aborted || tries >= operations.retryAttempts) throw error;
          }
        }
      } catch (error) {
        throw range && causeCode(error) === 'InvalidRange' ? rangePastEnd(range, undefined, name) : error;
      }
    },

    read(key, readOptions = {}) {
      return readObject(context, checkS3Key(key), operations.retryAttempts, readOptions);
    },

    async head(key, { signal } = {}) {
      checkS3Key(key);
      const send = () => headObject(context, key, signal);
      const { ContentLength, LastModified, ETag, Metadata } = await call(context, 'HeadObject', key, send, signal);
      const modifiedMs = LastModified?.getTime() ?? 0;
      const { [WRITE_ID]: _, ...metadata } = Metadata ?? {};
      return { key, size: ContentLength ?? 0, modifiedMs, etag: ETag, metadata };
    },

    list(listPrefix, listOptions = {}) {
      return listObjects(context, checkPrefix(listPrefix), listOptions);
    },

    async delete(keys, { signal } = {}) {
      for (const key of keys) checkS3Key(key);
      for (let i = 0; i < keys.length; i += DELETE_BATCH) await deleteBatch(keys.slice(i, i + DELETE_BATCH), signal);
    },

    async listUploads(listPrefix) {
      return listOpenUploads(context, checkPrefix(listPrefix));
    },

    async lastActivity(upload) {
      return lastPartMs(context, upload);
    },

    async abortUpload({ key, uploadId }) {
      await abortUntilGone(context, key, uploadId);
    },

    check: (checkOptions) => readiness.check(checkOptions),

    close() {
      client.destroy();
    },
  };

  async function deleteBatch(keys: readonly string[], signal: AbortSignal | undefined): Promise<void> {
    const command = new DeleteObjectsCommand({
      Bucket: bucket,
      Delete: { Objects: keys.map((key) => ({ Key: fullKey(context, key) })), Quiet: true },
    });
    const { Errors = [] } = await call(
      context,
      'DeleteObjects',
      undefined,
      () => client.send(command, abortSignalOf(signal)),
      signal,
    );
    const first = Errors.find(({ Code }) => Code !== 'NoSuchKey');
    if (!first) return;
    const status = STATUS_OF_DELETE_ERROR[first.Code ?? ''] ?? 503;
    const thrown = Object.assign(new Error(first.Message ?? ''), {
      name: first.Code ?? 'Error',
      $metadata: { httpStatusCode: status },
    });
    const place = { ...where(context, 'DeleteObjects', undefined), key: first.Key };
    throw s3Error(thrown, place);
  }
}

const STATUS_OF_DELETE_ERROR: Readonly<Record<string, number>> = { AccessDenied: 403, InvalidArgument: 400 };
