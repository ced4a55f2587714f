/**
 * OTLP/JSON to protobuf bytes, so that there is one decoder from wire bytes to columns. Driven by the descriptors of
 * messages.ts; reads the text once and writes as it reads, without an object per message.
 *
 * The mapping is that of proto3 JSON with the exceptions of OTLP
 * (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): ids in hex, enums as integers, unknown fields
 * ignored. Beyond it, as real senders need it: original field names, enum names, integers as 1e3 or 1.0, hex of either
 * case, base64 of either alphabet with or without padding, `null` for "not set" also in a list of messages, and halves
 * of surrogate pairs, which become U+FFFD.
 */
import type { BridgeError } from '../errors.ts';
import type { RowLimits } from '../model/layout.ts';
import type { SignalName } from '../model/signal.ts';
import {
  CLOSE_LIST,
  CLOSE_OBJECT,
  hexDigit,
  JsonCursor,
  LOWER_F,
  LOWER_N,
  LOWER_T,
  OPEN_LIST,
  OPEN_OBJECT,
  QUOTE,
} from './json-cursor.ts';
import { type Integer, numberEnd, parseDouble, parseInteger } from './json-number.ts';
import {
  type FieldDescriptor,
  MESSAGES,
  type MessageDescriptor,
  type MessageName,
  SERVICE_MESSAGES,
} from './messages.ts';
import { ProtobufSink } from './protobuf-sink.ts';

/**
 * JSON levels from the top to the value of an event's attribute, and levels an AnyValue adds when it holds a map.
 * With them the limit here never refuses what the limit on a row allows; what is a little deeper, the row's limit
 * refuses alone.
 */
const FIXED_JSON_LEVELS = 16;
const JSON_LEVELS_PER_VALUE = 4;

/** A field as the transcoder needs it; fields of a message are found by the hash of their name. */
interface JsonField {
  readonly field: FieldDescriptor;
  readonly tag: number;
  readonly message: JsonMessage | undefined;
  readonly nameBytes: Uint8Array;
  /** The next field of the message whose name has the same hash. */
  readonly next: JsonField | undefined;
}

type JsonMessage = Map<number, JsonField>;

const JSON_MESSAGES = new Map<MessageDescriptor, JsonMessage>();

/**
 * Transcodes a request. `maxBytes` bounds the result, which is smaller than the text but for long lists of short numbers.
 * Throws `invalid_argument` with the path of the field (`resourceSpans[0].scopeSpans[2].spans[7].kind`) or the byte, and
 * `too_large`. An id of the wrong length passes: the decoder refuses that row alone.
 */
export function otlpJsonToProtobuf(
  signal: SignalName,
  body: Uint8Array,
  limits: Pick<RowLimits, 'maxNesting'>,
  maxBytes = Number.MAX_SAFE_INTEGER,
): Uint8Array {
  return jsonToProtobuf(SERVICE_MESSAGES[signal].request, body, limits, maxBytes);
}

/** The same for any message. */
export function jsonToProtobuf(
  name: MessageName,
  body: Uint8Array,
  limits: Pick<RowLimits, 'maxNesting'>,
  maxBytes = Number.MAX_SAFE_INTEGER,
): Uint8Array {
  const cursor = new JsonCursor(body, FIXED_JSON_LEVELS + JSON_LEVELS_PER_VALUE * limits.maxNesting);
  const sink = new ProtobufSink(Math.ceil(body.length / 2), maxBytes);
  if (cursor.peek() !== OPEN_OBJECT) throw wrongType(cursor, 'an object');
  transcodeObject(cursor, sink, jsonMessage(MESSAGES[name]));
  cursor.expectEnd();
  return sink.finish();
}

function jsonMessage(descriptor: MessageDescriptor): JsonMessage {
  const known = JSON_MESSAGES.get(descriptor);
  if (known) return known;
  const message: JsonMessage = new Map();
  JSON_MESSAGES.set(descriptor, message); // before its fields, since AnyValue holds itself
  for (const field of descriptor.fields) {
    for (const name of new Set([field.jsonName, field.name])) {
      const nameBytes = Buffer.from(name);
      const hash = nameBytes.reduce((h, byte) => (Math.imul(h, 31) + byte) | 0, 0);
      message.set(hash, {
        field,
        tag: (field.number << 3) | (field.repeated ? 2 : field.wireType),
        message: field.message && jsonMessage(field.message),
        nameBytes,
        next: message.get(hash),
      });
    }
  }
  return message;
}

function findField(message: JsonMessage, cursor: JsonCursor): JsonField | undefined {
  const { text, textStart } = cursor;
  const length = cursor.textEnd - textStart;
  for (let candidate = message.get(cursor.hash); candidate; candidate = candidate.next) {
    const { nameBytes } = candidate;
    let i = nameBytes.length === length ? 0 : -1;
    while (i >= 0 && i < length) i = text[textStart + i] === nameBytes[i] ? i + 1 : -1;
    if (i === length) return candidate;
  }
  return undefined;
}

function transcodeObject(cursor: JsonCursor, sink: ProtobufSink, message: JsonMessage): void {
  if (!cursor.open(CLOSE_OBJECT)) return;
  do {
    cursor.readKey();
    const field = findField(message, cursor);
    if (field === undefined) cursor.skipValue();
    else {
      cursor.path[cursor.depth] = field.field.jsonName;
      if (cursor.peek() === LOWER_N) cursor.readLiteral();
      else if (field.field.repeated) transcodeList(cursor, sink, field);
      else transcodeValue(cursor, sink, field);
    }
  } while (cursor.more(CLOSE_OBJECT));
}

function transcodeList(cursor: JsonCursor, sink: ProtobufSink, field: JsonField): void {
  if (cursor.peek() !== OPEN_LIST) throw wrongType(cursor, 'a list');
  if (!cursor.open(CLOSE_LIST)) return;
  const { depth, path } = cursor;
  let index = 0;
  if (field.field.wireType === 2) {
    do {
      path[depth] = index++;
      cursor.peek();
      transcodeValue(cursor, sink, field);
    } while (cursor.more(CLOSE_LIST));
    return;
  }
  sink.tag(field.tag);
  const start = sink.beginLength();
  do {
    path[depth] = index++;
    cursor.peek();
    writeScalar(cursor, sink, field.field);
  } while (cursor.more(CLOSE_LIST));
  sink.endLength(start);
}

/** One value with its tag. */
function transcodeValue(cursor: JsonCursor, sink: ProtobufSink, field: JsonField): void {
  sink.tag(field.tag);
  if (field.message === undefined) {
    writeScalar(cursor, sink, field.field);
    return;
  }
  const start = sink.beginLength();
  const byte = cursor.bytes[cursor.at];
  if (byte === OPEN_OBJECT) transcodeObject(cursor, sink, field.message);
  else if (byte === LOWER_N) cursor.readLiteral();
  else throw wrongType(cursor, 'an object');
  sink.endLength(start);
}

/** A value without its tag; the cursor stands on its first byte. */
function writeScalar(cursor: JsonCursor, sink: ProtobufSink, field: FieldDescriptor): void {
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

function wrongType(cursor: JsonCursor, expected: string): BridgeError {
  return cursor.error(`expected ${expected}, found ${cursor.describe()}`);
}
