/** Plain objects (see protobuf-writer.ts) to OTLP/JSON. */
import { type FieldDescriptor, MESSAGES, type MessageDescriptor, type MessageName } from './messages.ts';
import { isDefault, type PlainMessage, type PlainValue } from './protobuf-writer.ts';

/**
 * OTLP/JSON text (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding): lowerCamelCase names, ids in hex,
 * other bytes in base64, 64-bit integers as strings, enums as integers, NaN and infinities as strings. Defaults are left
 * out where presence is implicit.
 */
export function toOtlpJson(name: MessageName, message: PlainMessage): string {
  return messageJson(MESSAGES[name], message);
}

function messageJson(descriptor: MessageDescriptor, message: PlainMessage): string {
  const members: string[] = [];
  for (const field of descriptor.fields) {
    const value = message[field.jsonName];
    if (value === undefined) continue;
    if (field.repeated) {
      const list = value as readonly PlainValue[];
      if (list.length > 0)
        members.push(`"${field.jsonName}":[${list.map((item) => valueJson(field, item)).join(',')}]`);
    } else if (field.explicitPresence || !isDefault(value)) {
      members.push(`"${field.jsonName}":${valueJson(field, value)}`);
    }
  }
  return `{${members.join(',')}}`;
}

function valueJson(field: FieldDescriptor, value: PlainValue): string {
  switch (field.type) {
    case 'message':
      return messageJson(field.message!, value as PlainMessage);
    case 'id':
      return `"${Buffer.from(value as Uint8Array).toString('hex')}"`;
    case 'bytes':
      return `"${Buffer.from(value as Uint8Array).toString('base64')}"`;
    case 'int64':
    case 'uint64':
    case 'fixed64':
    case 'sfixed64':
      return `"${value as bigint}"`;
    case 'double':
      if (!Number.isFinite(value)) return `"${value as number}"`;
      return Object.is(value, -0) ? '-0.0' : String(value);
    default:
      return JSON.stringify(value);
  }
}
