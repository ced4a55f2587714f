/** Paged listings of a bucket, as keys of the lake. */
import { ListMultipartUploadsCommand, ListObjectsV2Command, ListPartsCommand } from '@aws-sdk/client-s3';
import { BridgeError } from '../errors.ts';
import { isKey } from './key.ts';
import { abortSignalOf, call, fullKey, type S3Context } from './s3-context.ts';
import { causeCode } from './s3-errors.ts';
import type { ListOptions, ObjectInfo, OpenUpload } from './store.ts';

export async function* listObjects(
  context: S3Context,
  prefix: string,
  { startAfter, signal }: ListOptions,
): AsyncGenerator<ObjectInfo> {
  const { client, config } = context;
  let token: string | undefined;
  do {
    const command = new ListObjectsV2Command({
      Bucket: config.bucket,
      Prefix: fullKey(context, prefix),
      // Names may hold characters that XML cannot; asked to, the server percent-encodes them.
      EncodingType: 'url',
      ...(startAfter ? { StartAfter: fullKey(context, startAfter) } : {}),
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const send = () => client.send(command, abortSignalOf(signal));
    const page = await call(context, 'ListObjectsV2', undefined, send, signal);
    for (const { Key = '', Size = 0, LastModified, ETag, StorageClass } of page.Contents ?? []) {
      const key = keyOf(context, Key, page.EncodingType);
      if (!isKey(key)) continue;
      yield { key, size: Size, modifiedMs: LastModified?.getTime() ?? 0, etag: ETag, storageClass: StorageClass };
    }
    token = page.IsTruncated ? page.NextContinuationToken : undefined;
  } while (token !== undefined);
}

/**
 * All uploads of the bucket are asked for and filtered here where the server is not AWS: MinIO answers only for no
 * prefix or a whole key. On AWS the server filters, since the bucket may be shared with others.
 */
export async function listOpenUploads(context: S3Context, prefix: string): Promise<OpenUpload[]> {
  const { client, config } = context;
  const wanted = fullKey(context, prefix);
  const filter = config.endpoint === undefined ? { Prefix: wanted } : {};
  const uploads: OpenUpload[] = [];
  let markers = {};
  for (;;) {
    const command = new ListMultipartUploadsCommand({
      Bucket: config.bucket,
      EncodingType: 'url',
      ...filter,
      ...markers,
    });
    const page = await call(context, 'ListMultipartUploads', undefined, () => client.send(command));
    for (const { Key = '', UploadId = '', Initiated } of page.Uploads ?? []) {
      if (!decodeName(Key, page.EncodingType).startsWith(wanted)) continue;
      const key = keyOf(context, Key, page.EncodingType);
      if (isKey(key)) uploads.push({ key, uploadId: UploadId, startedMs: Initiated?.getTime() ?? 0 });
    }
    const { NextKeyMarker, NextUploadIdMarker } = page;
    if (!page.IsTruncated || !NextKeyMarker) return uploads;
    markers = {
      KeyMarker: decodeName(NextKeyMarker, page.EncodingType),
      ...(NextUploadIdMarker ? { UploadIdMarker: NextUploadIdMarker } : {}),
    };
  }
}

/** When the last part of an upload was stored, or its start, where it has none; undefined: it is no more. */
export async function lastPartMs(context: S3Context, upload: OpenUpload): Promise<number | undefined> {
  const { key, uploadId, startedMs } = upload;
  const target = { Bucket: context.config.bucket, Key: fullKey(context, key), UploadId: uploadId };
  let lastMs = startedMs;
  let after: string | undefined;
  do {
    const command = new ListPartsCommand({ ...target, ...(after === undefined ? {} : { PartNumberMarker: after }) });
    try {
      const page = await call(context, 'ListParts', key, () => context.client.send(command));
      for (const { LastModified } of page.Parts ?? []) lastMs = Math.max(lastMs, LastModified?.getTime() ?? 0);
      after = page.IsTruncated ? page.NextPartNumberMarker : undefined;
    } catch (error) {
      if (causeCode(error) === 'NoSuchUpload' || BridgeError.from(error).code === 'not_found') return undefined;
      throw error;
    }
  } while (after !== undefined);
  return lastMs;
}

/** Without the lake's prefix. */
function keyOf(context: S3Context, name: string, encoding: string | undefined): string {
  return decodeName(name, encoding).slice(fullKey(context, '').length);
}

/** `EncodingType: url` is application/x-www-form-urlencoded; servers that do not know it leave it out of the answer. */
function decodeName(name: string, encoding: string | undefined): string {
  return encoding === 'url' ? decodeURIComponent(name.replaceAll('+', ' ')) : name;
}
