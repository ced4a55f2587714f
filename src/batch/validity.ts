import { grow } from './bytes.ts';

/** One byte a row, made when the first null comes. */
export class Validity {
  bytes: Uint8Array | undefined;

  /** Notes row `row` (the next one) as present or null. */
  push(row: number, present: boolean): void {
    if (this.bytes === undefined) {
      if (present) return;
      this.bytes = new Uint8Array(Math.max(64, 2 * row)).fill(1, 0, row);
    }
    if (row >= this.bytes.length) this.bytes = grow(this.bytes, row + 1, 0);
    this.bytes[row] = present ? 1 : 0;
  }

  finish(length: number): Uint8Array | undefined {
    const bytes = this.bytes?.subarray(0, length);
    this.bytes = undefined;
    return bytes;
  }
}

/** What Arrow is told of a column's nulls. */
export interface Nulls {
  readonly nullCount: number;
  readonly nullBitmap: Uint8Array | undefined;
}

export const NO_NULLS: Nulls = { nullCount: 0, nullBitmap: undefined };

/** @param valid one byte a row, 1 = present; absent where none is null */
export function validNulls(valid: Uint8Array | undefined, length: number): Nulls {
  if (valid === undefined) return NO_NULLS;
  let present = 0;
  for (let i = 0; i < length; i++) present += valid[i]!;
  return present === length ? NO_NULLS : { nullCount: length - present, nullBitmap: bitmap(valid, length) };
}

/** One bit for each byte that is 1, lowest bit first. */
export function bitmap(flags: Uint8Array, length: number): Uint8Array {
  const bits = new Uint8Array(bitmapBytes(length));
  for (let i = 0; i < length; i++) bits[i >> 3]! |= flags[i]! << (i & 7);
  return bits;
}

/** Arrow pads buffers to 8 bytes. */
export function bitmapBytes(length: number): number {
  return ((length + 63) & ~63) >> 3;
}
