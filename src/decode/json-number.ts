/**
 * Numbers of JSON text, parsed from its bytes: 64-bit integers without losing digits, doubles correctly rounded.
 * https://www.rfc-editor.org/rfc/rfc8259#section-6
 */

export const MINUS = 0x2d;
const PLUS = 0x2b;
const DOT = 0x2e;
const ZERO = 0x30;
const NINE = 0x39;

/** Digits a double holds exactly, whatever they are. */
const EXACT_DIGITS = 15;
/** More digits than any 64-bit number has are not worth an exact calculation. */
const MAX_EXACT_EXPONENT = 400;
/** 10^0 to 10^22: the powers of ten that are exact as doubles. */
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));

/** End of the JSON number that starts at `at`, or -1 where there is none. */
export function numberEnd(bytes: Uint8Array, at: number, end: number): number {
  if (at < end && bytes[at] === MINUS) at++;
  if (at >= end) return -1;
  if (bytes[at] === ZERO) at++;
  else {
    const digits = digitsEnd(bytes, at, end);
    if (digits === at) return -1;
    at = digits;
  }
  if (at < end && bytes[at] === DOT) {
    const digits = digitsEnd(bytes, at + 1, end);
    if (digits === at + 1) return -1;
    at = digits;
  }
  if (at < end && (bytes[at]! | 0x20) === 0x65) {
    at++;
    if (at < end && (bytes[at] === MINUS || bytes[at] === PLUS)) at++;
    const digits = digitsEnd(bytes, at, end);
    if (digits === at) return -1;
    at = digits;
  }
  return at;
}

/** Where the digits that start at `at` end. */
export function digitsEnd(bytes: Uint8Array, at: number, end: number): number {
  while (at < end && bytes[at]! >= ZERO && bytes[at]! <= NINE) at++;
  return at;
}

/** An integer as sign and magnitude; one object is used again for every number. */
export interface Integer {
  negative: boolean;
  /** Unsigned 32-bit halves of the magnitude. */
  low: number;
  high: number;
}

/**
 * Parses the JSON number bytes[start .. end), which may have a point or an exponent where its value is integral.
 * Returns false where it is not an integer, or its magnitude is over 2^64 - 1.
 */
export function parseInteger(bytes: Uint8Array, start: number, end: number, out: Integer): boolean {
  out.negative = bytes[start] === MINUS;
  const first = out.negative ? start + 1 : start;
  if (digitsEnd(bytes, first, end) !== end) return parseIntegerExactly(bytes, first, end, out);
  const count = end - first;
  if (count > 20) return false;
  // value = upper * 10^9 + lower, with both exact as doubles
  const split = Math.max(first, end - 9);
  const upper = digits(bytes, first, split);
  const lower = digits(bytes, split, end);
  const upperHigh = Math.floor(upper / 65536) * 1e9; // times 2^16
  const rest = (upperHigh % 65536) * 65536 + (upper % 65536) * 1e9 + lower;
  out.low = rest >>> 0;
  out.high = Math.floor(upperHigh / 65536) + Math.floor(rest / 4294967296);
  return out.high <= 0xffffffff;
}

/** At most 11 digits, so that the result is exact. */
function digits(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + (bytes[i]! - ZERO);
  return value;
}

/** For the rare `1e3` and `1.0`. */
function parseIntegerExactly(bytes: Uint8Array, start: number, end: number, out: Integer): boolean {
  const [mantissa = '', exponentText = '0'] = latin1(bytes, start, end).toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const significant = `${whole}${fraction}`.replace(/^0+/, '').replace(/0+$/, '');
  const trailingZeros = whole.length + fraction.length - `${whole}${fraction}`.replace(/0+$/, '').length;
  if (significant === '') {
    out.low = 0;
    out.high = 0;
    return true;
  }
  const exponent = Number(exponentText) - fraction.length + trailingZeros;
  if (exponent < 0 || exponent > MAX_EXACT_EXPONENT || significant.length + exponent > 20) return false;
  const value = BigInt(significant) * 10n ** BigInt(exponent);
  out.low = Number(value & 0xffffffffn);
  out.high = Number(value >> 32n);
  return out.high <= 0xffffffff;
}

/** Parses the JSON number bytes[start .. end); ±Infinity where it is over the range of a double. */
export function parseDouble(bytes: Uint8Array, start: number, end: number): number {
  const negative = bytes[start] === MINUS;
  let at = negative ? start + 1 : start;
  if (end - at <= EXACT_DIGITS + 1) {
    let value = 0;
    let fractionDigits = -1;
    let count = 0;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === DOT) fractionDigits = 0;
      else if (byte <= NINE && byte >= ZERO) {
        value = value * 10 + (byte - ZERO);
        count++;
        if (fractionDigits >= 0) fractionDigits++;
      } else break;
    }
    if (at === end && count <= EXACT_DIGITS) {
      // Both operands are exact, so that the one division rounds correctly (Clinger's fast path).
      if (fractionDigits > 0) value /= POWERS[fractionDigits]!;
      return negative ? -value : value;
    }
  }
  return Number(latin1(bytes, start, end));
}

function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
