/**
 * Descriptors of the messages in `proto/`, made from the rows of message-table.ts. They drive the JSON transcoder and the
 * generic encoder; the decoder from wire bytes to columns has its own field numbers.
 */
import type { SignalName } from '../model/signal.ts';
import { DEFINITIONS, ENUMS, type FieldRow } from './message-table.ts';

export type ScalarType =
  | 'string'
  | 'bytes'
  /** bytes in protobuf; OTLP/JSON writes them as hex instead of base64 (trace and span ids). */
  | 'id'
  | 'bool'
  | 'double'
  | 'int32'
  | 'sint32'
  | 'uint32'
  | 'fixed32'
  | 'int64'
  | 'uint64'
  | 'fixed64'
  | 'sfixed64';

export type WireType = 0 | 1 | 2 | 5;

export interface FieldDescriptor {
  readonly number: number;
  /** Name in the .proto file, snake_case. */
  readonly name: string;
  /** Name in JSON and in plain objects, lowerCamelCase. */
  readonly jsonName: string;
  readonly type: ScalarType | 'enum' | 'message';
  readonly repeated: boolean;
  /** Name of the oneof the field is a member of. */
  readonly oneof: string | undefined;
  /** Presence is kept apart from the default value: `optional` fields, members of a oneof, messages. */
  readonly explicitPresence: boolean;
  /** Numbers by name; for `enum` only. */
  readonly enumNumbers: ReadonlyMap<string, number> | undefined;
  /** For `message` only. */
  readonly message: MessageDescriptor | undefined;
  /** Of one value; repeated numbers are written packed (wire type 2) and read in both forms. */
  readonly wireType: WireType;
}

export interface MessageDescriptor {
  readonly name: MessageName;
  readonly fullName: string;
  /** By ascending number. */
  readonly fields: readonly FieldDescriptor[];
  readonly byNumber: ReadonlyMap<number, FieldDescriptor>;
}

export type MessageName = keyof typeof DEFINITIONS;

/** Every message by its name without the package; those of google.rpc by their full name. */
export const MESSAGES: Readonly<Record<MessageName, MessageDescriptor>> = buildMessages();

/** The messages of a signal's service. */
export const SERVICE_MESSAGES = {
  traces: {
    request: 'ExportTraceServiceRequest',
    response: 'ExportTraceServiceResponse',
    partialSuccess: 'ExportTracePartialSuccess',
  },
  logs: {
    request: 'ExportLogsServiceRequest',
    response: 'ExportLogsServiceResponse',
    partialSuccess: 'ExportLogsPartialSuccess',
  },
  metrics: {
    request: 'ExportMetricsServiceRequest',
    response: 'ExportMetricsServiceResponse',
    partialSuccess: 'ExportMetricsPartialSuccess',
  },
} as const satisfies Record<SignalName, Record<'request' | 'response' | 'partialSuccess', MessageName>>;

function buildMessages(): Record<MessageName, MessageDescriptor> {
  const built = {} as Record<MessageName, MessageDescriptor & { fields: FieldDescriptor[] }>;
  const names = Object.keys(DEFINITIONS) as MessageName[];
  for (const name of names) {
    const packageName = DEFINITIONS[name][0];
    built[name] = { name, fullName: packageName ? `${packageName}.${name}` : name, fields: [], byNumber: new Map() };
  }
  for (const name of names) {
    const [, ...rows] = DEFINITIONS[name] as readonly [string, ...FieldRow[]];
    const message = built[name];
    for (const row of rows) {
      const field = buildField(row, built);
      message.fields.push(field);
      (message.byNumber as Map<number, FieldDescriptor>).set(field.number, field);
    }
  }
  return built;
}

function buildField(
  [number, name, typeText, presence]: FieldRow,
  messages: Readonly<Record<string, MessageDescriptor>>,
): FieldDescriptor {
  const repeated = typeText.endsWith('[]');
  const typeName = repeated ? typeText.slice(0, -2) : typeText;
  const message = messages[typeName];
  const enumNames = ENUMS[typeName];
  const type = message ? 'message' : enumNames ? 'enum' : (typeName as ScalarType);
  return {
    number,
    name,
    jsonName: name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase()),
    type,
    repeated,
    oneof: presence === 'optional' ? undefined : presence,
    explicitPresence: !repeated && (presence !== undefined || message !== undefined),
    enumNumbers: enumNames && new Map(enumNames.map((enumName, i) => [enumName, i])),
    message,
    wireType: wireTypeOf(type),
  };
}

function wireTypeOf(type: FieldDescriptor['type']): WireType {
  switch (type) {
    case 'string':
    case 'bytes':
    case 'id':
    case 'message':
      return 2;
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return 1;
    case 'fixed32':
      return 5;
    default:
      return 0;
  }
}
