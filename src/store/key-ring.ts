/**
 * The keys that wrap data keys: one that new objects get, and those that objects may have been written with.
 *
 * A key from a file is itself the wrapping key. Of a KMS key nobody outside KMS has the bytes: there a wrapping key is
 * made by GenerateDataKey and used for an hour, so that calls to KMS are a few an hour and not one an object; each
 * envelope carries the blob that KMS decrypts back to it.
 */
import type { S3Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import type { WrappingKey, WrappingKeyName } from './envelope.ts';
import { readKeyFile } from './key-file.ts';
import type { KmsKeys } from './kms.ts';

export type ClientEncryption = Extract<S3Config['encryption'], { readonly type: 'client' }>;

export interface KeyRing {
  /** The key for new objects. */
  current(): Promise<WrappingKey>;
  /** The key an envelope names. Throws `config` where it is none of this ring's. `name` is the object's. */
  find(wanted: WrappingKeyName, name: string): Promise<Uint8Array>;
  close(): void;
}

export interface KeyRingOptions {
  readonly warn?: (message: string, error: BridgeError) => void;
}

/** Reads the key files; asks nothing of KMS yet. */
export async function createKeyRing(
  encryption: ClientEncryption,
  config: S3Config,
  options: KeyRingOptions = {},
): Promise<KeyRing> {
  const { keyFile, oldKeyFiles, kmsKeyId, oldKmsKeyIds } = encryption;
  const own = keyFile === undefined ? undefined : readKeyFile(keyFile, options.warn);
  const files = [...(own ? [own] : []), ...oldKeyFiles.map((path) => readKeyFile(path, options.warn))];
  let kms: KmsKeys | undefined;
  if (kmsKeyId !== undefined || oldKmsKeyIds.length > 0) {
    // Loaded only where it is used: it takes time at the start of every thread.
    const { createKmsKeys } = await import('./kms.ts');
    kms = createKmsKeys(encryption, config);
  }
  const known = [...files.map(({ id }) => id), ...(kmsKeyId ? [kmsKeyId] : []), ...oldKmsKeyIds].join(', ');

  return {
    async current() {
      return own ?? kms!.current();
    },
    async find(wanted, name) {
      const file = files.find(({ id }) => id === wanted.id);
      if (file) return file.key;
      const fromKms = wanted.blob.length > 0 ? await kms?.decrypt(wanted.blob, name) : undefined;
      if (fromKms) return fromKms;
      throw new BridgeError('config', `${name} is encrypted with key ${wanted.id}; there is only ${known}`, {
        hint: 'Name that key in key_file, kms_key_id, old_key_files or old_kms_key_ids of [s3.encryption].',
      });
    },
    close() {
      kms?.close();
    },
  };
}
