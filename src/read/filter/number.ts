/**
 * Numbers of filters, exact: a literal is its floor as a bigint, whether a fraction follows, and the nearest double.
 * With these an int64 compares beyond 2^53, and an integer compares with a double by value and not after rounding.
 */

export interface NumberValue {
  readonly floor: bigint;
  readonly fraction: boolean;
  /** Written with a point or an exponent: meant as a decimal, which equals the double nearest to it. */
  readonly decimal: boolean;
  readonly double: number;
}

const MAX_EXPONENT = 400;

const PARTS = /^(-?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d+))?$/;

/** Undefined for a decimal beyond every double. The text has the lexer's form. `shift`: times 10 to this power. */
export function parseNumber(text: string, shift = 0): NumberValue | undefined {
  const parts = PARTS.exec(text)!;
  const fractionDigits = parts[3] ?? '';
  const exponent = Number(parts[4] ?? 0);
  if (Math.abs(exponent) > MAX_EXPONENT) return undefined;
  const digits = BigInt(`${parts[2] ?? ''}${fractionDigits}`);
  const signed = parts[1] === '-' ? -digits : digits;
  const scale = fractionDigits.length - exponent - shift;
  const decimal = parts[3] !== undefined || parts[4] !== undefined;
  const double = Number(text);
  if (decimal && !Number.isFinite(double)) return undefined;
  if (scale <= 0) return { floor: signed * 10n ** BigInt(-scale), fraction: false, decimal, double };
  return { ...unitsOf(signed, 10n ** BigInt(scale)), decimal, double };
}

/** A whole number of small units in larger ones. */
export function unitsOf(value: bigint, unit: bigint): NumberValue {
  const remainder = value % unit;
  const towardsZero = value / unit;
  const floor = remainder < 0n ? towardsZero - 1n : towardsZero;
  return { floor, fraction: remainder !== 0n, decimal: false, double: Number(floor) };
}

const NUMBER_TEXT = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;

/** A number written as a string, as decimals are given out. */
export function parseNumberText(text: string, shift: number): NumberValue | undefined {
  const trimmed = text.trim();
  return NUMBER_TEXT.test(trimmed) ? parseNumber(trimmed.replace(/^\+/, ''), shift) : undefined;
}

/**
 * Order of a value and a literal: negative, 0 or positive. A decimal compares with a double by the literal's nearest
 * double (so that 0.1 equals 0.1); all else compares exactly. NaN is above every literal.
 */
export function compareToValue(x: number | bigint, value: NumberValue): number {
  if (Number.isNaN(x)) return 1;
  if (typeof x === 'number' && value.decimal && !Number.isSafeInteger(x)) {
    return x < value.double ? -1 : x > value.double ? 1 : 0;
  }
  // Relations between number and bigint are exact (ECMAScript, BigInt::lessThan).
  if (x > value.floor) return 1;
  return x < value.floor || value.fraction ? -1 : 0;
}

/** Order of two values: exact between number and bigint, NaN above everything else. */
export function compareNumbers(a: number | bigint, b: number | bigint): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

const INTEGER = /^[+-]?\d+$/;
const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const SAFE_DIGITS = 15;
const MAX_TEXT = 400;

/** The number an attribute's text stands for (its JSON form, NaN and Infinity), undefined where it is no number. */
export function numberOfText(text: string): number | bigint | undefined {
  if (text.length === 0 || text.length > MAX_TEXT) return undefined;
  if (INTEGER.test(text)) {
    if (text.length <= SAFE_DIGITS) return Number(text);
    return BigInt(text[0] === '+' ? text.slice(1) : text);
  }
  if (DECIMAL.test(text)) return Number(text);
  if (text === 'NaN') return Number.NaN;
  if (text === 'Infinity') return Number.POSITIVE_INFINITY;
  return text === '-Infinity' ? Number.NEGATIVE_INFINITY : undefined;
}
