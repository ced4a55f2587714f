/** The .proto files of the repository, loaded by protobufjs: a decoder and encoder that shares nothing with ours. */
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { type FieldDescriptor, MESSAGES, type MessageDescriptor, type MessageName } from '../../src/decode/messages.ts';
import type { PlainMessage, PlainValue } from '../../src/decode/protobuf-writer.ts';

const directory = fileURLToPath(new URL('../../proto/', import.meta.url));

export function loadProtoFiles(): protobuf.Root {
  const root = new protobuf.Root();
  root.resolvePath = (_origin, target) => `${directory}${target}`;
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.proto'));
  root.loadSync(files, { keepCase: true });
  root.resolveAll();
  return root;
}

const root = loadProtoFiles();

/** The message as protobufjs reads it: snake_case names, 64-bit as text, enums as numbers, bytes as base64. */
export function decodeIndependently(name: MessageName, bytes: Uint8Array): Record<string, unknown> {
  const type = root.lookupType(MESSAGES[name].fullName);
  return type.toObject(type.decode(bytes), { longs: String, bytes: String, json: false });
}

/** Encodes an object of protobufjs' shape (snake_case names). */
export function encodeIndependently(name: MessageName, message: Record<string, unknown>): Uint8Array {
  const type = root.lookupType(MESSAGES[name].fullName);
  return type.encode(type.fromObject(message)).finish();
}

/** The message as protobufjs reads it, in the form of protobuf-writer.ts. */
export function decodeIndependentlyPlain(name: MessageName, bytes: Uint8Array): PlainMessage {
  return plainOf(MESSAGES[name], decodeIndependently(name, bytes));
}

function plainOf(descriptor: MessageDescriptor, found: Record<string, unknown>): PlainMessage {
  const message: PlainMessage = {};
  for (const field of descriptor.fields) {
    const value = found[field.name];
    if (value === undefined) continue;
    message[field.jsonName] = field.repeated
      ? (value as unknown[]).map((item) => plainValue(field, item))
      : plainValue(field, value);
  }
  return message;
}

function plainValue(field: FieldDescriptor, value: unknown): PlainValue {
  switch (field.type) {
    case 'message':
      return plainOf(field.message!, value as Record<string, unknown>);
    case 'bytes':
    case 'id':
      return new Uint8Array(Buffer.from(value as string, 'base64'));
    case 'int64':
    case 'uint64':
    case 'fixed64':
    case 'sfixed64':
      return BigInt(value as string);
    default:
      return value as PlainValue;
  }
}
