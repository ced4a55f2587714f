/**
 * Schemas as Arrow schemas, and back.
 *
 * Parquet's uuid and json are what Arrow calls extension types: a storage type and a name in the field's metadata
 * (https://arrow.apache.org/docs/format/CanonicalExtensions.html). The encoder makes logical types of these names.
 */
import {
  TimeUnit as ArrowUnit,
  Binary,
  Bool,
  DataType,
  DateDay,
  Decimal,
  type Dictionary,
  Field,
  FixedSizeBinary,
  Float32,
  Float64,
  Int8,
  Int16,
  Int32,
  Int64,
  List,
  Map_,
  Schema,
  Struct,
  TimeMicrosecond,
  TimeMillisecond,
  TimeNanosecond,
  TimestampMicrosecond,
  TimestampMillisecond,
  TimestampNanosecond,
  Uint8,
  Uint16,
  Uint32,
  Uint64,
  Utf8,
} from 'apache-arrow';
import { BridgeError } from '../errors.ts';
import { EXTENSION_NAME, FIELD_ID, JSON_EXTENSION, UUID_EXTENSION } from '../model/arrow-names.ts';
import { createSchema } from './schema.ts';
import type { FieldType, IntegerKind, ParquetField, ParquetSchema, TimeUnit } from './types.ts';

const INTEGERS: Readonly<Record<IntegerKind, () => DataType>> = {
  int8: () => new Int8(),
  int16: () => new Int16(),
  int32: () => new Int32(),
  int64: () => new Int64(),
  uint8: () => new Uint8(),
  uint16: () => new Uint16(),
  uint32: () => new Uint32(),
  uint64: () => new Uint64(),
};

/** The Arrow schema with plain strings; batches of a record builder may have dictionaries in their place. */
export function toArrowSchema(schema: ParquetSchema): Schema {
  return new Schema(schema.fields.map(toArrowField), new Map(Object.entries(schema.metadata)));
}

export function toArrowField(field: ParquetField): Field {
  const metadata = new Map(Object.entries(field.metadata));
  if (field.fieldId !== undefined) metadata.set(FIELD_ID, String(field.fieldId));
  if (field.type.kind === 'uuid') metadata.set(EXTENSION_NAME, UUID_EXTENSION);
  if (field.type.kind === 'json') metadata.set(EXTENSION_NAME, JSON_EXTENSION);
  return new Field(field.name, toArrowType(field.type), field.nullable, metadata);
}

export function toArrowType(type: FieldType): DataType {
  switch (type.kind) {
    case 'bool':
      return new Bool();
    case 'float32':
      return new Float32();
    case 'float64':
      return new Float64();
    case 'decimal':
      return new Decimal(type.scale, type.precision, type.precision > MAX_PRECISION_128 ? 256 : 128);
    case 'string':
    case 'json':
      return new Utf8();
    case 'binary':
      return new Binary();
    case 'fixed_binary':
      return new FixedSizeBinary(type.bytes);
    case 'uuid':
      return new FixedSizeBinary(16);
    case 'date':
      return new DateDay();
    case 'time':
      return timeType(type.unit);
    case 'timestamp':
      return timestampType(type.unit, type.timezone ?? null);
    case 'list':
      return new List(toArrowField(type.element));
    case 'struct':
      return new Struct(type.fields.map(toArrowField));
    case 'map': {
      const entry = new Struct([toArrowField(type.key), toArrowField(type.value)]);
      return new Map_(new Field('key_value', entry, false) as never, false);
    }
    default:
      return INTEGERS[type.kind]();
  }
}

/** Digits that 128 bits hold. */
export const MAX_PRECISION_128 = 38;

function timeType(unit: TimeUnit): DataType {
  if (unit === 'ms') return new TimeMillisecond();
  return unit === 'us' ? new TimeMicrosecond() : new TimeNanosecond();
}

