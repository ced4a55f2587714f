import assert from 'node:assert/strict';
import { test } from 'node:test';
import protobuf from 'protobufjs';
import { type FieldDescriptor, MESSAGES } from '../../src/decode/messages.ts';
import { loadProtoFiles } from './proto-files.ts';

const root = loadProtoFiles();

function protoTypes(namespace: protobuf.NamespaceBase): protobuf.Type[] {
  return namespace.nestedArray.flatMap((nested) => [
    ...(nested instanceof protobuf.Type ? [nested] : []),
    ...(nested instanceof protobuf.Namespace ? protoTypes(nested) : []),
  ]);
}

/** A field of a .proto file in the words of the table. */
function fromProto(field: protobuf.Field) {
  const resolved = field.resolvedType;
  const isOptional = field.options?.proto3_optional === true;
  return {
    number: field.id,
    name: field.name,
    type: resolved instanceof protobuf.Type ? 'message' : resolved instanceof protobuf.Enum ? 'enum' : field.type,
    repeated: field.repeated,
    oneof: isOptional ? undefined : field.partOf?.name,
    explicitPresence: !field.repeated && (field.partOf != null || resolved instanceof protobuf.Type),
    message: resolved instanceof protobuf.Type ? resolved.fullName.slice(1) : undefined,
    enumNumbers: resolved instanceof protobuf.Enum ? { ...resolved.values } : undefined,
  };
}

function fromTable(field: FieldDescriptor) {
  return {
    number: field.number,
    name: field.name,
    type: field.type === 'id' ? 'bytes' : field.type,
    repeated: field.repeated,
    oneof: field.oneof,
    explicitPresence: field.explicitPresence,
    message: field.message?.fullName,
    enumNumbers: field.enumNumbers && Object.fromEntries(field.enumNumbers),
  };
}

test('the table has exactly the messages of the .proto files', () => {
  const inProto = protoTypes(root).map((type) => type.fullName.slice(1));
  const inTable = Object.values(MESSAGES).map((message) => message.fullName);
  assert.ok(inProto.length > 40);
  assert.deepEqual(inTable.sort(), inProto.sort());
});

for (const message of Object.values(MESSAGES)) {
  test(`${message.fullName} has exactly the fields of its .proto file, by ascending number`, () => {
    const type = root.lookupType(message.fullName);
    const inProto = type.fieldsArray.map(fromProto).sort((a, b) => a.number - b.number);
    assert.deepEqual(message.fields.map(fromTable), inProto);
    assert.deepEqual([...message.byNumber.values()], message.fields);
  });
}

test('ids are the fields that end in trace_id or span_id, and JSON names are lowerCamelCase', () => {
  for (const field of Object.values(MESSAGES).flatMap((message) => message.fields)) {
    assert.equal(field.type === 'id', /(^|_)(trace|span)_id$/.test(field.name), field.name);
    assert.equal(field.jsonName, protobuf.util.camelCase(field.name));
  }
});
