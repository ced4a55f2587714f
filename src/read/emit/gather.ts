/** Buffers of Arrow columns from those of views: rows that are picked out, nulls as bits, offsets that begin at 0. */
import { DataType, type Decimal, Precision } from 'apache-arrow';
import { BridgeError } from '../../errors.ts';
import { type DecimalView, isNull, type TextView, type View } from '../columns/view.ts';

/** Offsets that begin at 0, and the range they had. */
export function fromZero(offsets: Int32Array): { valueOffsets: Int32Array; start: number; end: number } {
  const start = offsets[0]!;
  const end = offsets[offsets.length - 1]!;
  if (start === 0) return { valueOffsets: offsets, start, end };
  const valueOffsets = new Int32Array(offsets.length);
  for (let i = 0; i < offsets.length; i++) valueOffsets[i] = offsets[i]! - start;
  return { valueOffsets, start, end };
}

export function countUp(count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let i = 0; i < count; i++) rows[i] = i;
  return rows;
}

interface Nulls {
  readonly nullCount: number;
  readonly nullBitmap: Uint8Array | undefined;
}

const NO_NULLS: Nulls = { nullCount: 0, nullBitmap: undefined };

export function nullsOf(view: View): Nulls {
  if (view.kind === 'text' && view.codes !== undefined) return gatherNulls(view, countUp(view.rows));
  const { valid, rows } = view;
  if (valid === undefined) return NO_NULLS;
  let nullCount = rows;
  for (let i = 0; i < rows; i++) nullCount -= valid[i]!;
  return nullCount === 0 ? NO_NULLS : { nullCount, nullBitmap: bitmapOf(valid.subarray(0, rows)) };
}

export function gatherNulls(view: View, rows: Int32Array): Nulls {
  let nullCount = 0;
  for (const row of rows) if (isNull(view, row)) nullCount++;
  if (nullCount === 0) return NO_NULLS;
  return { nullCount, nullBitmap: bitmap(rows.length, (i) => !isNull(view, rows[i]!)) };
}

