/**
 * What became of a write when its answer does not say so.
 *
 * An object is written by one PUT or one Complete, which the client may have made several times because answers were
 * lost on the way; a try after the one that succeeded is then told that the name is taken (412) or that the upload is
 * gone (NoSuchUpload). So every write carries a random id in the object's metadata, and the object that is there is
 * asked whose it is. (ETags would not do: with KMS keys they follow from nothing the client knows.)
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { AbortMultipartUploadCommand, ListPartsCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { BridgeError } from '../errors.ts';
import { systemRandomness } from '../platform/clock.ts';
import { alreadyExists } from './common.ts';
import { abortSignalOf, call, condition, fullKey, objectParams, type S3Context, WRITE_ID } from './s3-context.ts';
import { causeCode, s3Attempts, s3Code, s3Status } from './s3-errors.ts';
import { headObject } from './s3-head.ts';
import type { PutOptions } from './store.ts';

/** Times an upload is aborted before it is left to the next one who looks for open uploads. */
const ABORT_TRIES = 5;
const FIRST_ABORT_PAUSE_MS = 100;

export interface Write {
  readonly key: string;
  readonly writeId: string;
  readonly ifAbsent: boolean;
  readonly signal: AbortSignal | undefined;
}

export function newWrite(key: string, { ifAbsent = false, signal }: PutOptions): Write {
  return { key, writeId: systemRandomness.hex(8), ifAbsent, signal };
}

/** An object in one PUT; returns its ETag. */
export function putObject(
  context: S3Context,
  write: Write,
  body: Uint8Array,
  options: Omit<PutOptions, 'ifAbsent' | 'signal'>,
): Promise<string> {
  const { key, writeId, signal } = write;
  const params = { ...objectParams(context, key, options, writeId), ...condition(context, write), Body: body };
  const send = () => context.client.send(new PutObjectCommand(params), abortSignalOf(signal));
  return call(context, 'PutObject', key, () => publish(context, write, send), signal);
}

/** Makes the call that publishes an object, and returns the object's ETag. */
export async function publish(
  context: S3Context,
  write: Write,
  send: () => Promise<{ readonly ETag?: string | undefined }>,
): Promise<string> {
  let doubt: unknown;
  if (write.ifAbsent && !context.config.conditionalWrites && (await headIfThere(context, write))) {
    throw alreadyExists(nameOf(context, write.key));
  }
  try {
    const { ETag } = await send();
    if (ETag !== undefined) return ETag;
    // A 200 may carry an error in its body; the SDK finds it only where the body ends with it to the byte.
    doubt = new BridgeError('unavailable', `the answer about ${nameOf(context, write.key)} holds no ETag`);
  } catch (error) {
    const maybeDone = s3Code(error) === 'NoSuchUpload' || (s3Status(error) === 412 && s3Attempts(error) > 1);
    if (!maybeDone) throw error;
    doubt = error;
  }
  const found = await headIfThere(context, write);
  if (found?.Metadata?.[WRITE_ID] === write.writeId && found.ETag !== undefined) return found.ETag;
  if (found && write.ifAbsent) throw alreadyExists(nameOf(context, write.key));
  throw doubt;
}

async function headIfThere(context: S3Context, { key, signal }: Write) {
  try {
    return await call(context, 'HeadObject', key, () => headObject(context, key, signal), signal);
  } catch (error) {
    if (BridgeError.from(error).code === 'not_found') return undefined;
    throw error;
  }
}

/**
 * Aborts an upload until it is gone. Parts that are on their way may land after an abort and would be paid for until
 * somebody finds them, so S3 is asked afterwards whether the upload is still there
 * (https://docs.aws.amazon.com/AmazonS3/latest/API/API_AbortMultipartUpload.html).
 */
export async function abortUntilGone(context: S3Context, key: string, uploadId: string): Promise<void> {
  const target = { Bucket: context.config.bucket, Key: fullKey(context, key), UploadId: uploadId };
  const isThere = async (action: string, send: () => Promise<unknown>): Promise<boolean> => {
    try {
      await call(context, action, key, send);
      return true;
    } catch (error) {
      const { code } = BridgeError.from(error);
      if (causeCode(error) === 'NoSuchUpload' || code === 'not_found') return false;
      // Who may abort may lack the permission to list parts; the abort itself was answered.
      if (action === 'ListParts' && (code === 'permission_denied' || code === 'unprocessable')) return false;
      throw error;
    }
  };
  for (let tries = 0; tries < ABORT_TRIES; tries++) {
    if (tries > 0) await sleep(FIRST_ABORT_PAUSE_MS * 2 ** tries);
    const { client } = context;
    if (!(await isThere('AbortMultipartUpload', () => client.send(new AbortMultipartUploadCommand(target))))) return;
    if (!(await isThere('ListParts', () => client.send(new ListPartsCommand({ ...target, MaxParts: 1 }))))) return;
  }
  throw new BridgeError(
    'unavailable',
    `upload ${uploadId} of ${nameOf(context, key)} is there after ${ABORT_TRIES} aborts`,
  );
}

export function nameOf(context: S3Context, key: string): string {
  return `s3://${context.config.bucket}/${fullKey(context, key)}`;
}
