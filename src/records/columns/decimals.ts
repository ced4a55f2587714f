/** How decimals are stored: as integers of 128 or 256 bits, the number times ten to the scale. */
import { type DecimalDigits, parseDecimal, scaledInteger } from '../number-text.ts';
import type { Store } from './fixed.ts';
import { setSafeInt64 } from './numbers.ts';

const SAFE_DIGITS = 15;

/** @param bytes 16 or 32 */
export function storeDecimal(precision: number, scale: number, bytes: number): Store {
  const whole = precision - scale;
  const digits = `at most ${whole} ${whole === 1 ? 'digit' : 'digits'} before and ${scale} behind the point`;
  const expected = `a decimal number with ${digits} (decimal(${precision},${scale}))`;
  const limit = 10 ** Math.min(precision, SAFE_DIGITS);
  return (view, at, value) => {
    const text = decimalText(value);
    const small = text === undefined ? undefined : scaledInteger(text, scale);
    if (small !== undefined && small < limit && small > -limit) {
      setSmall(view, at, small, bytes);
      return undefined;
    }
    const found = text === undefined ? undefined : parseDecimal(text);
    const unscaled = found && unscaledDigits(found, precision, scale);
    if (found === undefined || unscaled === undefined) return expected;
    if (unscaled.length <= SAFE_DIGITS)
      setSmall(view, at, found.negative ? -Number(unscaled) : Number(unscaled), bytes);
    else setLarge(view, at, found.negative ? -BigInt(unscaled) : BigInt(unscaled), bytes);
    return undefined;
  };
}

function decimalText(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined;
}

/** The digits of the stored integer; undefined where digits other than zeros would be lost, or there are too many. */
function unscaledDigits({ digits, scale: given }: DecimalDigits, precision: number, scale: number): string | undefined {
  const missing = scale - given;
  let unscaled = digits;
  if (digits === '') return '';
  if (missing < 0) {
    const cut = digits.length + missing;
    if (/[1-9]/.test(digits.slice(Math.max(cut, 0)))) return undefined;
    unscaled = digits.slice(0, Math.max(cut, 0));
  } else {
    if (digits.length + missing > precision) return undefined;
    unscaled = digits + '0'.repeat(missing);
  }
  return unscaled.length <= precision ? unscaled : undefined;
}

function setSmall(view: DataView, at: number, value: number, bytes: number): void {
  setSafeInt64(view, at, value);
  const sign = value < 0 ? -1 : 0;
  for (let i = 8; i < bytes; i += 4) view.setInt32(at + i, sign, true);
}

function setLarge(view: DataView, at: number, value: bigint, bytes: number): void {
  let rest = value;
  for (let i = 0; i < bytes; i += 8) {
    view.setBigInt64(at + i, BigInt.asIntN(64, rest), true);
    rest >>= 64n;
  }
}
