/** Numbers from text, exactly: what does not have the form of a number as a whole is none. */

const ZERO = 48;
const MAX_SAFE_DIGITS = 15;

/** An integer, as a number where that is exact; undefined for text that is none. A plus sign and zeros in front may stand. */
export function parseInteger(text: string): number | bigint | undefined {
  const first = text.charCodeAt(0);
  const signed = first === 45 || first === 43; // - +
  const start = signed ? 1 : 0;
  const digits = text.length - start;
  if (digits < 1 || digits > 1000) return undefined;
  let value = 0;
  for (let i = start; i < text.length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  if (digits > MAX_SAFE_DIGITS) {
    const exact = BigInt(text.slice(start));
    return first === 45 ? -exact : exact;
  }
  return first === 45 && value !== 0 ? -value : value;
}

const FLOAT = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
const NAMED: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  '+inf': Number.POSITIVE_INFINITY,
  '-inf': Number.NEGATIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
  '+infinity': Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

/** Powers of ten that a double holds exactly. */
const POWERS = Array.from({ length: 23 }, (_, i) => 10 ** i);

/** What `scanDecimal` found: the digits as an integer, and how many of them stood behind the point. */
let scanned = 0;
let scannedScale = 0;

/**
 * Reads a number without an exponent and of at most 15 digits, which is what nearly every number in a file is, into
 * `scanned` and `scannedScale`; false for all other text. A regular expression and Number() took three times as long.
 */
function scanDecimal(text: string): boolean {
  const { length } = text;
  const first = text.charCodeAt(0);
  const start = first === 45 ? 1 : 0;
  if (length - start > MAX_SAFE_DIGITS + 1) return false;
  let value = 0;
  let point = -1;
  for (let i = start; i < length; i++) {
    const code = text.charCodeAt(i);
    if (code === 46 && point < 0) {
      point = i;
      continue;
    }
    const digit = code - ZERO;
    if (digit < 0 || digit > 9) return false;
    value = value * 10 + digit;
  }
  const digits = length - start - (point < 0 ? 0 : 1);
  if (digits === 0 || digits > MAX_SAFE_DIGITS) return false;
  scanned = start === 1 ? -value : value;
  scannedScale = point < 0 ? 0 : length - point - 1;
  return true;
}

/**
 * A number as an integer of `scale` digits behind the point, where both have at most 15 digits and nothing is lost;
 * undefined where that is not so, or not known without a closer look (`parseDecimal`).
 */
export function scaledInteger(text: string, scale: number): number | undefined {
  if (!scanDecimal(text) || scannedScale > scale || scale - scannedScale > MAX_SAFE_DIGITS) return undefined;
  const value = scanned * POWERS[scale - scannedScale]!;
  return Math.abs(value) < 1e15 ? value : undefined;
}

/** The nearest double; undefined for text that is no number, and for digits beyond the largest double. */
export function parseFloatText(text: string): number | undefined {
  // Both numbers are exact, so that their quotient is the double nearest to the true one.
  if (scanDecimal(text)) return scanned / POWERS[scannedScale]!;
  if (!FLOAT.test(text)) return text.length <= 9 ? NAMED[text.toLowerCase()] : undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** A decimal number as its digits without a point, and how many of them stand behind it. */
export interface DecimalDigits {
  readonly negative: boolean;
  /** Without zeros in front; empty for zero. */
  readonly digits: string;
  /** May be negative: 12e3 are the digits 12 and -3 behind the point. */
  readonly scale: number;
}

const DECIMAL = /^([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,4}))?$/;
const MAX_TEXT = 400;

/** Undefined for text that is no decimal number. */
export function parseDecimal(text: string): DecimalDigits | undefined {
  const match = text.length <= MAX_TEXT ? DECIMAL.exec(text) : null;
  if (match === null) return undefined;
  const [, sign, whole = '', fraction = '', exponent] = match;
  if (whole === '' && fraction === '') return undefined;
  const digits = (whole + fraction).replace(/^0+/, '');
  return { negative: sign === '-', digits, scale: fraction.length - Number(exponent ?? 0) };
}
