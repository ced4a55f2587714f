/** Values of Arrow columns in Avro's binary encoding, one row of one column at a time. */
import { type Data, DataType, type Field, type Struct, type Vector } from 'apache-arrow';
import { BridgeError } from '../../errors.ts';
import { hasTextKeys, isUuid } from './schema.ts';
import {
  type AvroSink,
  createAvroSink,
  putByte,
  putBytes,
  putCount,
  putInt,
  putLong,
  putSized,
  reserve,
} from './sink.ts';

/** Writes the value of a row, without a null's mark. */
export type PutValue = (row: number) => void;

/** What a column of a batch is written by; a null is the first branch of its union, a value the second. */
export function columnWriter(sink: AvroSink, field: Field, data: Data): PutValue {
  if (!field.nullable) return valueWriter(sink, field, data);
  if (DataType.isDictionary(data.type) && DataType.isUtf8(data.type.dictionary)) return textCodes(sink, data, true);
  const put = valueWriter(sink, field, data);
  if (data.nullCount === 0) {
    return (row) => {
      putByte(sink, 2);
      put(row);
    };
  }
  const { nullBitmap, offset } = data;
  return (row) => {
    const bit = offset + row;
    if (((nullBitmap[bit >> 3]! >> (bit & 7)) & 1) === 0) {
      putByte(sink, 0);
      return;
    }
    putByte(sink, 2);
    put(row);
  };
}

function valueWriter(sink: AvroSink, field: Field, data: Data): PutValue {
  const { type } = data;
  if (DataType.isDictionary(type)) {
    if (DataType.isUtf8(type.dictionary)) return textCodes(sink, data, false);
    const put = valueWriter(sink, field, wholeOf(data.dictionary!));
    const codes = data.values as Int32Array;
    return (row) => put(codes[row]!);
  }
  if (DataType.isBool(type)) return bools(sink, data);
  if (DataType.isInt(type) && type.bitWidth === 64 && !type.isSigned) return bigEndian(sink, data, 8, false);
  if (DataType.isFloat(type)) return type.precision === 1 ? floats(sink, data) : doubles(sink, data);
  if (DataType.isUtf8(type) || DataType.isBinary(type)) return sized(sink, data);
  if (DataType.isFixedSizeBinary(type)) return isUuid(field) ? uuids(sink, data) : fixed(sink, data, type.byteWidth);
  if (DataType.isDecimal(type)) return bigEndian(sink, data, type.bitWidth / 8, true);
  if (DataType.isList(type)) return lists(sink, field, data);
  if (DataType.isMap(type)) return maps(sink, field, data);
  if (DataType.isStruct(type)) return structs(sink, field, data);
  // What is left are integers, and days, times and timestamps, which are integers.
  return (data.values as { readonly BYTES_PER_ELEMENT: number }).BYTES_PER_ELEMENT === 8
    ? longs(sink, data)
    : ints(sink, data);
}

function ints(sink: AvroSink, { values }: Data): PutValue {
  if (values instanceof Uint32Array) return (row) => putLong(sink, values[row]! | 0, 0);
  return (row) => putInt(sink, values[row]!);
}

function longs(sink: AvroSink, { values }: Data): PutValue {
  const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  return (row) => putLong(sink, words[2 * row]!, words[2 * row + 1]!);
}

function bools(sink: AvroSink, { values, offset }: Data): PutValue {
  return (row) => putByte(sink, (values[(offset + row) >> 3]! >> ((offset + row) & 7)) & 1);
}

function floats(sink: AvroSink, { values }: Data): PutValue {
  return (row) => {
    reserve(sink, 4);
    sink.at = sink.bytes.writeFloatLE(values[row]!, sink.at);
  };
}

function doubles(sink: AvroSink, { values }: Data): PutValue {
  return (row) => {
    reserve(sink, 8);
    sink.at = sink.bytes.writeDoubleLE(values[row]!, sink.at);
  };
}

function sized(sink: AvroSink, { values, valueOffsets }: Data): PutValue {
  return (row) => putSized(sink, values, valueOffsets[row]!, valueOffsets[row + 1]!);
}

