/** How booleans and numbers are stored. */
import { parseFloatText, parseInteger } from '../number-text.ts';
import type { IntegerKind } from '../types.ts';
import type { Store } from './fixed.ts';

function boolOf(text: string): boolean | undefined {
  if (text === 'true' || text === '1') return true;
  if (text === 'false' || text === '0') return false;
  const lower = text.length <= 5 ? text.toLowerCase() : '';
  return lower === 'true' ? true : lower === 'false' ? false : undefined;
}

export const storeBool: Store = (view, at, value) => {
  const found = typeof value === 'string' ? boolOf(value) : value;
  if (typeof found !== 'boolean') return 'true or false (bool)';
  view.setUint8(at, found ? 1 : 0);
  return undefined;
};

export const storeFloat64: Store = (view, at, value) => {
  const number = typeof value === 'number' ? value : toFloat(value);
  if (number === undefined) return 'a number (float64)';
  view.setFloat64(at, number, true);
  return undefined;
};

const MAX_FLOAT32 = 3.4028234663852886e38;

export const storeFloat32: Store = (view, at, value) => {
  const number = typeof value === 'number' ? value : toFloat(value);
  if (number === undefined) return 'a number (float32)';
  // Between the largest float32 and the next one there would be, rounding may still end at the largest.
  if (Number.isFinite(number) && !Number.isFinite(Math.fround(number)))
    return `a number up to ${MAX_FLOAT32} (float32)`;
  view.setFloat32(at, number, true);
  return undefined;
};

function toFloat(value: unknown): number | undefined {
  if (typeof value === 'string') return parseFloatText(value);
  if (typeof value !== 'bigint') return undefined;
  const number = Number(value);
  return Number.isFinite(number) && BigInt(number) === value ? number : undefined;
}

const BITS = /\d+/;
const SMALL_SETTERS = {
  int8: 'setInt8',
  int16: 'setInt16',
  int32: 'setInt32',
  uint8: 'setUint8',
  uint16: 'setUint16',
  uint32: 'setUint32',
} as const;

/** Bytes of a value. */
export function integerBytes(kind: IntegerKind): number {
  return Number(BITS.exec(kind)![0]) / 8;
}

export function storeInteger(kind: IntegerKind): Store {
  if (kind === 'int64' || kind === 'uint64') return storeInt64(kind === 'int64');
  const bits = 8 * integerBytes(kind);
  const signed = !kind.startsWith('u');
  const least = signed ? -(2 ** (bits - 1)) : 0;
  const most = signed ? 2 ** (bits - 1) - 1 : 2 ** bits - 1;
  const expected = `an integer from ${least} to ${most} (${kind})`;
  const setter = SMALL_SETTERS[kind];
  return (view, at, value) => {
    const found = typeof value === 'string' ? parseInteger(value) : value;
    const number = typeof found === 'bigint' ? Number(found) : found;
    if (typeof number !== 'number' || !Number.isInteger(number) || number < least || number > most) return expected;
    view[setter](at, number, true);
    return undefined;
  };
}

const TWO_32 = 4_294_967_296;

function storeInt64(signed: boolean): Store {
  const least = signed ? -(2n ** 63n) : 0n;
  const most = signed ? 2n ** 63n - 1n : 2n ** 64n - 1n;
  const expected = `an integer from ${least} to ${most} (${signed ? 'int64' : 'uint64'})`;
  const unsafe = `${expected}, as a bigint or text where it is over 2^53 - 1: a number is not exact there`;
  return (view, at, value) => {
    const found = typeof value === 'string' ? parseInteger(value) : value;
    if (typeof found === 'number') {
      if (!Number.isSafeInteger(found)) return Number.isInteger(found) ? unsafe : expected;
      if (found < 0 && !signed) return expected;
      setSafeInt64(view, at, found);
    } else if (typeof found === 'bigint') {
      if (found < least || found > most) return expected;
      view.setBigInt64(at, BigInt.asIntN(64, found), true);
    } else {
      return expected;
    }
    return undefined;
  };
}

/** A safe integer in two halves: a BigInt on the way took four times as long. */
export function setSafeInt64(view: DataView, at: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  view.setInt32(at, (value - high * TWO_32) | 0, true);
  view.setInt32(at + 4, high, true);
}
