/**
 * Streams of unknown length, by `lib-storage`: nothing is made of their parts later, so its part handling serves.
 * Three things are added: the signal reaches every call, a failed part stops the stream at once (`lib-storage` would go
 * on uploading the rest with its other workers), and a failing abort does not hide the first error.
 */
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { BridgeError } from '../errors.ts';
import { throwIfCancelled } from './common.ts';
import { condition, objectParams, type S3Context, where } from './s3-context.ts';
import { s3Error } from './s3-errors.ts';
import { abortUntilGone, newWrite, publish } from './s3-settle.ts';
import { checkPartCount } from './s3-writer.ts';
import type { PutOptions, PutResult } from './store.ts';

/** Parts of one stream in memory; how many are on their way is bounded over all of the store's writers. */
const PARTS_AT_ONCE = 4;

export async function uploadStream(
  context: S3Context,
  key: string,
  source: AsyncIterable<Uint8Array>,
  options: PutOptions,
): Promise<PutResult> {
  const place = where(context, 'Upload', key);
  throwIfCancelled(options.signal, `writing s3://${place.bucket}/${place.key}`);
  let size = 0;
  let firstError: unknown;
  let failed = false;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal;

  const object = newWrite(key, { ...options, signal });

  async function* counted() {
    try {
      for await (const chunk of source) {
        if (chunk.length === 0) continue;
        size += chunk.length;
        checkPartCount(size, context);
        yield chunk;
      }
    } catch (error) {
      throw fail(error);
    }
  }
  const body = Readable.from(counted(), { highWaterMark: 1 });
  const onAbort = () => void body.destroy(BridgeError.from(options.signal?.reason));
  options.signal?.addEventListener('abort', onAbort, { once: true });

  function fail(error: unknown): unknown {
    if (!failed) firstError = error;
    failed = true;
    stop.abort();
    body.destroy(error instanceof Error ? error : new Error(String(error)));
    return error;
  }

  /** The real client, with every call but the clean-up under the signal, and the first failure noted. */
  const client = Object.create(context.client, {
    send: {
      value: async (command: unknown) => {
        if (command instanceof AbortMultipartUploadCommand) return abort(command.input.UploadId!);
        try {
          // An upload whose creation is not waited for could not be aborted: nobody would know its id.
          const within = command instanceof CreateMultipartUploadCommand ? {} : { abortSignal: signal };
          const send = () => context.client.send(command as never, within) as Promise<{ ETag?: string }>;
          const settled = publishes(command) ? async () => ({ ETag: await publish(context, object, send) }) : send;
          return await (carriesBody(command) ? context.uploads(settled) : settled());
        } catch (error) {
          const name = (command as object).constructor.name.replace(/Command$/, '');
          throw fail(s3Error(error, { ...place, action: name }));
        }
      },
    },
  }) as S3Client;

  async function abort(uploadId: string): Promise<void> {
    await abortUntilGone(context, key, uploadId).catch((error: BridgeError) => {
      context.warn(`multipart upload ${uploadId} of s3://${place.bucket}/${place.key} was left open`, error);
      throw error;
    });
  }

  try {
    const upload = new Upload({
      client,
      params: { ...objectParams(context, key, options, object.writeId), ...condition(context, options), Body: body },
      partSize: context.partBytes,
      queueSize: Math.min(PARTS_AT_ONCE, context.config.multipart.maxConcurrentUploads),
      leavePartsOnError: false,
    });
    const { ETag } = await upload.done();
    return { key, size, etag: ETag };
  } catch (error) {
    throwIfCancelled(options.signal, `writing s3://${place.bucket}/${place.key}`);
    throw failed ? firstError : s3Error(error, place);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
    body.destroy();
  }
}

function publishes(command: unknown): boolean {
  return command instanceof CompleteMultipartUploadCommand || command instanceof PutObjectCommand;
}

function carriesBody(command: unknown): boolean {
  return command instanceof UploadPartCommand || command instanceof PutObjectCommand;
}
