/** Numbers as ASCII text in a scratch buffer, and back, without strings on the way where numbers are short. */
import { byteSource } from '../batch/bytes.ts';
import { doubleText } from './plain-json.ts';

const SIZE = 32;

/** Where the text begins at 0 after `writeInt64` and `writeDouble`; overwritten by the next call. */
export const textSource = byteSource(new Uint8Array(SIZE));
const scratch = textSource.bytes;

const ZERO = 48;
const MINUS = 45;

/** Writes the signed 64-bit integer hi * 2^32 + lo in decimal digits and returns their number. */
export function writeInt64(hi: number, lo: number): number {
  if ((hi === 0 && lo >= 0) || (hi === -1 && lo < 0)) return writeInteger(lo);
  if (hi >= -SAFE_HI && hi < SAFE_HI) return writeInteger(hi * 0x100000000 + (lo >>> 0));
  return writeText(String((BigInt(hi) << 32n) | BigInt(lo >>> 0)));
}

export function writeDouble(value: number): number {
  return writeText(doubleText(value));
}

/** High words below this in size make numbers below 2^53. */
const SAFE_HI = 0x200000;

/** Ten digits may not fit 31 bits, nine do: then the digits come from integer divisions. */
const NINE_DIGITS = 1e9;

function writeInteger(value: number): number {
  const size = Math.abs(value);
  let at = 0;
  if (value < 0) scratch[at++] = MINUS;
  if (size < NINE_DIGITS) return writeDigits(at, size, digitCount(size));
  const high = Math.floor(size / NINE_DIGITS);
  at = writeDigits(at, high, digitCount(high));
  return writeDigits(at, size - high * NINE_DIGITS, 9);
}

/** Writes a number below 10^9 in `digits` digits at `at` and returns where it ends. */
function writeDigits(at: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const tenth = (rest / 10) | 0;
    scratch[i] = ZERO + rest - 10 * tenth;
    rest = tenth;
  }
  return at + digits;
}

function digitCount(value: number): number {
  let digits = 1;
  for (let power = 10; power <= value; power *= 10) digits++;
  return digits;
}

function writeText(text: string): number {
  for (let i = 0; i < text.length; i++) scratch[i] = text.charCodeAt(i);
  return text.length;
}

/** The ASCII text bytes[start .. end) as a string. */
export function asciiText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let i = start; i < end; i++) text += String.fromCharCode(bytes[i]!);
  return text;
}
