/**
 * Whether the files of a manifest are there as it says: sizes by one call each, MD5 by the ETag where that is one (objects
 * that were put as a whole), else by reading the bytes. What fails is reported and left out.
 */
import { createHash } from 'node:crypto';
import { BridgeError } from '../../errors.ts';
import { ahead } from '../../read/ahead.ts';
import type { DatasetObject } from '../../read/dataset/types.ts';
import type { ObjectStore } from '../../store/store.ts';
import { urlOf } from '../location.ts';
import type { ManifestFile } from './parse.ts';

/** `md5`: sizes and digests; `size`: sizes alone; `none`: files are taken as they are listed. */
export type Verify = 'md5' | 'size' | 'none';

export interface FileFailure {
  readonly key: string;
  readonly code: BridgeError['code'];
  readonly message: string;
}

export type VerifiedObject = DatasetObject & { readonly etag: string | undefined };

export interface Verified {
  readonly objects: readonly VerifiedObject[];
  readonly failures: readonly FileFailure[];
  /** What it took. */
  readonly requests: number;
  readonly bytesRead: number;
}

export interface VerifyOptions {
  readonly verify: Verify;
  /** Files looked at together. */
  readonly parallelism: number;
  readonly signal: AbortSignal;
  readonly onChecked?: ((files: number) => void) | undefined;
}

export async function verifyFiles(
  store: ObjectStore,
  files: readonly ManifestFile[],
  { verify, parallelism, signal, onChecked }: VerifyOptions,
): Promise<Verified> {
  if (verify === 'none') {
    const objects = files.map(({ key, size }) => ({ key, size, modifiedMs: 0, etag: undefined }));
    return { objects, failures: [], requests: 0, bytesRead: 0 };
  }
  const took = { requests: 0, bytesRead: 0 };
  const objects: VerifiedObject[] = [];
  const failures: FileFailure[] = [];
  const bounds = { count: parallelism, maxWeight: parallelism, weight: () => 1 };
  const check = async (file: ManifestFile) => {
    try {
      return await verifyFile(store, file, verify, took, signal);
    } catch (error) {
      signal.throwIfAborted();
      return failureOf(store, file.key, error);
    }
  };
  let checked = 0;
  for await (const found of ahead(files, bounds, check)) {
    if ('code' in found) failures.push(found);
    else objects.push(found);
    onChecked?.(++checked);
  }
  return { objects, failures, ...took };
}

async function verifyFile(
  store: ObjectStore,
  { key, size, md5 }: ManifestFile,
  verify: Verify,
  took: { requests: number; bytesRead: number },
  signal: AbortSignal,
): Promise<VerifiedObject> {
  took.requests++;
  const head = await store.head(key, { signal });
  if (head.size !== size) {
    throw new BridgeError('conflict', `it has ${head.size} bytes, the manifest says ${size}`, {
      hint: 'The object was replaced since: have the manifest written anew.',
    });
  }
  if (verify === 'md5' && md5 !== undefined && md5Of(head.etag) !== md5) {
    took.requests++;
    const found = await digest(store, key, head.etag, signal);
    took.bytesRead += size;
    if (found !== md5) throw wrongMd5(found, md5);
  }
  return { key, size, modifiedMs: head.modifiedMs, etag: head.etag };
}

export function wrongMd5(found: string, expected: string): BridgeError {
  return new BridgeError('corrupt', `its MD5 is ${found}, the manifest says ${expected}`, {
    hint: 'The object is damaged, or was replaced since: have the manifest written anew.',
  });
}

/** The MD5 an ETag may be: not those of uploads in parts (`…-3`), and with KMS something else of the same form. */
export function md5Of(etag: string | undefined): string | undefined {
  return /^"?([0-9a-f]{32})"?$/i.exec(etag ?? '')?.[1]?.toLowerCase();
}

/** Of the object's bytes, as they come. */
export async function digest(
  store: ObjectStore,
  key: string,
  etag: string | undefined,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash('md5');
  for await (const chunk of store.read(key, { etag, signal })) hash.update(chunk);
  return hash.digest('hex');
}

/** Denied access is named as such, with bucket and key. */
export function failureOf(store: ObjectStore, key: string, thrown: unknown): FileFailure {
  const { code, message, hint } = BridgeError.from(thrown);
  const url = urlOf({ store, key });
  const text = message.includes(key) ? message : `${url}: ${message}`;
  if (code !== 'permission_denied') return { key, code, message: text };
  return { key, code, message: `access denied to ${url}: ${message}${hint === undefined ? '' : ` ${hint}`}` };
}
