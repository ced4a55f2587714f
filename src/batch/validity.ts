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
