/** Text of a column chunk as it is decoded: codes into a dictionary, plain values, or both, one after the other. */
import type { TextView } from '../columns/view.ts';
import type { TakeSlots } from './fixed-values.ts';

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

  /** Copies a value; returns where the next one begins. Room for its offset was reserved. */
  add(from: Uint8Array, start: number): number {
    const end = endOfText(from, start);
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

/** Takes the bytes for its own: values are moved together where they stand. */
export function readTextDictionary(bytes: Uint8Array<ArrayBuffer>, count: number): TextDictionary {
  if (!(count >= 0 && 4 * count <= bytes.length)) throw new Error('its dictionary is cut off');
  const offsets = new Int32Array(count + 1);
  let from = 0;
  let to = 0;
  for (let i = 0; i < count; i++) {
    const end = endOfText(bytes, from);
    for (let at = from + 4; at < end; at++) bytes[to++] = bytes[at]!;
    offsets[i + 1] = to;
    from = end;
  }
  return { count, offsets, bytes: bytes.subarray(0, to) };
}

/** Where the value of PLAIN encoding that begins at `start` ends. */
function endOfText(bytes: Uint8Array, start: number): number {
  if (start + 4 > bytes.length) throw new Error('a text is cut off');
  const size = bytes[start]! | (bytes[start + 1]! << 8) | (bytes[start + 2]! << 16) | (bytes[start + 3]! << 24);
  const end = start + 4 + size;
  if (size < 0 || end > bytes.length) throw new Error('a text is cut off');
  return end;
}

export interface TextValues {
  readonly kind: 'text';
  /** Takes values of the dictionary page, by their codes, -1 for null, for slots `at` and following. */
  coded(codes: Int32Array, at: number): void;
  /** Makes room for plain values. */
  expect(values: number, bytes: number): void;
  /** Values as they are. */
  readonly plain: TakeSlots;
  view(valid: Uint8Array | undefined): TextView;
}

/** Text of `slots` slots, which are given in their order. */
export function createTextValues(
  slots: number,
  dictionary: TextDictionary | undefined,
  form: Pick<TextView, 'form'>,
): TextValues {
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
    coded(found, at) {
      codes!.set(found, at);
    },
    expect(values, bytes) {
      pool.reserve(codes === undefined ? 0 : values, bytes);
    },
    plain(bytes, start, before, at, count, valid) {
      let from = start;
      for (let i = 0; i < before; i++) from = endOfText(bytes, from);
      if (codes !== undefined) pool.reserve(count, 0);
      for (let i = 0; i < count; i++) {
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
      const present = codes === undefined ? valid : undefined;
      return { kind: 'text', rows: slots, codes, valid: present, offsets, bytes, ...form };
    },
  };
}
