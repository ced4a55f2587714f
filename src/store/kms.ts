/** Wrapping keys made and opened by AWS KMS (symmetric keys, https://docs.aws.amazon.com/kms/latest/APIReference/). */
import {
  DecryptCommand,
  type DecryptCommandOutput,
  GenerateDataKeyCommand,
  type GenerateDataKeyCommandOutput,
  KMSClient,
} from '@aws-sdk/client-kms';
import type { S3Config } from '../config/types.ts';
import { BridgeError, type ErrorCode } from '../errors.ts';
import { damaged, KEY_BYTES, type WrappingKey } from './envelope.ts';
import type { ClientEncryption } from './key-ring.ts';
import { credentialsOf, renewExpired } from './s3-credentials.ts';

export interface KmsKeys {
  /** Made anew every hour. */
  current(): Promise<WrappingKey>;
  /** Undefined where the blob is of none of the configured keys. `name` is that of the object, for messages. */
  decrypt(blob: Uint8Array, name: string): Promise<Uint8Array | undefined>;
  close(): void;
}

/** Longer than this a key is not used for new objects; what it costs is a call to KMS a thread. */
const KEY_AGE_MS = 3_600_000;
/** Wrapping keys kept for reads: a writer makes one an hour. */
const MAX_KEPT = 1000;
const CONTEXT = { application: 'otel-lake-bridge' };
const TIMEOUT_MS = 10_000;
const ATTEMPTS = 4;

export function createKmsKeys(encryption: ClientEncryption, config: S3Config): KmsKeys {
  const { kmsKeyId, oldKmsKeyIds, kmsEndpoint } = encryption;
  const client = new KMSClient({
    region: config.region,
    ...(kmsEndpoint === undefined ? {} : { endpoint: kmsEndpoint }),
    credentials: credentialsOf(config),
    maxAttempts: ATTEMPTS,
    requestHandler: { connectionTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, throwOnRequestTimeout: true },
  });
  renewExpired(client);
  const keyIds = [...(kmsKeyId === undefined ? [] : [kmsKeyId]), ...oldKmsKeyIds];
  const kept = new Map<string, Promise<Uint8Array | undefined>>();
  let made: { readonly key: Promise<WrappingKey>; readonly sinceMs: number } | undefined;

  async function generate(KeyId: string): Promise<WrappingKey> {
    const command = new GenerateDataKeyCommand({ KeyId, KeySpec: 'AES_256', EncryptionContext: CONTEXT });
    let answer: GenerateDataKeyCommandOutput;
    try {
      answer = await client.send(command);
    } catch (error) {
      throw kmsError(error, 'GenerateDataKey', KeyId);
    }
    const key = checkKey(answer.Plaintext, 'GenerateDataKey', KeyId);
    return { id: `kms:${answer.KeyId ?? KeyId}`, blob: answer.CiphertextBlob!, key };
  }

  /** The key is named in the call: otherwise KMS would take any key that these credentials may use. */
  async function decrypt(blob: Uint8Array, name: string): Promise<Uint8Array | undefined> {
    let refused: BridgeError | undefined;
    for (const KeyId of keyIds) {
      const command = new DecryptCommand({ CiphertextBlob: blob, KeyId, EncryptionContext: CONTEXT });
      let answer: DecryptCommandOutput;
      try {
        answer = await client.send(command);
      } catch (error) {
        const code = (error as Error).name;
        if (code === 'IncorrectKeyException') continue;
        if (code === 'InvalidCiphertextException') throw damaged(name, 'has a wrapping key that KMS does not open');
        refused = kmsError(error, 'Decrypt', KeyId);
        if (refused.retryable) throw refused;
        continue; // an old key may have been disabled, and the next be the right one
      }
      return checkKey(answer.Plaintext, 'Decrypt', KeyId);
    }
    if (refused) throw refused;
    return undefined;
  }

  return {
    current() {
      if (made && performance.now() - made.sinceMs < KEY_AGE_MS) return made.key;
      const key = generate(kmsKeyId!);
      const mine = { key, sinceMs: performance.now() };
      made = mine;
      key.catch(() => {
        if (made === mine) made = undefined;
      });
      return key;
    },
    decrypt(blob, name) {
      const id = Buffer.from(blob).toString('base64');
      const known = kept.get(id);
      if (known) return known;
      if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
      const key = decrypt(blob, name);
      kept.set(id, key);
      key.catch(() => kept.delete(id));
      return key;
    },
    close() {
      client.destroy();
    },
  };
}

function checkKey(key: Uint8Array | undefined, action: string, keyId: string): Uint8Array {
  if (key?.length === KEY_BYTES) return key;
  throw new BridgeError('unprocessable', `${action} of KMS key ${keyId} gave ${key?.length ?? 0} bytes`, {
    hint: `A symmetric encryption key (SYMMETRIC_DEFAULT) is needed, which gives ${KEY_BYTES}.`,
  });
}

const KEY_STATE = 'Enable the key, or name another one in kms_key_id of [s3.encryption].';
const ROWS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  NotFoundException: ['config', 'Correct kms_key_id in [s3.encryption], or region in [s3].'],
  InvalidArnException: ['config', 'Correct kms_key_id in [s3.encryption].'],
  ValidationException: ['config', 'Correct kms_key_id in [s3.encryption].'],
  DisabledException: ['config', KEY_STATE],
  KMSInvalidStateException: ['config', KEY_STATE],
  InvalidKeyUsageException: ['config', 'A symmetric encryption key (SYMMETRIC_DEFAULT) is needed.'],
  UnrecognizedClientException: ['unauthenticated', 'Check the credentials of [s3.credentials]: KMS gets them too.'],
  InvalidSignatureException: ['unauthenticated', 'Check the credentials of [s3.credentials]: KMS gets them too.'],
  ExpiredTokenException: ['unauthenticated', 'The session token has expired: renew it.'],
  CredentialsProviderError: ['unauthenticated', 'No credentials were found: see [s3.credentials].'],
};

/** Only name, message and status go on: the SDK's error objects hold access keys and signatures. */
function kmsError(thrown: unknown, action: string, keyId: string): BridgeError {
  const { name, message, $metadata } = thrown as Error & { readonly $metadata?: { readonly httpStatusCode?: number } };
  const text = `${action} of KMS key ${keyId} failed: ${name}: ${message.split('\n', 1)[0]!.slice(0, 500)}`;
  const known = Object.hasOwn(ROWS, name) ? ROWS[name] : undefined;
  if (known) return new BridgeError(known[0], text, { hint: known[1] });
  if (name === 'AccessDeniedException' || $metadata?.httpStatusCode === 403) {
    return new BridgeError('permission_denied', text, {
      hint: `Allow kms:${action} on that key to these credentials.`,
    });
  }
  return new BridgeError('unavailable', text, {
    hint: 'KMS does not answer as it should for now; calls are tried again.',
  });
}
