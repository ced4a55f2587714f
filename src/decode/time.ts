/** Arithmetic on 64-bit times given as two signed 32-bit words. */
import type { Int64Builder } from '../batch/fixed-columns.ts';

const TWO_32 = 0x100000000;

/**
 * Appends floor(nanoseconds / 1000) of a uint64 to a timestamp column and returns the milliseconds; appends null and
 * returns NaN for 0, which in OTLP means that there is no time.
 */
export function pushTimestamp(column: Int64Builder, hi: number, lo: number): number {
  if ((hi | lo) === 0) {
    column.pushNull();
    return Number.NaN;
  }
  const high = hi >>> 0;
  const quotientHigh = Math.floor(high / 1000);
  // Long division by words: the remainder is below 1000, so the second dividend is below 2^42 and exact.
  const quotientLow = Math.floor(((high - 1000 * quotientHigh) * TWO_32 + (lo >>> 0)) / 1000);
  column.push(quotientHigh, quotientLow);
  return Math.floor((quotientHigh * TWO_32 + quotientLow) / 1000);
}

/** Appends end - start modulo 2^64. */
export function pushDifference(
  column: Int64Builder,
  endHi: number,
  endLo: number,
  startHi: number,
  startLo: number,
): void {
  const borrow = endLo >>> 0 < startLo >>> 0 ? 1 : 0;
  column.push(endHi - startHi - borrow, endLo - startLo);
}
