/**
 * Values as segments of a partition path, and back.
 *
 * Invariants: an encoded value consists of `[A-Za-z0-9._%-]` only, has 1 to 200 bytes, and is never `.` or `..`, so that
 * no value can leave its folder; different values have different encodings, but for the empty value, which is the same
 * as a missing one. Kept characters are never percent-encoded, with three exceptions that carry a meaning:
 * - `%2E` and `%2E%2E` are the whole values `.` and `..`;
 * - a leading `%5F` tells the value `__HIVE_DEFAULT_PARTITION__` from the name for missing values;
 * - `%2D` and 16 hex digits at the end say that the value was cut: it was longer than what stands before them, and the
 *   digits are the first 8 bytes of the SHA-256 of the whole value.
 */
import { createHash } from 'node:crypto';

/** The name engines know (Hive, Spark, DuckDB, Trino) for a partition key without a value. */
export const NULL_NAME = '__HIVE_DEFAULT_PARTITION__';

/** Bytes, which are characters here: an encoded value is ASCII. */
export const MAX_ENCODED_BYTES = 200;

const CUT_MARK = '%2D';
const CUT_DIGITS = 16;
const CUT_END = /%2D[0-9a-f]{16}$/;
const KEPT = /^[A-Za-z0-9._-]*$/;

const ENCODED_BYTE: readonly string[] = Array.from({ length: 256 }, (_, byte) => {
  const char = String.fromCharCode(byte);
  return byte < 128 && KEPT.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
});

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const lenientDecoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** The value as one path segment (without a key). Lone surrogates become U+FFFD, as everywhere in UTF-8. */
export function encodeValue(value: string): string {
  if (value.length <= MAX_ENCODED_BYTES && KEPT.test(value)) return encodeKept(value);
  return encodeUtf8(encoder.encode(value));
}

/** `encodeValue` for a value in UTF-8. Bytes that are no UTF-8 are encoded as they are. */
export function encodeUtf8(bytes: Uint8Array): string {
  const parts: string[] = [];
  let length = 0;
  // One part more than fits is enough to know that the value must be cut.
  for (let i = 0; i < bytes.length && length <= MAX_ENCODED_BYTES; i++) {
    const part = ENCODED_BYTE[bytes[i]!]!;
    parts.push(part);
    length += part.length;
  }
  if (length > MAX_ENCODED_BYTES) return cut(parts, bytes);
  return encodeKept(parts.join(''));
}

function encodeKept(text: string): string {
  if (text === '') return NULL_NAME;
  if (text === '.') return '%2E';
  if (text === '..') return '%2E%2E';
  if (text === NULL_NAME) return `%5F${text.slice(1)}`;
  return text;
}

function cut(parts: readonly string[], bytes: Uint8Array): string {
  const room = MAX_ENCODED_BYTES - CUT_MARK.length - CUT_DIGITS;
  let used = 0;
  let count = 0;
  while (used + parts[count]!.length <= room) used += parts[count++]!.length;
  // Not inside a character: step back over UTF-8 continuation bytes, then over the lead byte they belong to.
  while (count > 0 && (bytes[count]! & 0xc0) === 0x80) count--;
  const digest = createHash('sha256').update(bytes).digest('hex').slice(0, CUT_DIGITS);
  return parts.slice(0, count).join('') + CUT_MARK + digest;
}

/** Text of a path that is not a value as a whole, such as the literals of a time format. */
export function percentEncode(text: string): string {
  let encoded = '';
  for (const byte of encoder.encode(text)) encoded += ENCODED_BYTE[byte]!;
  return encoded;
}

/**
 * The value of a segment: `null` for the name of missing values, `undefined` where the whole value cannot be known
 * (it was cut, or the segment was not written by `encodeValue`).
 */
export function decodeValue(segment: string): string | null | undefined {
  if (segment === NULL_NAME) return null;
  if (segment === '' || CUT_END.test(segment)) return undefined;
  if (!segment.includes('%')) return segment;
  const bytes = new Uint8Array(segment.length);
  let length = 0;
  for (let i = 0; i < segment.length; i++) {
    const char = segment[i]!;
    if (char > '\x7f') return undefined;
    if (char !== '%') {
      bytes[length++] = char.charCodeAt(0);
      continue;
    }
    const digits = segment.slice(i + 1, i + 3);
    if (!/^[0-9A-Fa-f]{2}$/.test(digits)) return undefined;
    bytes[length++] = Number.parseInt(digits, 16);
    i += 2;
  }
  try {
    return decoder.decode(bytes.subarray(0, length));
  } catch {
    return undefined;
  }
}

/** UTF-8 to text for values of a batch, which are UTF-8 already; anything else becomes U+FFFD. */
export function utf8Text(bytes: Uint8Array): string {
  return lenientDecoder.decode(bytes);
}
