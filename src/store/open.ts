import type { Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { refuseProc } from '../platform/proc.ts';
import { createFileStore } from './file.ts';
import type { ObserveRequest } from './s3-observe.ts';
import type { ObjectStore } from './store.ts';

export interface OpenStoreOptions {
  /** Hears what a failed write could not clean up (a temporary file, an open multipart upload). */
  readonly warn?: (message: string, error: BridgeError) => void;
  /** Of a lake in a folder: whether reads may block the thread for moments, which saves much where they are many. */
  readonly mayBlock?: boolean | undefined;
  /** Hears of every request to S3, see s3-observe.ts. */
  readonly observe?: ObserveRequest | undefined;
}

/** The store the configuration names. Opening makes no call: ask `check()` whether it can be used. */
export async function openStore(config: Config, options: OpenStoreOptions = {}): Promise<ObjectStore> {
  const store = await openPlainStore(config, options);
  const encryption = config.s3?.encryption;
  if (config.s3 === undefined || encryption?.type !== 'client') return store;
  const { encryptedStore } = await import('./encrypted.ts');
  const { createKeyRing } = await import('./key-ring.ts');
  return encryptedStore(store, await createKeyRing(encryption, config.s3, options));
}

/** The same with objects as they are stored: where they are encrypted before, nothing opens them. */
export async function openPlainStore(config: Config, options: OpenStoreOptions = {}): Promise<ObjectStore> {
  if (config.storage.type === 'file') {
    refuseProc(config.storage.path, 'storage.path');
    return createFileStore(config.storage.path, options);
  }
  if (config.s3) {
    // Loaded only for a lake in S3: the AWS SDK takes 20 MB in every thread, and time at the start.
    const { createS3Lake } = await import('./s3-lake.ts');
    return createS3Lake(config, options);
  }
  throw new BridgeError('config', 'storage.type is "s3", but there is no section [s3]', {
    hint: 'Add [s3] with region and bucket, or set storage.type = "file".',
  });
}
