/** Text of a column chunk as it is decoded: codes into a dictionary, plain values, or both, one after the other. */
import type { TextView } from '../columns/view.ts';
import type { RowRange } from './page-index.ts';

export interface TextValues {
  /** The values of a dictionary page. */
  dictionary(bytes: Uint8Array, count: number): void;
  /** A page of values as they are; rows `at` and following, of which `valid` tells the present ones. */
  plain(bytes: Uint8Array, start: number, at: number, count: number, valid: Uint8Array | undefined): void;
  /** Values of the dictionary page. */
  readonly distinct: number;
  /** Room for the codes of a page, all 0. */
  codes(at: number, count: number): Int32Array;
  /** Takes a page of codes, -1 for null, in the room it was given. */
  coded(codes: Int32Array, at: number): void;
  view(valid: Uint8Array | undefined): TextView;
}

const NO_OFFSETS = new Int32Array(1);

/** Values behind each other, growing. */
class Pool {
  offsets: Int32Array<ArrayBuffer> = NO_OFFSETS;
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(0);
  count = 0;
  length = 0;

  reserve(count: number, bytes: number): void {
    if (this.count + count + 1 > this.offsets.length) {
      const grown = new Int32Array(Math.max(this.count + count + 1, this.count === 0 ? 0 : 2 * this.offsets.length));
      grown.set(this.offsets.subarray(0, this.count + 1));
      this.offsets = grown;
    }
    if (this.length + bytes > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.length + bytes, 2 * this.length));
      grown.set(this.bytes.subarray(0, this.length));
      this.bytes = grown;
    }
  }

  addEmpty(): void {
    this.offsets[++this.count] = this.length;
  }

  /** Where the value of PLAIN encoding behind this one begins. */
  skip(from: Uint8Array, start: number): number {
    if (start + 4 > from.length) throw new Error('a text is cut off');
    const size = from[start]! | (from[start + 1]! << 8) | (from[start + 2]! << 16) | (from[start + 3]! << 24);
    const end = start + 4 + size;
    if (size < 0 || end > from.length) throw new Error('a text is cut off');
    return end;
  }

  /** Copies a value; returns where the next one begins. Room for its offset was reserved. */
  add(from: Uint8Array, start: number): number {
    const end = this.skip(from, start);
    const begin = start + 4;
    const size = end - begin;
    if (this.length + size > this.bytes.length) this.reserve(0, size);
    const { bytes } = this;
    let at = this.length;
    // A call to set costs more than it saves on the short texts that most are.
    if (size > 64) {
      bytes.set(from.subarray(begin, end), at);
      at += size;
    } else {
      for (let i = begin; i < end; i++) bytes[at++] = from[i]!;
    }
    this.length = at;
    this.offsets[++this.count] = at;
    return end;
  }
}

/** Values of plain pages outside the wanted rows are passed over: they are empty. */
export function createTextValues(rows: number, wanted: RowRange): TextValues {
  const pool = new Pool();
  let codes: Int32Array | undefined;
  let distinct = 0;

  return {
    dictionary(bytes, count) {
      pool.reserve(count, bytes.length);
      let at = 0;
      for (let i = 0; i < count; i++) at = pool.add(bytes, at);
      distinct = count;
      codes = new Int32Array(rows);
    },
    plain(bytes, start, at, count, valid) {
      const skipped = Math.min(count, Math.max(0, wanted.start - at));
      const end = Math.min(count, wanted.end - at);
      pool.reserve(count, end === count && skipped === 0 ? bytes.length - start : 0);
      let from = start;
      for (let i = 0; i < skipped; i++) {
        if (valid === undefined || valid[i] === 1) from = pool.skip(bytes, from);
        if (codes === undefined) pool.addEmpty();
      }
      for (let i = skipped; i < end; i++) {
        const present = valid === undefined || valid[i] === 1;
        if (codes !== undefined) codes[at + i] = present ? pool.count : -1;
        if (present) from = pool.add(bytes, from);
        else if (codes === undefined) pool.addEmpty();
      }
      if (codes === undefined) for (let i = Math.max(end, skipped); i < count; i++) pool.addEmpty();
    },
    get distinct() {
      return distinct;
    },
    codes(at, count) {
      if (codes === undefined) throw new Error('a page of codes has no dictionary');
      return codes.subarray(at, at + count);
    },
    coded() {},
    view(valid) {
      const { bytes } = pool;
      const offsets = pool.offsets.subarray(0, pool.count + 1);
      return { kind: 'text', rows, codes, valid: codes === undefined ? valid : undefined, offsets, bytes };
    },
  };
}
