/**
 * Arrow columns as views of the table's own types. Files of other writers may hold other widths and units; what loses
 * nothing but digits below the microsecond is converted, anything else is an error that names both types.
 */
import { type Data, DataType, Type, type Vector } from 'apache-arrow';
import { BridgeError } from '../../errors.ts';
import type { ReadType } from '../schema.ts';
import { int64Values, mismatch, unpackBits, validBytes } from './arrow-data.ts';
import { nullView } from './nulls.ts';
import type { TextView, View } from './view.ts';
import { bytesView, decimalView, wideIntView } from './wide.ts';

/** Shares the buffers of `data` where it can. `name` is for the message of an error. */
export function fromArrow(data: Data, type: ReadType, name: string): View {
  if (data.typeId === Type.Null) return nullView(type, data.length);
  switch (type.kind) {
    case 'string':
    case 'id':
      return textView(data, name);
    case 'int32':
    case 'uint32':
    case 'int64':
      return { kind: 'int', rows: data.length, values: int64Values(data, name), valid: validBytes(data) };
    case 'timestamp':
      return { kind: 'timestamp', rows: data.length, values: microseconds(data, name), valid: validBytes(data) };
    case 'double':
      return { kind: 'double', rows: data.length, values: doubleValues(data, name), valid: validBytes(data) };
    case 'bool':
      if (!DataType.isBool(data.type)) throw mismatch(name, data, 'BOOLEAN');
      return { kind: 'bool', rows: data.length, values: boolValues(data), valid: validBytes(data) };
    case 'map':
      return mapView(data, name);
    case 'list': {
      if (!DataType.isList(data.type)) throw mismatch(name, data, 'a list');
      const element = fromArrow(data.children[0]!, type.element, `${name}.element`);
      return { kind: 'list', rows: data.length, offsets: data.valueOffsets, element, valid: validBytes(data) };
    }
    case 'struct': {
      if (!DataType.isStruct(data.type)) throw mismatch(name, data, 'a struct');
      const found = data.type.children.map((child) => child.name);
      const fields = type.fields.map((field) => {
        const child = data.children[found.indexOf(field.name)];
        return child ? fromArrow(child, field.type, `${name}.${field.name}`) : nullView(field.type, data.length);
      });
      const names = type.fields.map((field) => field.name);
      return { kind: 'struct', rows: data.length, names, fields, valid: validBytes(data) };
    }
    case 'integer':
    case 'date':
    case 'time':
    case 'instant':
      return wideIntView(data, type, name);
    case 'float': {
      const values = doubleValues(data, name);
      return { kind: 'double', rows: data.length, values, valid: validBytes(data), single: true };
    }
    case 'decimal':
      return decimalView(data, type, name);
    case 'bytes':
      return bytesView(data, type.form, name);
    case 'entries': {
      const [key, value] = entriesOf(data, name, 'a map');
      const keys = fromArrow(key, type.key, `${name}.key`);
      const values = fromArrow(value, type.value, `${name}.value`);
      return { kind: 'entries', rows: data.length, offsets: data.valueOffsets, keys, values, valid: validBytes(data) };
    }
  }
}

function textView(data: Data, name: string): TextView {
  if (DataType.isDictionary(data.type)) return dictionaryView(data, name);
  const rows = data.length;
  if (DataType.isUtf8(data.type) || DataType.isBinary(data.type)) {
    const valid = validBytes(data);
    return { kind: 'text', rows, codes: undefined, valid, offsets: data.valueOffsets, bytes: data.values };
  }
  if (DataType.isFixedSizeBinary(data.type)) return hexView(data, data.type.byteWidth);
  throw mismatch(name, data, 'text');
}

function dictionaryView(data: Data, name: string): TextView {
  const values = textView(onlyChunk(data.dictionary!, name), name);
  const found = data.values as ArrayLike<number>;
  const valid = validBytes(data);
  const shared = found instanceof Int32Array && valid === undefined && values.valid === undefined;
  const codes = shared ? found.subarray(0, data.length) : new Int32Array(data.length);
  for (let i = 0; i < codes.length && !shared; i++) {
    const present = valid === undefined || valid[i] === 1;
    codes[i] = present && (values.valid === undefined || values.valid[found[i]!] === 1) ? found[i]! : -1;
  }
  return { kind: 'text', rows: data.length, codes, valid: undefined, offsets: values.offsets, bytes: values.bytes };
}

function onlyChunk(dictionary: Vector, name: string): Data {
  if (dictionary.data.length === 1) return dictionary.data[0]!;
  throw new BridgeError('internal', `column ${name}: a dictionary of ${dictionary.data.length} chunks, expected 1`);
}

const HEX = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** Raw ids of other writers: lower-case hex, as the table has them. */
function hexView(data: Data, width: number): TextView {
  const rows = data.length;
  const raw = data.values as Uint8Array;
  const bytes = new Uint8Array(2 * width * rows);
  for (let i = 0; i < width * rows; i++) {
    bytes[2 * i] = HEX[raw[i]! >> 4]!;
    bytes[2 * i + 1] = HEX[raw[i]! & 15]!;
  }
  const offsets = Int32Array.from({ length: rows + 1 }, (_, i) => 2 * width * i);
  return { kind: 'text', rows, codes: undefined, valid: validBytes(data), offsets, bytes };
}

/** Arrow's TimeUnit: seconds, milliseconds, microseconds, nanoseconds. */
const UNITS_PER_SECOND = [1n, 1_000n, 1_000_000n, 1_000_000_000n];

function microseconds(data: Data, name: string): BigInt64Array {
  if (!DataType.isTimestamp(data.type)) throw mismatch(name, data, 'TIMESTAMP');
  const values = (data.values as BigInt64Array).subarray(0, data.length);
  const unit = UNITS_PER_SECOND[data.type.unit]!;
  if (unit === 1_000_000n) return values;
  if (unit < 1_000_000n) return values.map((value) => value * (1_000_000n / unit));
  return values.map((value) => (value - (((value % 1000n) + 1000n) % 1000n)) / 1000n);
}

function doubleValues(data: Data, name: string): Float64Array {
  const values = data.values as Float64Array | Float32Array | BigInt64Array;
  if (values instanceof Float64Array) return values.subarray(0, data.length);
  if (values instanceof Float32Array) return Float64Array.from(values.subarray(0, data.length));
  if (!DataType.isInt(data.type)) throw mismatch(name, data, 'DOUBLE');
  return Float64Array.from({ length: data.length }, (_, i) => Number(values[i]!));
}

function boolValues(data: Data): Uint8Array {
  return unpackBits(data.values as Uint8Array, data.offset, data.length);
}

function mapView(data: Data, name: string): View {
  const [key, value] = entriesOf(data, name, 'MAP<STRING,STRING>');
  const keys = textView(key, `${name}.key`);
  const values = fromArrow(value, { kind: 'string' }, `${name}.value`) as TextView;
  return { kind: 'map', rows: data.length, offsets: data.valueOffsets, keys, values, valid: validBytes(data) };
}

function entriesOf(data: Data, name: string, expected: string): readonly [key: Data, value: Data] {
  const list = DataType.isMap(data.type) || DataType.isList(data.type);
  const entries = list ? data.children[0] : undefined;
  if (entries?.children.length !== 2) throw mismatch(name, data, expected);
  return [entries.children[0]!, entries.children[1]!];
}
