/**
 * Plain objects to protobuf and back, and to OTLP/JSON, over the descriptors of messages.ts: for answers, errors and
 * rows on their way back. Requests on their way in do not pass here, see decoder.ts.
 *
 * A plain object has lowerCamelCase names; bytes and ids are Uint8Array, 64-bit integers bigint, enums numbers,
 * repeated fields arrays; what is absent is undefined.
 */
import { BridgeError } from '../errors.ts';
import { type FieldDescriptor, MESSAGES, type MessageDescriptor, type MessageName } from './messages.ts';
import { ProtobufSink } from './protobuf-sink.ts';

export type PlainValue = string | number | bigint | boolean | Uint8Array | PlainMessage | readonly PlainValue[];

export interface PlainMessage {
  [jsonName: string]: PlainValue | undefined;
}

/** Bound on an encoded message: that of protobuf itself. */
const MAX_MESSAGE_BYTES = 0x7fffffff;
/** Bound on nested messages, as in the protobuf libraries. */
const MAX_DEPTH = 100;

/** Canonical protobuf: fields by number, repeated numbers packed, defaults left out where presence is implicit. */
export function encode(name: MessageName, message: PlainMessage): Uint8Array {
  const sink = new ProtobufSink(256, MAX_MESSAGE_BYTES);
  encodeMessage(sink, MESSAGES[name], message);
  return sink.finish();
}

function encodeMessage(sink: ProtobufSink, descriptor: MessageDescriptor, message: PlainMessage): void {
  for (const field of descriptor.fields) {
    const value = message[field.jsonName];
    if (value === undefined) continue;
    if (field.repeated) encodeList(sink, field, value as readonly PlainValue[]);
    else if (field.explicitPresence || !isDefault(value)) {
      sink.tag((field.number << 3) | field.wireType);
      encodeValue(sink, field, value);
    }
  }
}

function encodeList(sink: ProtobufSink, field: FieldDescriptor, values: readonly PlainValue[]): void {
  if (values.length === 0) return;
  if (field.wireType === 2) {
    for (const value of values) {
      sink.tag((field.number << 3) | 2);
      encodeValue(sink, field, value);
    }
    return;
  }
  sink.tag((field.number << 3) | 2);
  const start = sink.beginLength();
  for (const value of values) encodeValue(sink, field, value);
  sink.endLength(start);
}

/** Negative zero is no default: proto3 leaves out only a zero of all zero bits. */
export function isDefault(value: PlainValue): boolean {
  if (value instanceof Uint8Array) return value.length === 0;
  return value === '' || value === false || value === 0n || Object.is(value, 0);
}

function encodeValue(sink: ProtobufSink, field: FieldDescriptor, value: PlainValue): void {
  switch (field.type) {
    case 'message': {
      const start = sink.beginLength();
      encodeMessage(sink, field.message!, value as PlainMessage);
      sink.endLength(start);
      return;
    }
    case 'string': {
      const bytes = Buffer.from(value as string);
      sink.varint32(bytes.length);
      sink.bytes(bytes, 0, bytes.length);
      return;
    }
    case 'bytes':
    case 'id': {
      const bytes = value as Uint8Array;
      sink.varint32(bytes.length);
      sink.bytes(bytes, 0, bytes.length);
      return;
    }
    case 'bool':
      sink.varint32(value ? 1 : 0);
      return;
    case 'double':
      sink.double(value as number);
      return;
    case 'uint32':
      sink.varint32((value as number) >>> 0);
      return;
    case 'fixed32':
      sink.fixed32((value as number) >>> 0);
      return;
    case 'sint32': {
      const number = value as number;
      sink.varint32(((number << 1) ^ (number >> 31)) >>> 0);
      return;
    }
    case 'int32':
    case 'enum':
      sink.varint64((value as number) >>> 0, (value as number) < 0 ? 0xffffffff : 0);
      return;
    case 'int64':
    case 'uint64':
      sink.varint64(lowWord(value as bigint), highWord(value as bigint));
      return;
    case 'fixed64':
    case 'sfixed64':
      sink.fixed64(lowWord(value as bigint), highWord(value as bigint));
      return;
  }
}

function lowWord(value: bigint): number {
  return Number(BigInt.asUintN(32, value));
}

function highWord(value: bigint): number {
  return Number(BigInt.asUintN(32, value >> 32n));
}

/** The message in `bytes`; unknown fields are left out. Throws `invalid_argument` where the bytes are none. */
export function decode(name: MessageName, bytes: Uint8Array): PlainMessage {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return decodeMessage({ bytes, view, at: 0 }, MESSAGES[name], bytes.length, 0, {});
}

interface Source {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  at: number;
}

