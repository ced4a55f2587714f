/**
 * The envelope of an object that is encrypted before it leaves this process. All numbers are big-endian.
 *
 *   0     7  magic "OTELENC"
 *   7     1  version, 1
 *   8     4  bytes of a chunk's plaintext, 65536 in version 1
 *   12    2  length k of the id of the wrapping key
 *   14    2  length b of the wrapping key's blob, 0 for keys from files
 *   16   32  SHA-256 of the object's key in the lake, in UTF-8
 *   48   32  salt, random for each object
 *   80   48  the data key (32 bytes, random for each object), wrapped: ciphertext and tag
 *   128   k  id of the wrapping key: "file:" and a fingerprint, or "kms:" and the key's ARN
 *   128+k b  the wrapping key as KMS encrypted it (GenerateDataKey), for KMS to decrypt
 *   ...      zeros up to 1024, where the chunks begin
 *
 * Each chunk is its ciphertext and a tag of 16 bytes: AES-256-GCM under the data key, with the nonce 0^7 ‖ index (4) ‖
 * last (1), where `last` is 1 for the object's last chunk and 0 for others. All chunks but the last are full, the last
 * one holds at least a byte; an empty object is one empty chunk. This is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár:
 * https://eprint.iacr.org/2015/189): a chunk that is changed, moved, left out, repeated, taken from another object, or
 * taken for the last one does not open.
 *
 * The data key is wrapped with AES-256-GCM under HKDF-SHA-256(wrapping key, salt, "otel-lake data key"), nonce zero (that
 * key is used once), with all other bytes of the header as associated data. So nothing in the header can be changed
 * either, and an object that is put under another name is noticed. What is not noticed: an object that is gone, and an
 * older version of it in its place.
 *
 * The header has one length and chunks have one, so sizes and ranges of plaintext follow from those of the stored bytes.
 */
import { createCipheriv, createDecipheriv, createHash, hkdfSync, randomBytes } from 'node:crypto';
import { BridgeError } from '../errors.ts';

const MAGIC = Buffer.from('OTELENC');
const VERSION = 1;
export const HEADER_BYTES = 1024;
export const CHUNK_BYTES = 64 * 1024;
export const TAG_BYTES = 16;
export const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES;
export const KEY_BYTES = 32;

const NAME_AT = 16;
const SALT_AT = 48;
const WRAPPED_AT = 80;
const TEXTS_AT = 128;
const CIPHER = 'aes-256-gcm';
const DAMAGED = 'Bytes were cut, changed or put in from elsewhere, or an older version of this file name was read.';

/** A key that data keys are wrapped with. */
export interface WrappingKey {
  readonly id: string;
  /** The key as KMS encrypted it; empty for keys from files. */
  readonly blob: Uint8Array;
  /** 32 bytes. */
  readonly key: Uint8Array;
}

/** What the header says in clear text about the wrapping key, for whoever has it. */
export type WrappingKeyName = Pick<WrappingKey, 'id' | 'blob'>;

export interface NewEnvelope {
  readonly header: Uint8Array;
  readonly dataKey: Uint8Array;
}

/** Whether the bytes begin as an envelope does, of any version. */
export function isEnvelope(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, MAGIC.length)).equals(MAGIC);
}

/** The header of a new object, and the data key for its chunks. `objectKey` is relative to the lake's root. */
export function newEnvelope(objectKey: string, wrapping: WrappingKey): NewEnvelope {
  const id = Buffer.from(wrapping.id);
  const header = Buffer.alloc(HEADER_BYTES);
  if (TEXTS_AT + id.length + wrapping.blob.length > HEADER_BYTES) {
    const room = HEADER_BYTES - TEXTS_AT;
    throw new BridgeError(
      'config',
      `key id and blob of ${wrapping.id} have more than the ${room} bytes of an envelope`,
    );
  }
  MAGIC.copy(header);
  header.writeUInt8(VERSION, 7);
  header.writeUInt32BE(CHUNK_BYTES, 8);
  header.writeUInt16BE(id.length, 12);
  header.writeUInt16BE(wrapping.blob.length, 14);
  header.set(nameHash(objectKey), NAME_AT);
  const salt = randomBytes(32);
  header.set(salt, SALT_AT);
  header.set(id, TEXTS_AT);
  header.set(wrapping.blob, TEXTS_AT + id.length);
  const dataKey = randomBytes(KEY_BYTES);
  const cipher = createCipheriv(CIPHER, keyOfKey(wrapping.key, salt), ZERO_NONCE).setAAD(boundPart(header));
  header.set(cipher.update(dataKey), WRAPPED_AT);
  cipher.final();
  header.set(cipher.getAuthTag(), WRAPPED_AT + KEY_BYTES);
  return { header, dataKey };
}

/**
 * Which key opens the header. Throws `corrupt` for what is no envelope, is one of another object, or is of a newer
 * version. `name` is the object's, for messages.
 */