/** One bit a row, lowest first, padded to 8 bytes. */
export function bitmap(length: number, bit: (i: number) => boolean): Uint8Array {
  const bits = new Uint8Array(((length + 63) & ~63) >> 3);
  for (let i = 0; i < length; i++) if (bit(i)) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

/** A byte a row to a bit a row. */
export function bitmapOf(flags: Uint8Array): Uint8Array {
  const { length } = flags;
  const bits = new Uint8Array(((length + 63) & ~63) >> 3);
  const whole = length >> 3;
  for (let b = 0, i = 0; b < whole; b++, i += 8) {
    bits[b] =
      flags[i]! |
      (flags[i + 1]! << 1) |
      (flags[i + 2]! << 2) |
      (flags[i + 3]! << 3) |
      (flags[i + 4]! << 4) |
      (flags[i + 5]! << 5) |
      (flags[i + 6]! << 6) |
      (flags[i + 7]! << 7);
  }
  for (let i = whole * 8; i < length; i++) bits[i >> 3]! |= flags[i]! << (i & 7);
  return bits;
}

/** Bytes of a fixed width stand behind each other, also where there are none. */
export function gatherTextAs(view: TextView, rows: Int32Array, type: DataType) {
  if (!DataType.isFixedSizeBinary(type)) return gatherText(view, rows);
  const { byteWidth } = type;
  const data = new Uint8Array(byteWidth * rows.length);
  const indexes = textIndexes(view, rows);
  for (let r = 0; r < rows.length; r++) {
    const i = indexes[r]!;
    if (i >= 0) data.set(view.bytes.subarray(view.offsets[i]!, view.offsets[i + 1]!), byteWidth * r);
  }
  return { data };
}

/** The value index of each row, -1 for null. */
function textIndexes({ codes, valid }: TextView, rows: Int32Array): Int32Array {
  const indexes = new Int32Array(rows.length);
  for (let r = 0; r < rows.length; r++) {
    const row = rows[r]!;
    indexes[r] = codes !== undefined ? codes[row]! : valid === undefined || valid[row] === 1 ? row : -1;
  }
  return indexes;
}

export function gatherText(view: TextView, rows: Int32Array): { valueOffsets: Int32Array; data: Uint8Array } {
  const { offsets, bytes } = view;
  const valueOffsets = new Int32Array(rows.length + 1);
  const indexes = textIndexes(view, rows);
  let total = 0;
  for (let r = 0; r < rows.length; r++) {
    const i = indexes[r]!;
    if (i >= 0) total += offsets[i + 1]! - offsets[i]!;
    valueOffsets[r + 1] = total;
  }
  if (total > 0x7fff_ffff) {
    throw new BridgeError(
      'too_large',
      `${rows.length} rows hold ${total} bytes of text, an Arrow column at most 2^31 - 1`,
    );
  }
  const data = new Uint8Array(total);
  let at = 0;
  for (const i of indexes) {
    if (i < 0) continue;
    const end = offsets[i + 1]!;
    // A call to set costs more than it saves on the short texts that most are.
    if (end - offsets[i]! > 64) {
      data.set(bytes.subarray(offsets[i]!, end), at);
      at += end - offsets[i]!;
    } else {
      for (let k = offsets[i]!; k < end; k++) data[at++] = bytes[k]!;
    }
  }
  return { valueOffsets, data };
}

/** Items of the rows' lists behind each other. */
export function gatherItems(offsets: Int32Array, rows: Int32Array): { valueOffsets: Int32Array; items: Int32Array } {
  const valueOffsets = new Int32Array(rows.length + 1);
  for (let r = 0; r < rows.length; r++) {
    valueOffsets[r + 1] = valueOffsets[r]! + offsets[rows[r]! + 1]! - offsets[rows[r]!]!;
  }
  const items = new Int32Array(valueOffsets[rows.length]!);
  let at = 0;
  for (const row of rows) for (let i = offsets[row]!; i < offsets[row + 1]!; i++) items[at++] = i;
  return { valueOffsets, items };
}

/** Copies 64-bit values as pairs of words: as BigInts they would be allocated one by one. */
export function gatherWords(values: BigInt64Array, rows: Int32Array): BigInt64Array {
  const from = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const to = new Int32Array(2 * rows.length);
  for (let r = 0; r < rows.length; r++) {
    to[2 * r] = from[2 * rows[r]!]!;
    to[2 * r + 1] = from[2 * rows[r]! + 1]!;
  }
  return new BigInt64Array(to.buffer);
}

export function gatherDoubles(values: Float64Array, rows: Int32Array, type: DataType): Float64Array | Float32Array {
  const to = isSingle(type) ? new Float32Array(rows.length) : new Float64Array(rows.length);
  for (let r = 0; r < rows.length; r++) to[r] = values[rows[r]!]!;
  return to;
}

type NarrowArray = Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;

/** Whether Arrow keeps the integers (dates, times) in less than 64 bits. */
export function isNarrow(type: DataType): boolean {
  return (type.ArrayType as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT < 8;
}

export function isSingle(type: DataType): boolean {
  return DataType.isFloat(type) && type.precision === Precision.SINGLE;
}

export function gatherLowWords(values: BigInt64Array, rows: Int32Array, type: DataType): NarrowArray {
  const from = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const to = new (type.ArrayType as new (length: number) => NarrowArray)(rows.length);
  for (let r = 0; r < rows.length; r++) to[r] = from[2 * rows[r]!]!;
  return to;
}

/** Two's complement, lowest word first. */
export function gatherDecimals({ values }: DecimalView, rows: Int32Array, type: DataType): Uint32Array {
  const stride = (type as Decimal).bitWidth / 32;
  const words = new Uint32Array(stride * rows.length);
  for (let r = 0; r < rows.length; r++) {
    let value = values[rows[r]!]!;
    for (let i = 0; i < stride; i++, value >>= 32n) words[stride * r + i] = Number(value & 0xffffffffn);
  }
  return words;
}
