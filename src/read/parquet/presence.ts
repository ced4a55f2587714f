/** Levels of one bit, 1 where a row has a value, by their runs: nothing is spelt out a row. */
import { eachRun } from './hybrid.ts';

/** How many bits a byte has, and the place of its first, second, … bit. */
const COUNTS = new Uint8Array(256);
const PLACES = new Uint8Array(256 * 8);
for (let byte = 0; byte < 256; byte++) {
  for (let bit = 0; bit < 8; bit++) if ((byte >> bit) & 1) PLACES[8 * byte + COUNTS[byte]!++] = bit;
}

/** How many of the first `count` levels are 1. Throws where there are others than 0 and 1, or too few. */
export function countOnes(bytes: Uint8Array, at: number, end: number, count: number): number {
  let ones = 0;
  eachRun(bytes, at, end, 1, count, (value, position, _, length) => {
    if (value === undefined) ones += onesIn(bytes, position, length);
    else if (value > 1) throw new Error(`a level of ${value} where 1 is the highest`);
    else ones += value * length;
  });
  return ones;
}

function onesIn(bytes: Uint8Array, at: number, count: number): number {
  const whole = count >> 3;
  let ones = 0;
  for (let i = at; i < at + whole; i++) ones += COUNTS[bytes[i]!]!;
  const rest = count & 7;
  return rest === 0 ? ones : ones + COUNTS[bytes[at + whole]! & ((1 << rest) - 1)]!;
}

/**
 * Numbers of ones, ascending, become their places: numbers[from .. to) count ones from 0, and become rows counted from
 * `first`. Each must be one of the first `count` levels.
 */
export function placeOnes(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
  numbers: Int32Array,
  from: number,
  to: number,
  first: number,
): void {
  let n = from;
  let ones = 0;
  eachRun(bytes, at, end, 1, count, (value, position, filled, length) => {
    if (value === undefined) {
      n = placePacked(bytes, position, length, numbers, n, to, ones, first + filled);
      ones += onesIn(bytes, position, length);
    } else if (value === 1) {
      for (; n < to && numbers[n]! < ones + length; n++) numbers[n]! += first + filled - ones;
      ones += length;
    }
  });
}

/** Ones of a packed run, `ones` of them before it; returns the first number behind it. */
function placePacked(
  bytes: Uint8Array,
  at: number,
  count: number,
  numbers: Int32Array,
  from: number,
  to: number,
  ones: number,
  first: number,
): number {
  let n = from;
  let before = ones;
  for (let i = 0; 8 * i < count && n < to; i++) {
    const rest = count - 8 * i;
    const byte = rest >= 8 ? bytes[at + i]! : bytes[at + i]! & ((1 << rest) - 1);
    const behind = before + COUNTS[byte]!;
    for (; n < to && numbers[n]! < behind; n++) numbers[n] = first + 8 * i + PLACES[8 * byte + numbers[n]! - before]!;
    before = behind;
  }
  return n;
}
