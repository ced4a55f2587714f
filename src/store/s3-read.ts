/**
 * An object read from its beginning to its end. The SDK's tries end with the answer's head, so a body that breaks off is
 * gone on with here, by a ranged call for the rest; all calls ask for the same content (If-Match).
 */
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { BridgeError } from '../errors.ts';
import { changed, throwIfCancelled } from './common.ts';
import { abortSignalOf, call, fullKey, type S3Context, where } from './s3-context.ts';
import { causeCode, s3Error } from './s3-errors.ts';
import type { ReadOptions } from './store.ts';

/** @param retryAttempts further calls after one whose body broke off without having brought anything */
export async function* readObject(
  context: S3Context,
  key: string,
  retryAttempts: number,
  { etag, signal }: ReadOptions,
): AsyncGenerator<Uint8Array> {
  const place = where(context, 'GetObject', key);
  const name = `s3://${place.bucket}/${place.key}`;
  let wanted = etag;
  let at = 0;
  for (let fruitless = 0; ; fruitless++) {
    const start = at;
    const params = {
      Bucket: place.bucket,
      Key: fullKey(context, key),
      ...(wanted === undefined ? {} : { IfMatch: wanted }),
      ...(at === 0 ? {} : { Range: `bytes=${at}-` }),
    };
    const send = () => context.client.send(new GetObjectCommand(params), abortSignalOf(signal));
    const answer = await call(context, 'GetObject', key, send, signal).catch((error: unknown) => {
      throw causeCode(error) === 'PreconditionFailed' || BridgeError.from(error).code === 'already_exists'
        ? changed(name, error)
        : error;
    });
    if (at > 0 && !answer.ContentRange) {
      throw new BridgeError('unprocessable', `GetObject of ${name}: the server does not serve ranges`);
    }
    wanted ??= answer.ETag;
    const end = at + (answer.ContentLength ?? 0);
    try {
      for await (const chunk of (answer.Body ?? []) as AsyncIterable<Uint8Array>) {
        throwIfCancelled(signal, `reading ${name}`);
        at += chunk.length;
        yield chunk;
      }
      if (at >= end) return;
    } catch (error) {
      throwIfCancelled(signal, `reading ${name}`);
      if (error instanceof BridgeError || !s3Error(error, place).retryable) throw s3Error(error, place);
    }
    if (at > start) fruitless = 0;
    if (fruitless >= retryAttempts) {
      throw new BridgeError('unavailable', `GetObject of ${name}: the answer broke off at byte ${at} of ${end}`);
    }
  }
}
