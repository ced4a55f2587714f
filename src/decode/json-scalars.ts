/** Scalars of OTLP/JSON to protobuf; the rules are at the head of json.ts. */
import type { BridgeError } from '../errors.ts';
import { hexDigit, type JsonCursor, LOWER_F, LOWER_N, LOWER_T, OPEN_LIST, OPEN_OBJECT, QUOTE } from './json-cursor.ts';
import { type Integer, numberEnd, parseDouble, parseInteger } from './json-number.ts';
import type { FieldDescriptor } from './messages.ts';
import type { ProtobufSink } from './protobuf-sink.ts';

/** A value without its tag; the cursor stands on its first byte. */
export function writeScalar(cursor: JsonCursor, sink: ProtobufSink, field: FieldDescriptor): void {
  switch (field.type) {
    case 'string':
      readText(cursor, 'a string');
      sink.varint32(cursor.textEnd - cursor.textStart);
      sink.bytes(cursor.text, cursor.textStart, cursor.textEnd);
      return;
    case 'id':
      readText(cursor, 'a string of hex digits');
      writeHex(cursor, sink);
      return;
    case 'bytes':
      readText(cursor, 'a string in base64');
      writeBase64(cursor, sink);
      return;
    case 'bool': {
      const byte = cursor.bytes[cursor.at];
      if (byte !== LOWER_T && byte !== LOWER_F) throw wrongType(cursor, 'true or false');
      cursor.readLiteral();
      sink.varint32(byte === LOWER_T ? 1 : 0);
      return;
    }
    case 'double':
      sink.double(readDouble(cursor));
      return;
    case 'enum':
      writeEnum(cursor, sink, field);
      return;
    case 'uint32':
      readInteger(cursor, 'uint32');
      sink.varint32(integer.low);
      return;
    case 'fixed32':
      readInteger(cursor, 'uint32');
      sink.fixed32(integer.low);
      return;
    case 'int32':
      readInteger(cursor, 'int32');
      sink.varint64(integer.low, integer.high);
      return;
    case 'sint32': {
      readInteger(cursor, 'int32');
      const value = integer.low | 0;
      sink.varint32(((value << 1) ^ (value >> 31)) >>> 0);
      return;
    }
    case 'int64':
      readInteger(cursor, 'int64');
      sink.varint64(integer.low, integer.high);
      return;
    case 'uint64':
      readInteger(cursor, 'uint64');
      sink.varint64(integer.low, integer.high);
      return;
    case 'fixed64':
      readInteger(cursor, 'uint64');
      sink.fixed64(integer.low, integer.high);
      return;
    case 'sfixed64':
      readInteger(cursor, 'int64');
      sink.fixed64(integer.low, integer.high);
      return;
  }
}

function readText(cursor: JsonCursor, expected: string): void {
  if (cursor.bytes[cursor.at] !== QUOTE) throw wrongType(cursor, expected);
  cursor.readString();
}

/** Result of readInteger, in two's complement once it is checked. */
const integer: Integer = { negative: false, low: 0, high: 0 };

type IntegerRange = 'int32' | 'uint32' | 'int64' | 'uint64';

/** Reads an integer, as a number or in a string, into `integer`. */
function readInteger(cursor: JsonCursor, range: IntegerRange): void {
  readNumberText(cursor, `an integer (${range})`);
  if (!parseInteger(cursor.text, cursor.textStart, cursor.textEnd, integer) || !inRange(range)) {
    throw cursor.error(`expected an integer in the range of ${range}, found a number that is none`);
  }
  if (integer.negative) negate();
}

/** Leaves the text of a number, bare or in quotes, in cursor.text. */
function readNumberText(cursor: JsonCursor, expected: string): void {
  const byte = cursor.bytes[cursor.at]!;
  if (byte === QUOTE) {
    cursor.readString();
    if (numberEnd(cursor.text, cursor.textStart, cursor.textEnd) !== cursor.textEnd) {
      throw cursor.error(`expected ${expected}, found a string that is no number`);
    }
  } else if (byte === OPEN_OBJECT || byte === OPEN_LIST || byte === LOWER_N || byte === LOWER_T || byte === LOWER_F) {
    throw wrongType(cursor, expected);
  } else {
    cursor.readNumber();
  }
}

function inRange(range: IntegerRange): boolean {
  const { negative, low, high } = integer;
  switch (range) {
    case 'uint64':
      return !negative || (low === 0 && high === 0);
    case 'uint32':
      return high === 0 && (!negative || low === 0);
    case 'int64':
      return high < 0x80000000 || (negative && high === 0x80000000 && low === 0);
    case 'int32':
      return high === 0 && (low < 0x80000000 || (negative && low === 0x80000000));
  }
}