export function wrappingKeyOf(header: Uint8Array, objectKey: string, name: string): WrappingKeyName {
  const bytes = Buffer.from(header.buffer, header.byteOffset, header.length);
  if (!isEnvelope(bytes)) {
    throw new BridgeError(
      'corrupt',
      `${name} is not encrypted; expected an envelope of [s3.encryption] type "client"`,
      {
        hint: 'A lake is encrypted from its first object on: give this one a prefix of its own, or remove that type.',
      },
    );
  }
  if (bytes.length < HEADER_BYTES) {
    throw damaged(name, `ends within its header, after ${bytes.length} of ${HEADER_BYTES} bytes`);
  }
  const version = bytes.readUInt8(7);
  const chunkBytes = bytes.readUInt32BE(8);
  if (version !== VERSION || chunkBytes !== CHUNK_BYTES) {
    const found = `version ${version} with chunks of ${chunkBytes} bytes`;
    throw new BridgeError('corrupt', `the envelope of ${name} has ${found}; expected ${VERSION} with ${CHUNK_BYTES}`, {
      hint: 'The header was damaged, or a newer version of the bridge wrote it: update this one.',
    });
  }
  if (!bytes.subarray(NAME_AT, SALT_AT).equals(nameHash(objectKey))) {
    throw new BridgeError('corrupt', `${name} was encrypted as an object of another name`, {
      hint: 'Somebody moved or copied it here: put it back under its own name.',
    });
  }
  const idEnd = TEXTS_AT + bytes.readUInt16BE(12);
  const blobEnd = idEnd + bytes.readUInt16BE(14);
  if (blobEnd > HEADER_BYTES) throw damaged(name, 'has lengths in its header that lead out of it');
  return { id: bytes.toString('utf8', TEXTS_AT, idEnd), blob: bytes.subarray(idEnd, blobEnd) };
}

/** The data key of an object. Throws `corrupt` where the header was changed after it was written. */
export function openEnvelope(header: Uint8Array, wrappingKey: Uint8Array, name: string): Uint8Array {
  const bytes = Buffer.from(header.buffer, header.byteOffset, HEADER_BYTES);
  const key = keyOfKey(wrappingKey, bytes.subarray(SALT_AT, WRAPPED_AT));
  const tag = bytes.subarray(WRAPPED_AT + KEY_BYTES, TEXTS_AT);
  const decipher = createDecipheriv(CIPHER, key, ZERO_NONCE).setAAD(boundPart(bytes)).setAuthTag(tag);
  const dataKey = decipher.update(bytes.subarray(WRAPPED_AT, WRAPPED_AT + KEY_BYTES));
  try {
    decipher.final();
  } catch {
    throw damaged(name, 'has a header that was changed, or was written with another key of the same id');
  }
  return dataKey;
}

/** Writes ciphertext and tag of one chunk to `out` at `at`. */
export function sealChunk(
  dataKey: Uint8Array,
  index: number,
  isLast: boolean,
  plain: Uint8Array,
  out: Uint8Array,
  at: number,
): void {
  const cipher = createCipheriv(CIPHER, dataKey, chunkNonce(index, isLast));
  out.set(cipher.update(plain), at);
  cipher.final();
  out.set(cipher.getAuthTag(), at + plain.length);
}

/**
 * Opens chunks that follow each other. `sealed` begins with chunk `firstIndex` and holds whole chunks; where `reachesEnd`
 * the last of them is the object's last. Throws `corrupt` with the number of the chunk that does not open.
 */
export function openChunks(
  dataKey: Uint8Array,
  sealed: Uint8Array,
  firstIndex: number,
  reachesEnd: boolean,
  name: string,
): Uint8Array {
  const count = Math.max(1, Math.ceil(sealed.length / SEALED_CHUNK_BYTES));
  const plainBytes = sealed.length - count * TAG_BYTES;
  const lastBytes = sealed.length - (count - 1) * SEALED_CHUNK_BYTES;
  if (lastBytes < TAG_BYTES) throw damaged(name, `ends within chunk ${firstIndex + count - 1}`);
  const plain = new Uint8Array(plainBytes);
  for (let i = 0; i < count; i++) {
    const start = i * SEALED_CHUNK_BYTES;
    const end = Math.min(sealed.length, start + SEALED_CHUNK_BYTES) - TAG_BYTES;
    const nonce = chunkNonce(firstIndex + i, reachesEnd && i === count - 1);
    const decipher = createDecipheriv(CIPHER, dataKey, nonce).setAuthTag(sealed.subarray(end, end + TAG_BYTES));
    plain.set(decipher.update(sealed.subarray(start, end)), i * CHUNK_BYTES);
    try {
      decipher.final();
    } catch {
      throw damaged(name, `does not open at chunk ${firstIndex + i}`);
    }
  }
  return plain;
}

/** Bytes of an envelope around so many bytes. */
export function sealedSize(plainBytes: number): number {
  return HEADER_BYTES + plainBytes + TAG_BYTES * Math.max(1, Math.ceil(plainBytes / CHUNK_BYTES));
}

/** Bytes inside an envelope of so many bytes; undefined where no envelope has that size. */
export function plainSize(sealedBytes: number): number | undefined {
  const body = sealedBytes - HEADER_BYTES;
  const plain = body - TAG_BYTES * Math.ceil(body / SEALED_CHUNK_BYTES);
  return plain >= 0 && sealedSize(plain) === sealedBytes ? plain : undefined;
}

export function damaged(name: string, found: string): BridgeError {
  return new BridgeError('corrupt', `${name} ${found}`, { hint: DAMAGED });
}

const ZERO_NONCE = Buffer.alloc(12);

function chunkNonce(index: number, isLast: boolean): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeUInt32BE(index, 7);
  nonce.writeUInt8(isLast ? 1 : 0, 11);
  return nonce;
}

function nameHash(objectKey: string): Buffer {
  return createHash('sha256').update(objectKey).digest();
}

function keyOfKey(wrappingKey: Uint8Array, salt: Uint8Array): Buffer {
  return Buffer.from(hkdfSync('sha256', wrappingKey, salt, 'otel-lake data key', KEY_BYTES));
}

/** All of the header but the wrapped key itself. */
function boundPart(header: Uint8Array): Buffer {
  return Buffer.concat([header.subarray(0, WRAPPED_AT), header.subarray(TEXTS_AT, HEADER_BYTES)]);
}