function decodeMessage(
  source: Source,
  descriptor: MessageDescriptor,
  end: number,
  depth: number,
  message: PlainMessage,
): PlainMessage {
  if (depth > MAX_DEPTH) throw malformed(source, `messages nested deeper than ${MAX_DEPTH}`);
  while (source.at < end) {
    const tag = Number(readVarint(source, end));
    const field = descriptor.byNumber.get(tag >>> 3);
    const wireType = tag & 7;
    const isPacked = wireType === 2 && field?.repeated === true && field.wireType !== 2;
    if (field === undefined || (wireType !== field.wireType && !isPacked)) {
      skipField(source, tag >>> 3, wireType, end, depth);
      continue;
    }
    if (!field.repeated) {
      if (field.oneof !== undefined) forgetOthers(descriptor, field, message);
      const earlier = field.message && (message[field.jsonName] as PlainMessage | undefined);
      message[field.jsonName] = decodeValue(source, field, end, depth, earlier ?? {});
      continue;
    }
    message[field.jsonName] ??= [];
    const list = message[field.jsonName] as PlainValue[];
    if (isPacked) {
      const packedEnd = readEnd(source, end);
      while (source.at < packedEnd) list.push(decodeValue(source, field, packedEnd, depth, {}));
    } else {
      list.push(decodeValue(source, field, end, depth, {}));
    }
  }
  return message;
}

/** Of a oneof the last member on the wire wins. */
function forgetOthers(descriptor: MessageDescriptor, field: FieldDescriptor, message: PlainMessage): void {
  for (const other of descriptor.fields) {
    if (other !== field && other.oneof === field.oneof) delete message[other.jsonName];
  }
}

/** `earlier`: what a further occurrence of a singular message is merged into. */
function decodeValue(
  source: Source,
  field: FieldDescriptor,
  end: number,
  depth: number,
  earlier: PlainMessage,
): PlainValue {
  switch (field.type) {
    case 'message': {
      const messageEnd = readEnd(source, end);
      return decodeMessage(source, field.message!, messageEnd, depth + 1, earlier);
    }
    case 'string': {
      const stringEnd = readEnd(source, end);
      const text = Buffer.from(source.bytes.buffer, source.bytes.byteOffset + source.at, stringEnd - source.at);
      source.at = stringEnd;
      return text.toString();
    }
    case 'bytes':
    case 'id': {
      const bytesEnd = readEnd(source, end);
      const bytes = source.bytes.slice(source.at, bytesEnd);
      source.at = bytesEnd;
      return bytes;
    }
    case 'bool':
      return readVarint(source, end) !== 0n;
    case 'double':
      return source.view.getFloat64(advance(source, 8, end), true);
    case 'uint32':
      return Number(BigInt.asUintN(32, readVarint(source, end)));
    case 'fixed32':
      return source.view.getUint32(advance(source, 4, end), true);
    case 'sint32': {
      const bits = Number(BigInt.asUintN(32, readVarint(source, end)));
      return (bits >>> 1) ^ -(bits & 1);
    }
    case 'int32':
    case 'enum':
      return Number(BigInt.asIntN(32, readVarint(source, end)));
    case 'int64':
      return BigInt.asIntN(64, readVarint(source, end));
    case 'uint64':
      return readVarint(source, end);
    case 'fixed64':
      return source.view.getBigUint64(advance(source, 8, end), true);
    case 'sfixed64':
      return source.view.getBigInt64(advance(source, 8, end), true);
  }
}

function skipField(source: Source, number: number, wireType: number, end: number, depth: number): void {
  if (number === 0) throw malformed(source, 'a field with the number 0');
  if (wireType === 0) readVarint(source, end);
  else if (wireType === 1) advance(source, 8, end);
  else if (wireType === 2) source.at = readEnd(source, end);
  else if (wireType === 5) advance(source, 4, end);
  else if (wireType === 3 && depth < MAX_DEPTH) {
    for (;;) {
      const tag = Number(readVarint(source, end));
      if ((tag & 7) === 4) return;
      skipField(source, tag >>> 3, tag & 7, end, depth + 1);
    }
  } else throw malformed(source, `a field with the wire type ${wireType}`);
}

/** An unsigned 64-bit number. */
function readVarint(source: Source, end: number): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    if (source.at >= end) throw malformed(source, 'the end inside a number');
    const byte = source.bytes[source.at++]!;
    value |= BigInt(byte & 127) << shift;
    if (byte < 128) return BigInt.asUintN(64, value);
  }
  throw malformed(source, 'a varint of more than ten bytes');
}

/** Reads a length; returns the position where its value ends. */
function readEnd(source: Source, end: number): number {
  const length = Number(readVarint(source, end));
  if (length > end - source.at) throw malformed(source, 'a length that goes past the end');
  return source.at + length;
}

function advance(source: Source, count: number, end: number): number {
  const at = source.at;
  if (count > end - at) throw malformed(source, 'the end inside a number');
  source.at += count;
  return at;
}

function malformed(source: Source, found: string): BridgeError {
  return new BridgeError('invalid_argument', `expected a protobuf message, found ${found} at byte ${source.at}`);
}