function negate(): void {
  integer.low = -integer.low >>> 0;
  integer.high = (~integer.high + (integer.low === 0 ? 1 : 0)) >>> 0;
}

function readDouble(cursor: JsonCursor): number {
  if (cursor.bytes[cursor.at] === QUOTE) {
    cursor.readString();
    const special = specialDouble(cursor);
    if (special !== undefined) return special;
    if (numberEnd(cursor.text, cursor.textStart, cursor.textEnd) !== cursor.textEnd) {
      throw cursor.error('expected a number, "NaN", "Infinity" or "-Infinity", found another string');
    }
  } else {
    readNumberText(cursor, 'a number');
  }
  const value = parseDouble(cursor.text, cursor.textStart, cursor.textEnd);
  if (!Number.isFinite(value)) throw cursor.error('expected a number in the range of double, found a greater one');
  return value;
}

function specialDouble(cursor: JsonCursor): number | undefined {
  const length = cursor.textEnd - cursor.textStart;
  if (length !== 3 && length !== 8 && length !== 9) return undefined;
  const text = Buffer.from(cursor.text.subarray(cursor.textStart, cursor.textEnd)).toString();
  if (text === 'NaN') return Number.NaN;
  if (text === 'Infinity') return Number.POSITIVE_INFINITY;
  return text === '-Infinity' ? Number.NEGATIVE_INFINITY : undefined;
}

function writeEnum(cursor: JsonCursor, sink: ProtobufSink, field: FieldDescriptor): void {
  if (cursor.bytes[cursor.at] === QUOTE) {
    const start = cursor.at;
    cursor.readString();
    const number = field.enumNumbers?.get(
      Buffer.from(cursor.text.subarray(cursor.textStart, cursor.textEnd)).toString(),
    );
    if (number !== undefined) {
      sink.varint32(number);
      return;
    }
    if (numberEnd(cursor.text, cursor.textStart, cursor.textEnd) !== cursor.textEnd) {
      throw cursor.error('expected the number or a name of the enum, found another string');
    }
    cursor.at = start;
  }
  readInteger(cursor, 'int32');
  sink.varint64(integer.low, integer.high);
}

function writeHex(cursor: JsonCursor, sink: ProtobufSink): void {
  const { text, textStart, textEnd } = cursor;
  const count = (textEnd - textStart) / 2;
  if (!Number.isInteger(count)) throw cursor.error('expected hex digits in pairs, found an odd number of them');
  sink.varint32(count);
  sink.reserve(count);
  const out = sink.buffer;
  let at = sink.length;
  for (let i = textStart; i < textEnd; i += 2) {
    const high = hexDigit(text[i]!);
    const low = hexDigit(text[i + 1]!);
    if ((high | low) < 0) throw cursor.error('expected only hex digits, found another character');
    out[at++] = (high << 4) | low;
  }
  sink.length = at;
}

const BASE64_VALUES = base64Values();

function base64Values(): Int8Array {
  const values = new Int8Array(256).fill(-1);
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';
  for (let i = 0; i < alphabet.length; i++) values[alphabet.charCodeAt(i)] = i;
  for (const character of '+-') values[character.charCodeAt(0)] = 62;
  for (const character of '/_') values[character.charCodeAt(0)] = 63;
  return values;
}

function writeBase64(cursor: JsonCursor, sink: ProtobufSink): void {
  const { text, textStart } = cursor;
  let { textEnd } = cursor;
  const isPadded = (textEnd - textStart) % 4 === 0;
  for (let i = 0; i < 2 && isPadded && textEnd > textStart && text[textEnd - 1] === 0x3d; i++) textEnd--;
  if ((textEnd - textStart) % 4 === 1) throw cursor.error('expected base64, found a length that it cannot have');
  sink.varint32(Math.floor(((textEnd - textStart) * 3) / 4));
  sink.reserve(textEnd - textStart);
  const out = sink.buffer;
  let at = sink.length;
  let bits = 0;
  let bitCount = 0;
  for (let i = textStart; i < textEnd; i++) {
    const value = BASE64_VALUES[text[i]!]!;
    if (value < 0) throw cursor.error('expected only base64 characters, found another one');
    bits = ((bits << 6) | value) & 0xffff;
    bitCount += 6;
    if (bitCount >= 8) {
      bitCount -= 8;
      out[at++] = (bits >> bitCount) & 0xff;
    }
  }
  sink.length = at;
}

/** The error of a value of another type than expected. */
export function wrongType(cursor: JsonCursor, expected: string): BridgeError {
  return cursor.error(`expected ${expected}, found ${cursor.describe()}`);
}
