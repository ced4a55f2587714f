/**
 * Decimals of a column chunk as it is decoded: whole numbers of a fixed scale, as integers of 32 or 64 bits, or as
 * two's complement in big-endian order, of a fixed length or of one that stands before each.
 */
import type { SchemaElement } from 'hyparquet';
import type { ReadType } from '../schema.ts';
import { type FixedValues, presentOf } from './fixed-values.ts';

export type DecimalDictionary = readonly bigint[];

type DecimalType = Extract<ReadType, { kind: 'decimal' }>;

/** Reads `count` values behind `before` others that begin at `start`. Throws where there are not so many. */
function readDecimals(
  bytes: Uint8Array,
  start: number,
  before: number,
  count: number,
  element: SchemaElement,
): bigint[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Array<bigint>(count);
  let at = start;
  const next = (length: number): number => {
    at += length;
    if (!(length >= 0 && at <= bytes.length)) throw new Error('its values are cut off');
    return at - length;
  };
  switch (element.type) {
    case 'INT32':
      next(4 * (before + count));
      for (let i = 0; i < count; i++) values[i] = BigInt(view.getInt32(start + 4 * (before + i), true));
      return values;
    case 'INT64':
      next(8 * (before + count));
      for (let i = 0; i < count; i++) values[i] = view.getBigInt64(start + 8 * (before + i), true);
      return values;
    case 'FIXED_LEN_BYTE_ARRAY': {
      const width = element.type_length ?? 0;
      next(width * (before + count));
      for (let i = 0; i < count; i++) values[i] = bigEndian(view, start + width * (before + i), width);
      return values;
    }
    default:
      for (let i = 0; i < before; i++) next(view.getInt32(next(4), true));
      for (let i = 0; i < count; i++) {
        const width = view.getInt32(next(4), true);
        values[i] = bigEndian(view, next(width), width);
      }
      return values;
  }
}

const WORD = 64n;
const word = new BigInt64Array(1);
const halves = new Int32Array(word.buffer);

/** Of 16 bytes most values fit the lower 8: then no larger number is made on the way. */
function bigEndian(view: DataView, at: number, width: number): bigint {
  if (width === 16) {
    const sign = view.getInt32(at + 8) >> 31;
    if (view.getInt32(at) === sign && view.getInt32(at + 4) === sign) return view.getBigInt64(at + 8);
  }
  if (width === 0) return 0n;
  const first = width % 8 || 8;
  let high = view.getInt8(at) >> 7;
  let low = high;
  for (let i = 0; i < first; i++) {
    high = (high << 8) | (low >>> 24);
    low = (low << 8) | view.getUint8(at + i);
  }
  halves[0] = low;
  halves[1] = high;
  let value = word[0]!;
  for (let i = first; i < width; i += 8) value = (value << WORD) | view.getBigUint64(at + i);
  return value;
}

/** By how much values of a file are to be multiplied; undefined where digits would be lost. */
export function decimalFactor(
  { logical_type: logical, scale = 0 }: SchemaElement,
  type: DecimalType,
): bigint | undefined {
  const found = logical?.type === 'DECIMAL' ? logical.scale : scale;
  return found > type.scale ? undefined : 10n ** BigInt(type.scale - found);
}

export function readDecimalDictionary(bytes: Uint8Array, count: number, element: SchemaElement): DecimalDictionary {
  if (!(count >= 0 && count <= bytes.length)) throw new Error('its dictionary is cut off');
  return readDecimals(bytes, 0, 0, count, element);
}

export function createDecimalValues(
  slots: number,
  element: SchemaElement,
  type: DecimalType,
  dictionary: DecimalDictionary | undefined,
): FixedValues {
  const factor = decimalFactor(element, type) ?? 1n;
  const scaled = (values: readonly bigint[]) => (factor === 1n ? values : values.map((value) => value * factor));
  const distinct = dictionary && scaled(dictionary);
  const values = new Array<bigint>(slots).fill(0n);
  return {
    kind: 'fixed',
    coded(codes, at) {
      for (let i = 0; i < codes.length; i++) if (codes[i]! >= 0) values[at + i] = distinct![codes[i]!]!;
    },
    plain(bytes, start, before, at, count, valid) {
      const present = scaled(readDecimals(bytes, start, before, presentOf(count, valid), element));
      let from = 0;
      for (let i = 0; i < count; i++) if (valid === undefined || valid[i] === 1) values[at + i] = present[from++]!;
    },
    runs() {
      throw new Error('decimals in RLE');
    },
    view: (valid) => ({ kind: 'decimal', rows: slots, values, scale: type.scale, valid }),
  };
}
