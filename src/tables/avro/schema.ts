/**
 * Arrow schemas as Avro schemas (https://avro.apache.org/docs/1.12.0/specification/).
 *
 * | Arrow | Avro |
 * | --- | --- |
 * | bool; int8 to int32, uint8, uint16; int64, uint32 | boolean; int; long |
 * | uint64 | decimal(20, 0): a long holds half of them |
 * | float32; float64 | float; double |
 * | text, JSON; binary | string; bytes |
 * | fixed binary; uuid | fixed; string with the logical type uuid |
 * | decimal | bytes with the logical type decimal |
 * | date; time in ms, us | date; time-millis, time-micros |
 * | time in ns | long: Avro has no name for it |
 * | timestamp | timestamp-millis, -micros, -nanos; with `local-` before it where the column has no time zone |
 * | list; struct; map | array; record; map (an array of key and value where keys are no text) |
 *
 * What may be null is a union with null, which is also its default. A name that Avro does not take is replaced by one
 * that it takes, and stands beside it as `column`.
 */
import { DataType, type Decimal, type Field, type FixedSizeBinary, type Schema, type Struct } from 'apache-arrow';
import { BridgeError } from '../../errors.ts';
import { EXTENSION_NAME, UUID_EXTENSION } from '../../model/arrow-names.ts';
import { legalName, legalNames } from './names.ts';

export type AvroSchema = string | readonly AvroSchema[] | { readonly [key: string]: unknown };

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly default?: null;
  readonly doc?: string;
  /** The name in the table, where it is another one. */
  readonly column?: string;
}

export interface AvroRecord {
  readonly [key: string]: unknown;
  readonly type: 'record';
  readonly name: string;
  readonly namespace?: string;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

export interface AvroNaming {
  /** Of the record; made legal. */
  readonly name: string;
  readonly namespace?: string | undefined;
  readonly doc?: string | undefined;
}

/** Keys of a field's metadata whose value says what the column is, the first that is there. */
const DOC_KEYS = ['doc', 'description', 'comment'];

/** @throws BridgeError invalid_argument for a type that Avro has nothing for */
export function avroSchema(schema: Schema, { name, namespace, doc }: AvroNaming): AvroRecord {
  const root = legalName(name);
  return {
    type: 'record',
    name: root,
    ...(namespace === undefined ? {} : { namespace: namespace.split('.').map(legalName).join('.') }),
    ...(doc === undefined ? {} : { doc }),
    fields: fieldsOf(schema.fields, root),
  };
}

/** Named types inside of others are called after the way to them, so that no name is there twice. */
function fieldsOf(fields: readonly Field[], path: string): AvroField[] {
  const names = legalNames(fields.map((field) => field.name));
  return fields.map((field, i): AvroField => {
    const name = names[i]!;
    const doc = DOC_KEYS.map((key) => field.metadata.get(key)).find((text) => text !== undefined);
    return {
      name,
      type: typeOf(field, `${path}_${name}`),
      ...(field.nullable ? { default: null } : {}),
      ...(doc === undefined ? {} : { doc }),
      ...(name === field.name ? {} : { column: field.name }),
    };
  });
}

function typeOf(field: Field, path: string): AvroSchema {
  const type = valueType(field, path);
  return field.nullable ? ['null', type] : type;
}

function valueType(field: Field, path: string): AvroSchema {
  const type = plainType(field.type);
  if (DataType.isBool(type)) return 'boolean';
  if (DataType.isInt(type)) return intType(type.bitWidth, type.isSigned);
  if (DataType.isFloat(type) && type.precision > 0) return type.precision === 1 ? 'float' : 'double';
  if (DataType.isUtf8(type)) return 'string';
  if (DataType.isBinary(type)) return 'bytes';
  if (DataType.isFixedSizeBinary(type)) return fixedType(field, type, path);
  if (DataType.isDecimal(type)) return decimalType(type);
  if (DataType.isDate(type) && type.unit === 0) return { type: 'int', logicalType: 'date' };
  if (DataType.isTime(type)) return timeType(type.unit);
  if (DataType.isTimestamp(type)) return timestampType(type.unit, type.timezone);
  if (DataType.isList(type)) return { type: 'array', items: typeOf(type.children[0]!, `${path}_item`) };
  if (DataType.isStruct(type)) return { type: 'record', name: path, fields: fieldsOf(type.children, path) };
  if (DataType.isMap(type)) return mapType(type.children[0]!.type as Struct, path);
  throw new BridgeError(
    'invalid_argument',
    `the column ${field.name} has the type ${type}, which Avro has nothing for`,
  );
}

/** The type of the values, where they stand in a dictionary. */
export function plainType(type: DataType): DataType {
  return DataType.isDictionary(type) ? type.dictionary : type;
}

export function isUuid(field: Field): boolean {
  return field.metadata.get(EXTENSION_NAME) === UUID_EXTENSION;
}

export function hasTextKeys(entry: Struct): boolean {
  return DataType.isUtf8(plainType(entry.children[0]!.type));
}

function intType(bits: number, isSigned: boolean): AvroSchema {
  if (bits === 64) return isSigned ? 'long' : { type: 'bytes', logicalType: 'decimal', precision: 20, scale: 0 };
  return bits === 32 && !isSigned ? 'long' : 'int';
}

function fixedType(field: Field, { byteWidth }: FixedSizeBinary, path: string): AvroSchema {
  if (isUuid(field)) return { type: 'string', logicalType: 'uuid' };
  return { type: 'fixed', name: path, size: byteWidth };
}

function decimalType({ precision, scale }: Decimal): AvroSchema {
  return { type: 'bytes', logicalType: 'decimal', precision, scale };
}

const UNITS = ['seconds', 'millis', 'micros', 'nanos'] as const;

function timeType(unit: number): AvroSchema {
  if (unit === 3) return { type: 'long', unit: 'nanos' };
  return { type: unit === 1 ? 'int' : 'long', logicalType: `time-${UNITS[unit]}` };
}

function timestampType(unit: number, timezone: string | null | undefined): AvroSchema {
  return { type: 'long', logicalType: `${timezone ? '' : 'local-'}timestamp-${UNITS[unit]}` };
}

function mapType(entry: Struct, path: string): AvroSchema {
  if (hasTextKeys(entry)) return { type: 'map', values: typeOf(entry.children[1]!, `${path}_value`) };
  return { type: 'array', items: { type: 'record', name: `${path}_entry`, fields: fieldsOf(entry.children, path) } };
}
