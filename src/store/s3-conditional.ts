/**
 * Whether the server keeps what `If-None-Match: *` promises. One that ignores the header answers as if all were well, and
 * an object of somebody else under a commit's key would be overwritten; so it is tried out, once a start, with a small
 * object of its own: a put and the completion of an upload over an object that is there must both be refused.
 */
import {
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { BridgeError } from '../errors.ts';
import { systemClock, systemRandomness } from '../platform/clock.ts';
import { call, objectParams, type S3Context } from './s3-context.ts';
import { listObjects, listOpenUploads } from './s3-list.ts';
import { abortUntilGone } from './s3-settle.ts';

const PREFIX = '_lake/tmp/condition-';
/** A trial takes moments: what is older belongs to a bridge that was killed in one. */
const STALE_MS = 600_000;
const BODY = new Uint8Array(1);

/** For `checkConditionalWrites`: one for all trials of a store, so that the last one finds what those before it left. */
export function newTrialKey(): string {
  return `${PREFIX}${systemRandomness.hex(8)}`;
}

/**
 * Throws `config` where it does not; what else keeps the object from being written, or what is left of the trial from being
 * removed, is thrown as it is: the trial is then to be made again.
 */
export async function checkConditionalWrites(
  context: S3Context,
  key: string,
  remove: (key: string) => Promise<void>,
): Promise<void> {
  const failure = await tryWrites(context, key).then(
    () => undefined,
    (error: unknown) => error,
  );
  const left = await removeTrials(context, key, remove);
  if (failure !== undefined) throw failure;
  const passing = left.find(({ code }) => code !== 'permission_denied' && code !== 'unprocessable');
  if (passing) throw passing;
  // Credentials that may not, or a server that cannot, must not keep a bridge from being ready.
  for (const error of left) context.warn(`what is left of trials under ${PREFIX} stays`, error);
}

async function tryWrites(context: S3Context, key: string): Promise<void> {
  // As files of the lake are written, so that a key of encryption that is missing shows at the start too.
  const params = objectParams(context, key, {}, systemRandomness.hex(8));
  const put = () => context.client.send(new PutObjectCommand({ ...params, Body: BODY, IfNoneMatch: '*' }));
  await expectCreated(() => call(context, 'PutObject', key, put));
  await expectRefused('PutObject', context, () => call(context, 'PutObject', key, put));
  if (context.config.multipart.enabled) await checkUpload(context, key, params);
}

/**
 * This store's own, and those a killed bridge has left; returns what could not be removed. Uploads are looked for by their
 * key: nobody else knows of one whose creation was answered with nothing, after which the client created another.
 */
async function removeTrials(
  context: S3Context,
  own: string,
  remove: (key: string) => Promise<void>,
): Promise<BridgeError[]> {
  const isOld = (ms: number) => systemClock.nowMs() - ms > STALE_MS;
  async function abortUploads(): Promise<void> {
    for (const { key, uploadId, startedMs } of await listOpenUploads(context, PREFIX)) {
      if (key === own || isOld(startedMs)) await abortUntilGone(context, key, uploadId);
    }
  }
  async function removeOld(): Promise<void> {
    for await (const { key, modifiedMs } of listObjects(context, PREFIX, {})) if (isOld(modifiedMs)) await remove(key);
  }
  const failures: BridgeError[] = [];
  for (const step of [() => remove(own), abortUploads, removeOld]) {
    await step().catch((error: unknown) => void failures.push(BridgeError.from(error)));
  }
  return failures;
}

/** The object has a name of its own, so one that is there already is of a try whose answer was lost. */
async function expectCreated(send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (thrown) {
    const error = BridgeError.from(thrown);
    if (error.code === 'already_exists') return;
    throw error.code === 'unprocessable' ? lacking('PutObject', 'refuses', error) : error;
  }
}

async function checkUpload(context: S3Context, key: string, params: ReturnType<typeof objectParams>): Promise<void> {
  const target = { Bucket: params.Bucket, Key: params.Key };
  const create = () => context.client.send(new CreateMultipartUploadCommand(params));
  const { UploadId } = await call(context, 'CreateMultipartUpload', key, create);
  const part = { ...target, UploadId, PartNumber: 1, Body: BODY };
  try {
    const { ETag } = await call(context, 'UploadPart', key, () => context.client.send(new UploadPartCommand(part)));
    const complete = new CompleteMultipartUploadCommand({
      ...target,
      UploadId,
      MultipartUpload: { Parts: [{ PartNumber: 1, ETag }] },
      IfNoneMatch: '*',
    });
    const action = 'CompleteMultipartUpload';
    await expectRefused(action, context, () => call(context, action, key, () => context.client.send(complete)));
  } finally {
    await abortUntilGone(context, key, UploadId!);
  }
}

async function expectRefused(action: string, context: S3Context, send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
  } catch (thrown) {
    const error = BridgeError.from(thrown);
    if (error.code === 'already_exists') return;
    throw error.code === 'unprocessable' ? lacking(action, 'refuses', error) : error;
  }
  throw lacking(action, `of bucket ${context.config.bucket} ignores`);
}

function lacking(action: string, found: string, cause?: BridgeError): BridgeError {
  return new BridgeError('config', `${action} ${found} If-None-Match: this server has no conditional writes`, {
    cause,
    hint: 'Use a server that has them, or set conditional_writes = false in [s3]: objects are then looked for first, and two writers of one key at the same moment may overwrite each other.',
  });
}
