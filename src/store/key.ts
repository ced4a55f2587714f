/** Which names may be keys, and their order: the same in every store, so that no backend accepts what another cannot. */
import { BridgeError } from '../errors.ts';

/** S3's limit on the whole name, prefix included (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html). */
export const MAX_KEY_BYTES = 1024;

/** Returns the key, or throws `invalid_argument` with what is wrong with it. */
export function checkKey(key: string): string {
  const wrong = key === '' ? 'is empty' : (faultOfText(key) ?? faultOfSegments(key.split('/')));
  if (wrong) throw new BridgeError('invalid_argument', `object key ${quote(key)} ${wrong}`);
  return key;
}

export function isKey(key: string): boolean {
  return key !== '' && !faultOfText(key) && !faultOfSegments(key.split('/'));
}

/** A prefix may end anywhere in a key, also inside a segment; the segments before its end follow the rules of keys. */
export function checkPrefix(prefix: string): string {
  const wrong = faultOfText(prefix) ?? faultOfSegments(prefix.split('/').slice(0, -1));
  if (wrong) throw new BridgeError('invalid_argument', `key prefix ${quote(prefix)} ${wrong}`);
  return prefix;
}

function faultOfText(text: string): string | undefined {
  if (text.includes('\0')) return 'holds a NUL character';
  if (!text.isWellFormed()) return 'is no well-formed Unicode text';
  if (Buffer.byteLength(text) > MAX_KEY_BYTES) return `is longer than ${MAX_KEY_BYTES} bytes`;
  return undefined;
}

function faultOfSegments(segments: readonly string[]): string | undefined {
  for (const segment of segments) {
    if (segment === '') return 'has an empty segment (a "/" at its start or end, or two in a row)';
    if (segment === '.' || segment === '..') return `has the segment "${segment}"`;
  }
  return undefined;
}

function quote(text: string): string {
  const shown = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return JSON.stringify(shown);
}

/**
 * Order of the keys' UTF-8 bytes, in which S3 lists. JavaScript compares UTF-16 units, which differs where a surrogate
 * (U+10000 and up) meets a unit from U+E000 on: those two ranges change places here.
 */
export function compareKeys(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) return byCodePoint(x) - byCodePoint(y);
  }
  return a.length - b.length;
}

function byCodePoint(unit: number): number {
  if (unit < 0xd800) return unit;
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800;
}
