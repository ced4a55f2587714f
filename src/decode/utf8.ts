import { isUtf8 } from 'node:buffer';

/** Halved whenever a chunk is bad, so that the bad character is found in one pass and some small steps. */
const FIRST_CHUNK_BYTES = 1 << 16;

/** Where the first character that is not UTF-8 begins, or -1. For error messages: `isUtf8` alone is faster. */
export function invalidUtf8At(bytes: Uint8Array): number {
  let at = 0;
  let size = FIRST_CHUNK_BYTES;
  while (at < bytes.length) {
    const end = characterEnd(bytes, at + size);
    if (isUtf8(bytes.subarray(at, end))) at = end;
    else if (size === 1) return at + characterBytes(bytes, at);
    else size >>= 1;
  }
  return -1;
}

/** The first position from `end` on that is inside of no character: at most three bytes on, where characters are whole. */
function characterEnd(bytes: Uint8Array, end: number): number {
  let at = end;
  while (at < end + 3 && at < bytes.length && (bytes[at]! & 0xc0) === 0x80) at++;
  return Math.min(at, bytes.length);
}

/** Bytes of the character at `at`, behind which there is a stray one; 0 where there is no character. */
function characterBytes(bytes: Uint8Array, at: number): number {
  return [1, 2, 3].find((length) => isUtf8(bytes.subarray(at, at + length))) ?? 0;
}
