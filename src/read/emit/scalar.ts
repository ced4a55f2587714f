/** Numbers and times as text, from the buffers of a column without a BigInt or a string a value. */
import type { IntView, TimestampView } from '../columns/view.ts';
import { reserve, type Sink, writeAscii, writeByte } from './sink.ts';

const TWO_32 = 4_294_967_296;
/** High words below this make integers that a double holds exactly. */
const SAFE_HIGH = 0x20_0000;
const BILLION = 1_000_000_000;
const MAX_DIGITS = 20;
const ZERO = 48;

/** Writes the value of a row. */
export type ScalarWriter = (sink: Sink, row: number) => void;

interface Words {
  readonly highs: Int32Array;
  readonly lows: Uint32Array;
}

function wordsOf({ values }: IntView | TimestampView): Words {
  const { buffer, byteOffset, length } = values;
  return {
    highs: new Int32Array(buffer, byteOffset, 2 * length),
    lows: new Uint32Array(buffer, byteOffset, 2 * length),
  };
}

/** All digits of an int64. */
export function intWriter(view: IntView): ScalarWriter {
  const { highs, lows } = wordsOf(view);
  return (sink, row) => {
    const high = highs[2 * row + 1]!;
    const low = lows[2 * row]!;
    if (high < 0) {
      writeAscii(sink, String(view.values[row]!));
      return;
    }
    reserve(sink, MAX_DIGITS);
    if (high < SAFE_HIGH) writeSafe(sink, high * TWO_32 + low);
    else writeLarge(sink, high, low);
  };
}

/** Long division by 10^9 in limbs of 16 bits: remainders stay below 2^46. */
function writeLarge(sink: Sink, high: number, low: number): void {
  let quotient = Math.floor(high / BILLION);
  let rest = high - quotient * BILLION;
  for (const limb of [low >>> 16, low & 0xffff]) {
    const part = rest * 0x10000 + limb;
    const digit = Math.floor(part / BILLION);
    quotient = quotient * 0x10000 + digit;
    rest = part - digit * BILLION;
  }
  writeSafe(sink, quotient);
  writePadded(sink, rest, 9);
}

function writeSafe(sink: Sink, value: number): void {
  if (value < BILLION) {
    writePadded(sink, value, digitsOf(value));
    return;
  }
  const quotient = Math.floor(value / BILLION);
  writeSafe(sink, quotient);
  writePadded(sink, value - quotient * BILLION, 9);
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let limit = 10; value >= limit; limit *= 10) digits++;
  return digits;
}

function writePadded(sink: Sink, value: number, digits: number): void {
  const { bytes, at } = sink;
  let left = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const quotient = (left / 10) | 0;
    bytes[i] = ZERO + left - quotient * 10;
    left = quotient;
  }
  sink.at = at + digits;
}

/** Seconds from the epoch that a Date can hold (ECMAScript, time values). */
const MAX_SECOND = 8_640_000_000_000;

/**
 * `2026-11-21T08:55:23.123456Z`; the text up to the second is kept from row to row. What is beyond the years a Date
 * knows is written as its microseconds.
 */
export function timestampWriter(view: TimestampView): ScalarWriter {
  const { highs, lows } = wordsOf(view);
  let second = Number.NaN;
  let prefix = '';
  return (sink, row) => {
    const micros = highs[2 * row + 1]! * TWO_32 + lows[2 * row]!;
    let found = Math.floor(micros / 1_000_000);
    let rest = micros - found * 1_000_000;
    if (!Number.isSafeInteger(micros)) {
      const value = view.values[row]!;
      rest = Number(((value % 1_000_000n) + 1_000_000n) % 1_000_000n);
      found = Number((value - BigInt(rest)) / 1_000_000n);
      if (Math.abs(found) > MAX_SECOND) {
        writeAscii(sink, String(value));
        return;
      }
    }
    if (found !== second) {
      second = found;
      prefix = `${new Date(found * 1000).toISOString().slice(0, -5)}.`;
    }
    writeAscii(sink, prefix);
    reserve(sink, MAX_DIGITS);
    writePadded(sink, rest, 6);
    writeByte(sink, 0x5a);
  };
}

/** The shortest text that reads back as the same double; NaN, Infinity and -Infinity by these names. */
export function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0.0' : String(value);
}
