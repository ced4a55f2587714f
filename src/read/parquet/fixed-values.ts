/** Numbers and booleans of a column chunk as it is decoded: values of a fixed width, in slots. */
import type { SchemaElement } from 'hyparquet';
import type { DoubleView, IntView, TimestampView, View } from '../columns/view.ts';
import { formOf } from '../columns/wide.ts';
import type { ReadType } from '../schema.ts';
import { decodeLevels } from './hybrid.ts';

/** Two 32-bit words a value. */
export type WordDictionary = Int32Array;

/** Takes the values of slots `at` and following, of which `valid` tells the present ones, from those at `start`, behind `before` others. */
export type TakeSlots = (
  bytes: Uint8Array,
  start: number,
  before: number,
  at: number,
  count: number,
  valid: Uint8Array | undefined,
) => void;

export interface FixedValues {
  readonly kind: 'fixed';
  /** Takes values of the dictionary page, by their codes, -1 for null. */
  coded(codes: Int32Array, at: number): void;
  /** Takes values as they are. */
  readonly plain: TakeSlots;
  /** The same of values in RLE encoding; of booleans only. */
  readonly runs: TakeSlots;
  view(valid: Uint8Array | undefined): View;
}

export function createFixedValues(
  slots: number,
  element: SchemaElement,
  type: ReadType,
  dictionary: WordDictionary | undefined,
): FixedValues {
  return element.type === 'BOOLEAN' ? booleans(slots) : words(slots, narrowOf(element), type, dictionary);
}

export function readWordDictionary(bytes: Uint8Array, count: number, element: SchemaElement): WordDictionary {
  const words = new Int32Array(2 * count);
  copyWords(bytes, 0, words, 0, count, narrowOf(element));
  return words;
}

/** What values of 4 bytes are; undefined for those of 8. */
type Narrow = 'signed' | 'unsigned' | 'float' | undefined;

function narrowOf(element: SchemaElement): Narrow {
  if (element.type === 'FLOAT') return 'float';
  if (element.type !== 'INT32') return undefined;
  return isUnsigned(element) ? 'unsigned' : 'signed';
}

export function isUnsigned({ logical_type: logical, converted_type: converted }: SchemaElement): boolean {
  return logical?.type === 'INTEGER' ? !logical.isSigned : (converted?.startsWith('UINT_') ?? false);
}

/** Copies `count` values; those of 4 bytes become 8. */
function copyWords(from: Uint8Array, start: number, to: Int32Array, at: number, count: number, narrow: Narrow): void {
  const end = start + (narrow ? 4 : 8) * count;
  if (!(count >= 0 && end <= from.length)) throw new Error('its values are cut off');
  if (narrow === undefined) {
    new Uint8Array(to.buffer, to.byteOffset).set(from.subarray(start, end), 8 * at);
    return;
  }
  const view = new DataView(from.buffer, from.byteOffset, from.byteLength);
  if (narrow === 'float') {
    const doubles = new Float64Array(to.buffer, to.byteOffset);
    for (let i = 0; i < count; i++) doubles[at + i] = view.getFloat32(start + 4 * i, true);
    return;
  }
  const signBits = narrow === 'signed' ? -1 : 0;
  for (let i = 0; i < count; i++) {
    const value = view.getInt32(start + 4 * i, true);
    to[2 * (at + i)] = value;
    to[2 * (at + i) + 1] = (value >> 31) & signBits;
  }
}

/** How many of the slots have a value. */
export function presentOf(count: number, valid: Uint8Array | undefined): number {
  if (valid === undefined) return count;
  let present = 0;
  for (let i = 0; i < count; i++) present += valid[i]!;
  return present;
}

/** Values of 8 bytes: as BigInts they would be allocated one by one. */
function words(slots: number, narrow: Narrow, type: ReadType, dictionary: WordDictionary | undefined): FixedValues {
  const words = new Int32Array(2 * slots);
  return {
    kind: 'fixed',
    coded(codes, at) {
      const distinct = dictionary!;
      for (let i = 0; i < codes.length; i++) {
        const code = codes[i]!;
        if (code < 0) continue;
        words[2 * (at + i)] = distinct[2 * code]!;
        words[2 * (at + i) + 1] = distinct[2 * code + 1]!;
      }
    },
    plain(bytes, start, before, at, count, valid) {
      let from = presentOf(count, valid);
      copyWords(bytes, start + (narrow ? 4 : 8) * before, words, at, from, narrow);
      if (valid === undefined) return;
      for (let i = count - 1; i >= 0; i--) {
        const value = valid[i] === 1 ? at + --from : -1;
        words[2 * (at + i)] = value < 0 ? 0 : words[2 * value]!;
        words[2 * (at + i) + 1] = value < 0 ? 0 : words[2 * value + 1]!;
      }
    },
    runs() {
      throw new Error('values in RLE');
    },
    view: (valid) => wordsView(type, words, valid),
  };
}

export type WordsView = IntView | TimestampView | DoubleView;

/** Two words a row; the words are the array's own. */
export function wordsView(type: ReadType, words: Int32Array, valid: Uint8Array | undefined): WordsView {
  const { buffer } = words;
  const rows = words.length / 2;
  switch (type.kind) {
    case 'double':
      return { kind: 'double', rows, values: new Float64Array(buffer), valid };
    case 'float':
      return { kind: 'double', rows, values: new Float64Array(buffer), valid, single: true };
    case 'timestamp':
      return { kind: 'timestamp', rows, values: new BigInt64Array(buffer), valid };
    case 'integer':
    case 'date':
    case 'time':
    case 'instant':
      return { kind: 'int', rows, values: new BigInt64Array(buffer), valid, form: formOf(type) };
    default:
      return { kind: 'int', rows, values: new BigInt64Array(buffer), valid };
  }
}

/** A value a code, none for -1. */
export function codedWords(type: ReadType, codes: Int32Array, dictionary: WordDictionary): WordsView {
  const words = new Int32Array(2 * codes.length);
  let valid: Uint8Array | undefined;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code < 0) {
      valid ??= new Uint8Array(codes.length).fill(1);
      valid[i] = 0;
    } else {
      words[2 * i] = dictionary[2 * code]!;
      words[2 * i + 1] = dictionary[2 * code + 1]!;
    }
  }
  return wordsView(type, words, valid);
}

/** A bit a present value. */
function booleans(slots: number): FixedValues {
  const values = new Uint8Array(slots);

  /** Moves the values of present slots to their places, from the end, so that none is overwritten. */
  function spread(at: number, count: number, valid: Uint8Array | undefined, present: number): void {
    if (valid === undefined) return;
    let from = present;
    for (let i = count - 1; i >= 0; i--) values[at + i] = valid[i] === 1 ? values[at + --from]! : 0;
  }

  return {
    kind: 'fixed',
    coded() {
      throw new Error('booleans in a dictionary');
    },
    plain(bytes, start, before, at, count, valid) {
      const present = presentOf(count, valid);
      if (8 * (bytes.length - start) < before + present) throw new Error('its values are cut off');
      for (let i = 0, bit = before; i < present; i++, bit++) {
        values[at + i] = (bytes[start + (bit >> 3)]! >> (bit & 7)) & 1;
      }
      spread(at, count, valid, present);
    },
    runs(bytes, start, before, at, count, valid) {
      const present = presentOf(count, valid);
      const found = new Uint8Array(before + present);
      decodeLevels(bytes, start + 4, bytes.length, 1, found, 0, before + present);
      values.set(found.subarray(before), at);
      spread(at, count, valid, present);
    },
    view: (valid) => ({ kind: 'bool', rows: slots, values, valid }),
  };
}
