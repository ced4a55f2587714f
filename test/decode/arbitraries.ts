/** Generated OTLP messages of any kind, as plain objects of protobuf-writer.ts. */
import fc from 'fast-check';
import { type FieldDescriptor, MESSAGES, type MessageName } from '../../src/decode/messages.ts';
import type { PlainMessage, PlainValue } from '../../src/decode/protobuf-writer.ts';

const EDGE_DOUBLES = [
  0,
  -0,
  1,
  -1.5,
  5e-324,
  1e300,
  1e21,
  123456789.123,
  Number.NaN,
  Infinity,
  -Infinity,
  2 ** 53,
  0.1,
];

const string = fc.oneof(
  { arbitrary: fc.string({ unit: 'grapheme', maxLength: 12 }), weight: 6 },
  { arbitrary: fc.string({ unit: 'binary', maxLength: 40 }), weight: 2 },
  { arbitrary: fc.constantFrom('', '\u0000', '"\\/\b\f\n\r\t', 'ä💥', '1', '__proto__', 'x'.repeat(200)), weight: 2 },
);

const signed64 = fc.oneof(
  fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n),
  fc.constantFrom(0n, 1n, -1n, 2n ** 53n + 1n, -(2n ** 63n)),
);
const unsigned64 = fc.oneof(
  fc.bigInt(0n, 2n ** 64n - 1n),
  fc.constantFrom(0n, 2n ** 32n, 2n ** 64n - 1n, 1795175864104490665n),
);

/** A message with any of its fields; AnyValues nest `nesting` deep at most. */
export function plainMessage(name: MessageName, nesting = 3): fc.Arbitrary<PlainMessage> {
  const descriptor = MESSAGES[name];
  const fields = descriptor.fields.filter((field) => nesting > 0 || !isNesting(field));
  const oneofs = new Map<string, FieldDescriptor[]>();
  const record: Record<string, fc.Arbitrary<PlainValue | undefined>> = {};
  for (const field of fields) {
    if (field.oneof) oneofs.set(field.oneof, [...(oneofs.get(field.oneof) ?? []), field]);
    else record[field.jsonName] = fc.option(fieldValue(field, nesting), { nil: undefined, freq: 4 });
  }
  const members = [...oneofs.values()].map((group) =>
    fc.option(
      fc.oneof(...group.map((field) => fieldValue(field, nesting).map((value) => ({ [field.jsonName]: value })))),
      { nil: {}, freq: 6 },
    ),
  );
  return fc.tuple(fc.record(record), ...members).map((parts) => Object.assign({}, ...parts));
}

function isNesting(field: FieldDescriptor): boolean {
  return field.message?.name === 'ArrayValue' || field.message?.name === 'KeyValueList';
}

function fieldValue(field: FieldDescriptor, nesting: number): fc.Arbitrary<PlainValue> {
  if (!field.repeated) return value(field, nesting);
  return fc.array(value(field, nesting), { maxLength: 3 });
}

function value(field: FieldDescriptor, nesting: number): fc.Arbitrary<PlainValue> {
  switch (field.type) {
    case 'message':
      return plainMessage(field.message!.name, isNesting(field) ? nesting - 1 : nesting);
    case 'string':
      return string;
    case 'bytes':
    case 'id':
      return fc.uint8Array({ maxLength: 17 });
    case 'bool':
      return fc.boolean();
    case 'double':
      return fc.oneof(fc.double(), fc.constantFrom(...EDGE_DOUBLES));
    case 'uint32':
    case 'fixed32':
      return fc.oneof(fc.nat(1000), fc.integer({ min: 0, max: 0xffffffff }));
    case 'int32':
    case 'sint32':
      return fc.oneof(fc.integer(), fc.constantFrom(0, -1, -2147483648, 2147483647));
    case 'enum':
      return fc.oneof(fc.nat(25), fc.integer());
    case 'int64':
    case 'sfixed64':
      return signed64;
    case 'uint64':
    case 'fixed64':
      return unsigned64;
  }
}

/** Ids of spans must be there; all others may be absent. */
const NEEDED_IDS = new Set(['Span.traceId', 'Span.spanId']);

/** The message with ids that are taken: of the width of their column, filled up or cut. */
export function withValidIds(name: MessageName, message: PlainMessage): PlainMessage {
  for (const field of MESSAGES[name].fields) {
    const { jsonName, type } = field;
    const found = message[jsonName];
    if (type === 'id') {
      if (found !== undefined || NEEDED_IDS.has(`${name}.${jsonName}`)) message[jsonName] = fitted(found, jsonName);
    } else if (field.message !== undefined && found !== undefined) {
      const inside = field.message.name;
      for (const item of field.repeated ? (found as PlainValue[]) : [found]) withValidIds(inside, item as PlainMessage);
    }
  }
  return message;
}

function fitted(id: PlainValue | undefined, jsonName: string): Uint8Array {
  const bytes = new Uint8Array(jsonName === 'traceId' ? 16 : 8).fill(7);
  bytes.set(((id ?? new Uint8Array(0)) as Uint8Array).subarray(0, bytes.length - 1));
  return bytes;
}
