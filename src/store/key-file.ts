/** Keys of 256 bits in files: 32 bytes as they are, in hexadecimal or in base64; white space around text is ignored. */
import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { BridgeError } from '../errors.ts';
import { KEY_BYTES, type WrappingKey } from './envelope.ts';

const MAX_FILE_BYTES = 1024;
const MAKE_ONE = `Make one with: openssl rand -base64 ${KEY_BYTES} > lake.key && chmod 600 lake.key`;

/** Its id is a fingerprint of the key: it tells keys apart and nothing about them. */
export function readKeyFile(path: string, warn: (message: string, error: BridgeError) => void = () => {}): WrappingKey {
  let bytes: Buffer;
  let mode: number;
  try {
    const found = statSync(path);
    mode = found.mode;
    if (found.size > MAX_FILE_BYTES) throw wrongKey(path, `has ${found.size} bytes`);
    bytes = readFileSync(path);
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    const found = code === 'ENOENT' ? 'does not exist' : `cannot be read (${code})`;
    throw new BridgeError('config', `key file ${path} of [s3.encryption] ${found}`, { cause: error, hint: MAKE_ONE });
  }
  // Threads read the same file: one of them tells.
  if (isMainThread && process.platform !== 'win32' && (mode & 0o007) !== 0) {
    const hint = `Take the rights from others: chmod o= ${path}`;
    const error = new BridgeError('config', `every user of this machine may read ${path}`, { hint });
    warn(`the key file of the lake can be read by others: ${hint}`, error);
  }
  const key = parseKey(bytes);
  if (!key) throw wrongKey(path, `has ${bytes.length} bytes that are no key`);
  const fingerprint = createHash('sha256').update('otel-lake key id').update(key).digest('hex').slice(0, 16);
  return { id: `file:${fingerprint}`, blob: new Uint8Array(), key };
}

function parseKey(bytes: Buffer): Buffer | undefined {
  const text = bytes.toString('latin1').trim();
  // 32 characters of text are a passphrase, or 128 bits in hexadecimal: random bytes are never all printable.
  if (bytes.length === KEY_BYTES && !/^[ -~]*$/.test(text)) return bytes;
  if (/^[0-9A-Fa-f]{64}$/.test(text)) return Buffer.from(text, 'hex');
  // 32 bytes are 43 characters and one of padding; the last character has two bits that must be zero.
  if (/^[A-Za-z0-9+/]{42}[AEIMQUYcgkosw048]=?$/.test(text)) return Buffer.from(text, 'base64');
  return undefined;
}

function wrongKey(path: string, found: string): BridgeError {
  const expected = `${KEY_BYTES} bytes, or as many in hexadecimal or base64`;
  return new BridgeError('config', `key file ${path} of [s3.encryption] ${found}; expected ${expected}`, {
    hint: MAKE_ONE,
  });
}
