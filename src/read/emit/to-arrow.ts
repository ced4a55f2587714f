/** Selected rows as plain Arrow record batches (no dictionaries), all of one schema. */
import {
  type Data,
  DataType,
  type Decimal,
  Field,
  type Map_,
  makeData,
  Precision,
  RecordBatch,
  Schema,
  Struct,
  Utf8,
} from 'apache-arrow';
import { BridgeError } from '../../errors.ts';
import { arrowField, type ColumnType } from '../../model/table.ts';
import { type DecimalView, isNull, sliceView, type TextView, textIndex, type View } from '../columns/view.ts';
import type { ReadColumn } from '../schema.ts';
import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';

export function outputSchema(output: readonly OutputColumn[]): Schema {
  return new Schema(output.map(({ field }) => outputField(field)));
}

/** A column with an Arrow field of its own keeps it; one of a table has that of the table; an attribute is text. */
function outputField({ name, type, fieldId, arrow }: ReadColumn): Field {
  if (arrow !== undefined) return arrow;
  if (fieldId === undefined) return new Field(name, new Utf8(), true);
  return arrowField({ name, type: type as ColumnType, nullable: true }, fieldId, false);
}

/** The selected rows, gathered. `schema` is that of `outputSchema(output)`. */
export function toRecordBatch(
  { batch, rows }: SelectedBatch,
  output: readonly OutputColumn[],
  schema: Schema = outputSchema(output),
): RecordBatch {
  const children = output.map(({ source }, i) => gather(batch.source(source), rows, schema.fields[i]!.type));
  return new RecordBatch(
    schema,
    makeData({ type: new Struct(schema.fields), length: rows.length, nullCount: 0, children }),
  );
}

function gather(view: View, rows: Int32Array, type: Field['type']): Data {
  const length = rows.length;
  const first = rows[0] ?? 0;
  // Ascending rows without a gap need no gathering: full rows of spans took half of the time.
  if (length > 0 && rows[length - 1]! - first === length - 1)
    return whole(sliceView(view, first, first + length), type);
  const base = { type, length, ...gatherNulls(view, rows) };
  switch (view.kind) {
    case 'text':
      return makeData({ ...base, ...gatherTextAs(view, rows, type) } as never);
    case 'int':
    case 'timestamp': {
      const data = isNarrow(type) ? gatherLowWords(view.values, rows, type) : gatherWords(view.values, rows);
      return makeData({ ...base, data } as never);
    }
    case 'double':
      return makeData({ ...base, data: gatherDoubles(view.values, rows, type) } as never);
    case 'decimal':
      return makeData({ ...base, data: gatherDecimals(view, rows, type) } as never);
    case 'bool':
      return makeData({ ...base, data: bitmap(length, (i) => view.values[rows[i]!] === 1) } as never);
    case 'map':
    case 'entries': {
      const { valueOffsets, items } = gatherItems(view.offsets, rows);
      const entry = (type as unknown as Map_).children[0]!.type as Struct;
      const children = [view.keys, view.values].map((side, i) => gather(side, items, entry.children[i]!.type));
      const child = makeData({ type: entry, length: items.length, nullCount: 0, children });
      return makeData({ ...base, valueOffsets, child } as never);
    }
    case 'list': {
      const { valueOffsets, items } = gatherItems(view.offsets, rows);
      const child = gather(view.element, items, type.children[0]!.type);
      return makeData({ ...base, valueOffsets, child } as never);
    }
    case 'struct': {
      const children = view.fields.map((field, i) => gather(field, rows, type.children[i]!.type));
      return makeData({ ...base, children } as never);
    }
  }
}

/** Every row of a view, over its own buffers where they have Arrow's form. */
function whole(view: View, type: Field['type']): Data {
  const length = view.rows;
  const base = { type, length, ...nullsOf(view) };
  switch (view.kind) {
    case 'text': {
      if (view.codes !== undefined || DataType.isFixedSizeBinary(type)) {
        return makeData({ ...base, ...gatherTextAs(view, countUp(length), type) } as never);
      }
      const { valueOffsets, start, end } = fromZero(view.offsets);
      return makeData({ ...base, valueOffsets, data: view.bytes.subarray(start, end) } as never);
    }
    case 'int':
    case 'timestamp': {
      const data = isNarrow(type) ? gatherLowWords(view.values, countUp(length), type) : view.values;
      return makeData({ ...base, data } as never);
    }
    case 'double':
      return makeData({ ...base, data: isSingle(type) ? Float32Array.from(view.values) : view.values } as never);
    case 'decimal':
      return makeData({ ...base, data: gatherDecimals(view, countUp(length), type) } as never);
    case 'bool':
      return makeData({ ...base, data: bitmap(length, (i) => view.values[i] === 1) } as never);
    case 'map':
    case 'entries': {
      const { valueOffsets, start, end } = fromZero(view.offsets);
      const entry = (type as unknown as Map_).children[0]!.type as Struct;
      const sides = [view.keys, view.values].map((side) => sliceView(side, start, end));
      const children = sides.map((side, i) => whole(side, entry.children[i]!.type));
      const child = makeData({ type: entry, length: end - start, nullCount: 0, children });
      return makeData({ ...base, valueOffsets, child } as never);
    }
    case 'list': {
      const { valueOffsets, start, end } = fromZero(view.offsets);
      const child = whole(sliceView(view.element, start, end), type.children[0]!.type);
      return makeData({ ...base, valueOffsets, child } as never);
    }
    case 'struct': {
      const children = view.fields.map((field, i) => whole(field, type.children[i]!.type));
      return makeData({ ...base, children } as never);
    }
  }
}

