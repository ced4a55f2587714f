/**
 * An object of unknown length on its way to S3.
 *
 * Under the threshold it becomes one PUT. From the threshold on it becomes a multipart upload whose parts are exactly
 * `part_size_mb` but for the last: equal bytes then give equal ETags whatever the sizes of the chunks, and some S3-like
 * servers refuse unequal parts. So the part calls are made here; `lib-storage` serves plain streams, see s3-upload.ts.
 *
 * Memory: what is not sent yet (at most the threshold, then one part and a chunk), and the parts on their way, whose
 * number is bounded over all writers of the store. `write` waits until its part is under way.
 *
 * On any failure the first error is kept, what is on its way is stopped, and the upload is aborted at once.
 */
import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { BridgeError } from '../errors.ts';
import { throwIfCancelled } from './common.ts';
import { call, condition, fullKey, objectParams, type S3Context } from './s3-context.ts';
import { abortUntilGone, newWrite, publish, putObject } from './s3-settle.ts';
import type { ObjectWriter, PutOptions, PutResult } from './store.ts';

/** Limits of S3: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
export const MAX_PARTS = 10_000;
export const MIN_PART_BYTES = 5 * 1024 * 1024;
export const MAX_PUT_BYTES = 5 * 1024 * 1024 * 1024;

export function createS3Writer(context: S3Context, key: string, options: PutOptions): ObjectWriter {
  const { partBytes } = context;
  const target = { Bucket: context.config.bucket, Key: fullKey(context, key) };
  const name = `s3://${target.Bucket}/${target.Key}`;
  const stop = new AbortController();
  const signal = options.signal ? AbortSignal.any([stop.signal, options.signal]) : stop.signal;
  const object = newWrite(key, { ...options, signal });

  const held: Uint8Array[] = [];
  let heldBytes = 0;
  let totalBytes = 0;
  let upload: Promise<string> | undefined;
  const parts: CompletedPart[] = [];
  let partCount = 0;
  const underWay = new Set<Promise<void>>();
  let state: 'open' | 'closed' | 'failed' = 'open';
  let firstError: BridgeError | undefined;
  let cleaned: Promise<void> | undefined;

  function fail(thrown: unknown): BridgeError {
    const error = BridgeError.from(thrown);
    firstError ??= error;
    state = 'failed';
    held.length = 0;
    stop.abort(firstError);
    cleaned ??= cleanUp();
    return firstError;
  }

  /** Waits for parts on their way: one that arrives after the abort would stay for ever, and be paid for. */
  async function cleanUp(): Promise<void> {
    await Promise.allSettled(underWay);
    const uploadId = await upload?.catch(() => undefined);
    if (uploadId === undefined) return;
    await abortUntilGone(context, key, uploadId).catch((error: BridgeError) => {
      context.warn(`multipart upload ${uploadId} of ${name} was left open`, error);
    });
  }

  /** Without the signal: an answer that is not waited for would leave an upload open whose id nobody knows. */
  async function createUpload(): Promise<string> {
    const command = new CreateMultipartUploadCommand(objectParams(context, key, options, object.writeId));
    const { UploadId } = await call(context, 'CreateMultipartUpload', key, () => context.client.send(command));
    if (!UploadId) throw new BridgeError('unavailable', `CreateMultipartUpload of ${name} gave no upload id`);
    return UploadId;
  }

  async function sendPart(body: Uint8Array): Promise<void> {
    const number = ++partCount;
    upload ??= createUpload();
    const UploadId = await upload;
    await new Promise<void>((started) => {
      const task = context.uploads(async () => {
        started();
        if (state === 'failed') return;
        const command = new UploadPartCommand({ ...target, UploadId, PartNumber: number, Body: body });
        const send = () => context.client.send(command, { abortSignal: signal });
        const { ETag } = await call(context, 'UploadPart', key, send, signal);
        parts.push({ PartNumber: number, ETag });
      });
      const settled = task.catch((error) => void fail(error)).finally(() => underWay.delete(settled));
      underWay.add(settled);
    });
  }

  /** Takes the first `size` bytes of what is held; copies only where they span chunks. */
  function takeHeld(size: number): Uint8Array {
    heldBytes -= size;
    const first = held[0];
    if (first && first.length >= size) {
      if (first.length === size) held.shift();
      else held[0] = first.subarray(size);
      return first.subarray(0, size);
    }
    const body = Buffer.allocUnsafe(size);
    let filled = 0;
    let used = 0;
    while (filled < size) {
      const chunk = held[used]!;
      const part = chunk.subarray(0, size - filled);
      body.set(part, filled);
      filled += part.length;
      if (part.length < chunk.length) held[used] = chunk.subarray(part.length);
      else used++;
    }
    held.splice(0, used);
    return body;
  }

  async function putWhole(): Promise<PutResult> {
    const body = takeHeld(heldBytes);
    const etag = await context.uploads(() => putObject(context, object, body, options));
    return { key, size: totalBytes, etag };
  }

  async function complete(): Promise<PutResult> {
    if (heldBytes > 0) await sendPart(takeHeld(heldBytes));
    await Promise.all(underWay);
    if (firstError) throw firstError;
    parts.sort((a, b) => a.PartNumber! - b.PartNumber!);
    const UploadId = await upload!;
    const command = new CompleteMultipartUploadCommand({
      ...target,
      UploadId,
      MultipartUpload: { Parts: parts },
      ...condition(context, options),
    });
    const send = () => publish(context, object, () => context.client.send(command, { abortSignal: signal }));
    const etag = await call(context, 'CompleteMultipartUpload', key, send, signal);
    return { key, size: totalBytes, etag };
  }

  function checkOpen(): void {
    if (firstError) throw firstError;
    if (state !== 'open') throw new BridgeError('conflict', `the writer of ${name} is closed or aborted`);
    throwIfCancelled(options.signal, `writing ${name}`);
  }

  function isInParts(): boolean {
    return context.config.multipart.enabled && totalBytes >= context.thresholdBytes;
  }

  return {
    get isInParts() {
      return isInParts();
    },
    async write(chunk) {
      try {
        checkOpen();
        if (chunk.length === 0) return;
        held.push(chunk);
        heldBytes += chunk.length;
        totalBytes += chunk.length;
        if (!context.config.multipart.enabled) {
          if (totalBytes <= MAX_PUT_BYTES) return;
          throw new BridgeError('too_large', `${name} is over the ${MAX_PUT_BYTES} bytes one PUT may have`, {
            hint: 'Set enabled = true in [s3.multipart].',
          });
        }
        checkPartCount(totalBytes, context);
        if (!isInParts()) return;
        while (heldBytes >= partBytes) {
          await sendPart(takeHeld(partBytes));
          if (firstError) throw firstError;
        }
      } catch (error) {
        throw fail(error);
      }
    },
    async close() {
      try {
        checkOpen();
        const result = await (isInParts() ? complete() : putWhole());
        state = 'closed';
        return result;
      } catch (error) {
        const first = fail(error);
        await cleaned;
        throw first;
      }
    },
    async abort() {
      if (state === 'open') fail(new BridgeError('cancelled', `writing ${name} was aborted`));
      await cleaned;
    },
  };
}

/** S3 would refuse the part that is one too many. */
export function checkPartCount(totalBytes: number, { partBytes }: S3Context): void {
  if (totalBytes <= MAX_PARTS * partBytes) return;
  throw new BridgeError('too_large', `the object needs more than ${MAX_PARTS} parts of ${partBytes} bytes`, {
    hint: 'Raise part_size_mb in [s3.multipart].',
  });
}
