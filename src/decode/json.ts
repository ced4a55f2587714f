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
import type { RowLimits } from '../model/layout.ts';
import type { SignalName } from '../model/signal.ts';
import { CLOSE_LIST, CLOSE_OBJECT, JsonCursor, LOWER_N, OPEN_LIST, OPEN_OBJECT } from './json-cursor.ts';
import { writeScalar, wrongType } from './json-scalars.ts';
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