/** Offsets that begin at 0, and the range they had. */
function fromZero(offsets: Int32Array): { valueOffsets: Int32Array; start: number; end: number } {
  const start = offsets[0]!;
  const end = offsets[offsets.length - 1]!;
  if (start === 0) return { valueOffsets: offsets, start, end };
  const valueOffsets = new Int32Array(offsets.length);
  for (let i = 0; i < offsets.length; i++) valueOffsets[i] = offsets[i]! - start;
  return { valueOffsets, start, end };
}

function countUp(count: number): Int32Array {
  const rows = new Int32Array(count);
  for (let i = 0; i < count; i++) rows[i] = i;
  return rows;
}

function nullsOf(view: View): { nullCount: number; nullBitmap: Uint8Array | undefined } {
  const mayBeNull = view.kind === 'text' && view.codes !== undefined ? true : view.valid !== undefined;
  return mayBeNull ? gatherNulls(view, countUp(view.rows)) : { nullCount: 0, nullBitmap: undefined };
}

function gatherNulls(view: View, rows: Int32Array): { nullCount: number; nullBitmap: Uint8Array | undefined } {
  let nullCount = 0;
  for (const row of rows) if (isNull(view, row)) nullCount++;
  if (nullCount === 0) return { nullCount, nullBitmap: undefined };
  return { nullCount, nullBitmap: bitmap(rows.length, (i) => !isNull(view, rows[i]!)) };
}

/** One bit a row, lowest first, padded to 8 bytes. */
function bitmap(length: number, bit: (i: number) => boolean): Uint8Array {
  const bits = new Uint8Array(((length + 63) & ~63) >> 3);
  for (let i = 0; i < length; i++) if (bit(i)) bits[i >> 3]! |= 1 << (i & 7);
  return bits;
}

/** Bytes of a fixed width stand behind each other, also where there are none. */
function gatherTextAs(view: TextView, rows: Int32Array, type: DataType) {
  if (!DataType.isFixedSizeBinary(type)) return gatherText(view, rows);
  const { byteWidth } = type;
  const data = new Uint8Array(byteWidth * rows.length);
  for (let r = 0; r < rows.length; r++) {
    const i = textIndex(view, rows[r]!);
    if (i >= 0) data.set(view.bytes.subarray(view.offsets[i]!, view.offsets[i + 1]!), byteWidth * r);
  }
  return { data };
}

function gatherText(view: TextView, rows: Int32Array): { valueOffsets: Int32Array; data: Uint8Array } {
  const { offsets, bytes } = view;
  const valueOffsets = new Int32Array(rows.length + 1);
  let total = 0;
  for (let r = 0; r < rows.length; r++) {
    const i = textIndex(view, rows[r]!);
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
  for (const row of rows) {
    const i = textIndex(view, row);
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
function gatherItems(offsets: Int32Array, rows: Int32Array): { valueOffsets: Int32Array; items: Int32Array } {
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
function gatherWords(values: BigInt64Array, rows: Int32Array): BigInt64Array {
  const from = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const to = new Int32Array(2 * rows.length);
  for (let r = 0; r < rows.length; r++) {
    to[2 * r] = from[2 * rows[r]!]!;
    to[2 * r + 1] = from[2 * rows[r]! + 1]!;
  }
  return new BigInt64Array(to.buffer);
}

function gatherDoubles(values: Float64Array, rows: Int32Array, type: DataType): Float64Array | Float32Array {
  const to = isSingle(type) ? new Float32Array(rows.length) : new Float64Array(rows.length);
  for (let r = 0; r < rows.length; r++) to[r] = values[rows[r]!]!;
  return to;
}

type NarrowArray = Int32Array | Uint32Array | Int16Array | Uint16Array | Int8Array | Uint8Array;

/** Whether Arrow keeps the integers (dates, times) in less than 64 bits. */
function isNarrow(type: DataType): boolean {
  return (type.ArrayType as { BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT < 8;
}

function isSingle(type: DataType): boolean {
  return DataType.isFloat(type) && type.precision === Precision.SINGLE;
}

function gatherLowWords(values: BigInt64Array, rows: Int32Array, type: DataType): NarrowArray {
  const from = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const to = new (type.ArrayType as new (length: number) => NarrowArray)(rows.length);
  for (let r = 0; r < rows.length; r++) to[r] = from[2 * rows[r]!]!;
  return to;
}

/** Two's complement, lowest word first. */
function gatherDecimals({ values }: DecimalView, rows: Int32Array, type: DataType): Uint32Array {
  const stride = (type as Decimal).bitWidth / 32;
  const words = new Uint32Array(stride * rows.length);
  for (let r = 0; r < rows.length; r++) {
    let value = values[rows[r]!]!;
    for (let i = 0; i < stride; i++, value >>= 32n) words[stride * r + i] = Number(value & 0xffffffffn);
  }
  return words;
}
