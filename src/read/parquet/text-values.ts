/** Text of a column chunk as it is decoded: codes into a dictionary, plain values, or both, one after the other. */
import type { TextView } from '../columns/view.ts';
import type { RowRange } from './page-index.ts';

/** The values of a dictionary page; arrays are exact and not written to. */
export interface TextDictionary {
  readonly count: number;
  readonly offsets: Int32Array<ArrayBuffer>;
  readonly bytes: Uint8Array<ArrayBuffer>;
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

  /** Empty values up to a count; room for their offsets was reserved. */
  padTo(count: number): void {
    while (this.count < count) this.offsets[++this.count] = this.length;
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

export function readTextDictionary(bytes: Uint8Array, count: number): TextDictionary {
  if (!(count >= 0 && 4 * count <= bytes.length)) throw new Error('its dictionary is cut off');
  const pool = new Pool();
  pool.reserve(count, bytes.length - 4 * count);
  let at = 0;
  for (let i = 0; i < count; i++) at = pool.add(bytes, at);
  return { count, offsets: pool.offsets.subarray(0, count + 1), bytes: pool.bytes.subarray(0, pool.length) };
}

export interface TextValues {
  readonly kind: 'text';
  /** Room for the codes of slots `at` and following, all 0. */
  codes(at: number, count: number): Int32Array;
  /** Makes room for plain values. */
  expect(values: number, bytes: number): void;
  /** Values as they are; slots `at` and following, of which `valid` tells the present ones. */
  plain(bytes: Uint8Array, start: number, at: number, count: number, valid: Uint8Array | undefined): void;
  view(valid: Uint8Array | undefined): TextView;
}

/** Text of `slots` slots. Values of plain pages outside the wanted ones are passed over: they are empty. */
export function createTextValues(slots: number, wanted: RowRange, dictionary: TextDictionary | undefined): TextValues {
  const pool = new Pool();
  if (dictionary !== undefined) {
    // Shared until a plain value is added, for which `reserve` makes arrays of its own.
    pool.offsets = dictionary.offsets;
    pool.bytes = dictionary.bytes;
    pool.count = dictionary.count;
    pool.length = dictionary.bytes.length;
  }
  const codes = dictionary && new Int32Array(slots);
  // Without codes a slot has the value of its number.
  if (codes === undefined) pool.reserve(slots, 0);

  return {
    kind: 'text',
    codes(at, count) {
      if (codes === undefined) throw new Error('a page of codes has no dictionary');
      return codes.subarray(at, at + count);
    },
    expect(values, bytes) {
      pool.reserve(codes === undefined ? 0 : values, bytes);
    },
    plain(bytes, start, at, count, valid) {
      const skipped = Math.min(count, Math.max(0, wanted.start - at));
      const end = Math.max(skipped, Math.min(count, wanted.end - at));
      if (codes === undefined) pool.padTo(at + skipped);
      else pool.reserve(end - skipped, 0);
      let from = start;
      for (let i = 0; i < skipped; i++) if (valid === undefined || valid[i] === 1) from = pool.skip(bytes, from);
      for (let i = skipped; i < end; i++) {
        const present = valid === undefined || valid[i] === 1;
        if (codes !== undefined) codes[at + i] = present ? pool.count : -1;
        if (present) from = pool.add(bytes, from);
        else if (codes === undefined) pool.padTo(at + i + 1);
      }
    },
    view(valid) {
      if (codes === undefined) pool.padTo(slots);
      const { bytes } = pool;
      const offsets = pool.offsets.subarray(0, pool.count + 1);
      return { kind: 'text', rows: slots, codes, valid: codes === undefined ? valid : undefined, offsets, bytes };
    },
  };
}
