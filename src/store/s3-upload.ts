/**
 * Streams of unknown length, by `lib-storage`: nothing is made of their parts later, so its part handling serves.
 * Three things are added: the signal reaches every call, a failed part stops the stream at once (`lib-storage` would go
 * on uploading the rest with its other workers), and a failing abort does not hide the first error.
 */
import { Readable } from 'node:stream';
import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { Upload } from '@aws-sdk/lib-storage';
import { BridgeError } from '../errors.ts';
import { throwIfCancelled } from './common.ts';
import { condition, objectParams, retryConflict, type S3Context, where } from './s3-context.ts';
import { s3Error } from './s3-errors.ts';
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
        const cleansUp = command instanceof AbortMultipartUploadCommand;
        try {
          // An upload whose creation is not waited for could not be aborted: nobody would know its id.
          const creates = command instanceof CreateMultipartUploadCommand;
          const within = cleansUp || creates ? {} : { abortSignal: signal };
          const send = () => retryConflict(context, () => context.client.send(command as never, within), signal);
          return await (carriesBody(command) ? context.uploads(send) : send());
        } catch (error) {
          const name = (command as object).constructor.name.replace(/Command$/, '');
          const mapped = s3Error(error, { ...place, action: name });
          if (cleansUp) context.warn(`a multipart upload of s3://${place.bucket}/${place.key} was left open`, mapped);
          else fail(mapped);
          throw mapped;
        }
      },
    },
  }) as S3Client;

  try {
    const upload = new Upload({
      client,
      params: { ...objectParams(context, key, options), ...condition(options), Body: body },
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

function carriesBody(command: unknown): boolean {
  return command instanceof UploadPartCommand || command instanceof PutObjectCommand;
}