/** Each distinct text is encoded once, with its length and its mark of no null before it; rows copy it. */
function textCodes(sink: AvroSink, data: Data, isNullable: boolean): PutValue {
  const { values, valueOffsets, length } = wholeOf(data.dictionary!);
  const encoded = createAvroSink();
  const starts = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) {
    if (isNullable) putByte(encoded, 2);
    putSized(encoded, values, valueOffsets[i]!, valueOffsets[i + 1]!);
    starts[i + 1] = encoded.at;
  }
  const { bytes } = encoded;
  const codes = data.values as Int32Array;
  const { nullBitmap, offset } = data;
  const hasNulls = isNullable && data.nullCount > 0;
  return (row) => {
    const bit = offset + row;
    if (hasNulls && ((nullBitmap[bit >> 3]! >> (bit & 7)) & 1) === 0) {
      putByte(sink, 0);
      return;
    }
    const code = codes[row]!;
    putBytes(sink, bytes, starts[code]!, starts[code + 1]!);
  };
}

function fixed(sink: AvroSink, { values }: Data, width: number): PutValue {
  return (row) => putBytes(sink, values, row * width, (row + 1) * width);
}

function uuids(sink: AvroSink, { values }: Data): PutValue {
  return (row) => {
    const hex = Buffer.from(values.buffer, values.byteOffset + row * 16, 16).toString('hex');
    const text = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
    putSized(sink, Buffer.from(text, 'latin1'), 0, 36);
  };
}

/** Little-endian integers as the shortest two's complement in big-endian order, which is how decimals are. */
function bigEndian(sink: AvroSink, { values }: Data, width: number, isSigned: boolean): PutValue {
  const bytes = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
  return (row) => {
    const start = row * width;
    const isNegative = isSigned && bytes[start + width - 1]! > 127;
    const filler = isNegative ? 0xff : 0;
    let top = width - 1;
    while (top > 0 && bytes[start + top] === filler) top--;
    // The first bit says the sign: where it would say another one, a byte of it comes before.
    const needsSign = bytes[start + top]! > 127 !== isNegative;
    putInt(sink, top + 1 + Number(needsSign));
    if (needsSign) putByte(sink, filler);
    for (let i = top; i >= 0; i--) putByte(sink, bytes[start + i]!);
  };
}

function lists(sink: AvroSink, field: Field, data: Data): PutValue {
  const put = columnWriter(sink, field.type.children[0]!, data.children[0]!);
  return items(sink, data.valueOffsets, put);
}

function maps(sink: AvroSink, field: Field, data: Data): PutValue {
  const entry = field.type.children[0]!.type as Struct;
  const [key, value] = data.children[0]!.children;
  if (key === undefined || value === undefined)
    throw new BridgeError('internal', `the map ${field.name} has no key and value`);
  const putKey = hasTextKeys(entry)
    ? valueWriter(sink, entry.children[0]!, key)
    : columnWriter(sink, entry.children[0]!, key);
  const putItem = columnWriter(sink, entry.children[1]!, value);
  return items(sink, data.valueOffsets, (item) => {
    putKey(item);
    putItem(item);
  });
}

/** Arrays and maps are one block of items, if there are any, and an empty block. */
function items(sink: AvroSink, offsets: Int32Array, put: PutValue): PutValue {
  return (row) => {
    const start = offsets[row]!;
    const end = offsets[row + 1]!;
    if (end > start) putCount(sink, end - start);
    for (let item = start; item < end; item++) put(item);
    putByte(sink, 0);
  };
}

function structs(sink: AvroSink, field: Field, data: Data): PutValue {
  const puts = data.children.map((child, i) => columnWriter(sink, field.type.children[i]!, child));
  return (row) => {
    for (const put of puts) put(row);
  };
}

/** A dictionary as one piece. */
function wholeOf(dictionary: Vector): Data {
  const [first, ...others] = dictionary.data;
  if (first !== undefined && others.length === 0) return first;
  throw new BridgeError('internal', `a dictionary of ${dictionary.data.length} pieces cannot be written as Avro`);
}