function timestampType(unit: TimeUnit, timezone: string | null): DataType {
  if (unit === 'ms') return new TimestampMillisecond(timezone);
  return unit === 'us' ? new TimestampMicrosecond(timezone) : new TimestampNanosecond(timezone);
}

/**
 * The schema of Arrow data: of a batch, or as a reader made it from a Parquet footer. Dictionaries become the type of
 * their values, large and fixed-size lists become lists, whole seconds milliseconds.
 *
 * @throws BridgeError invalid_argument for a type that has no counterpart here (intervals, unions, half floats)
 */
export function fromArrowSchema(schema: Schema): ParquetSchema {
  return createSchema({ fields: schema.fields.map(fromArrowField), metadata: Object.fromEntries(schema.metadata) });
}

const OWN_KEYS = new Set([FIELD_ID, EXTENSION_NAME, 'ARROW:extension:metadata']);

export function fromArrowField(field: Field): ParquetField {
  const { name, nullable } = field;
  const metadata = Object.fromEntries([...field.metadata].filter(([key]) => !OWN_KEYS.has(key)));
  const id = field.metadata.get(FIELD_ID);
  const type = fromArrowType(field.type, field.metadata.get(EXTENSION_NAME));
  if (type === undefined) {
    throw new BridgeError(
      'invalid_argument',
      `the column ${name} has the Arrow type ${field.type}, which is not supported`,
    );
  }
  return { name, type, nullable, metadata, ...(id !== undefined && /^\d+$/.test(id) ? { fieldId: Number(id) } : {}) };
}

function fromArrowType(type: DataType, extension: string | undefined): FieldType | undefined {
  if (DataType.isDictionary(type)) return fromArrowType((type as Dictionary).dictionary, extension);
  if (DataType.isBool(type)) return { kind: 'bool' };
  if (DataType.isInt(type)) return { kind: `${type.isSigned ? '' : 'u'}int${type.bitWidth}` as IntegerKind };
  if (DataType.isFloat(type)) return floatType(type.precision);
  if (DataType.isDecimal(type)) return { kind: 'decimal', precision: type.precision, scale: type.scale };
  if (DataType.isUtf8(type) || DataType.isLargeUtf8(type)) {
    return { kind: extension === JSON_EXTENSION ? 'json' : 'string' };
  }
  if (DataType.isBinary(type) || DataType.isLargeBinary(type)) return { kind: 'binary' };
  if (DataType.isFixedSizeBinary(type)) {
    if (extension === UUID_EXTENSION && type.byteWidth === 16) return { kind: 'uuid' };
    return { kind: 'fixed_binary', bytes: type.byteWidth };
  }
  if (DataType.isDate(type))
    return type.unit === 0 ? { kind: 'date' } : { kind: 'timestamp', unit: 'ms', timezone: undefined };
  if (DataType.isTime(type)) return { kind: 'time', unit: unitOf(type.unit) };
  if (DataType.isTimestamp(type)) {
    return { kind: 'timestamp', unit: unitOf(type.unit), timezone: type.timezone || undefined };
  }
  if (DataType.isList(type) || DataType.isFixedSizeList(type))
    return { kind: 'list', element: nested(type.children[0]!, 'element') };
  if (DataType.isStruct(type)) return { kind: 'struct', fields: type.children.map(fromArrowField) };
  if (DataType.isMap(type)) {
    const [key, value] = (type.children[0]!.type as Struct).children;
    return { kind: 'map', key: { ...nested(key!, 'key'), nullable: false }, value: nested(value!, 'value') };
  }
  return undefined;
}

/** Writers name what stands in a list or map as they like. */
function nested(field: Field, name: string): ParquetField {
  return { ...fromArrowField(field), name };
}

function floatType(precision: number): FieldType | undefined {
  if (precision === 0) return undefined;
  return { kind: precision === 1 ? 'float32' : 'float64' };
}

function unitOf(unit: ArrowUnit): TimeUnit {
  if (unit === ArrowUnit.NANOSECOND) return 'ns';
  return unit === ArrowUnit.MICROSECOND ? 'us' : 'ms';
}
