/**
 * The schema of a Parquet file, from its footer: logical types, the older converted types, and both generations of lists
 * and maps (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md, with its rules for backward compatibility).
 */
import type { SchemaElement } from 'hyparquet';
import type { FieldType, IntegerKind, ParquetField, ParquetSchema, TimeUnit } from './types.ts';

export interface FileSchema {
  /** Columns that there is a type for. */
  readonly schema: ParquetSchema;
  /** Columns without one, with what they are: `half: FLOAT16`. */
  readonly unsupported: readonly string[];
  /** Columns of no type at all, in which every value is null. */
  readonly empty: readonly string[];
}

interface Node {
  readonly element: SchemaElement;
  readonly children: readonly Node[];
}

class Unsupported extends Error {}

/** @param elements the flattened tree of a footer, its root first */
export function schemaOfFile(elements: readonly SchemaElement[]): FileSchema {
  const fields: ParquetField[] = [];
  const unsupported: string[] = [];
  const empty: string[] = [];
  for (const node of treeOf(elements).children) {
    const { name } = node.element;
    if (annotation(node.element) === 'NULL') {
      empty.push(name);
      continue;
    }
    try {
      fields.push(fieldOf(node));
    } catch (error) {
      if (!(error instanceof Unsupported)) throw error;
      unsupported.push(`${name}: ${error.message}`);
    }
  }
  return { schema: { fields, metadata: {} }, unsupported, empty };
}

function treeOf(elements: readonly SchemaElement[]): Node {
  let next = 0;
  const read = (): Node => {
    const element = elements[next++]!;
    return { element, children: Array.from({ length: element.num_children ?? 0 }, read) };
  };
  return read();
}

function fieldOf(node: Node, name = node.element.name): ParquetField {
  const { repetition_type: repetition, field_id: fieldId } = node.element;
  // A repeated field outside of a list stands for a list that is never null.
  const isRepeated = repetition === 'REPEATED';
  const type = isRepeated ? listOf(required(node)) : typeOf(node);
  const nullable = repetition === 'OPTIONAL';
  return { name, type, nullable, metadata: {}, ...(fieldId === undefined ? {} : { fieldId }) };
}

function listOf(element: Node): FieldType {
  return { kind: 'list', element: fieldOf(element, 'element') };
}

function required(node: Node): Node {
  return { ...node, element: { ...node.element, repetition_type: 'REQUIRED' } };
}

/** The logical type's name, else the converted one's. */
function annotation({ logical_type: logical, converted_type: converted }: SchemaElement): string | undefined {
  return logical?.type ?? converted;
}

function typeOf(node: Node): FieldType {
  const { element, children } = node;
  if (element.type !== undefined) return leafType(element);
  const kind = annotation(element);
  if (kind === 'LIST' && children.length === 1) return listOf(elementOf(element.name, children[0]!));
  if ((kind === 'MAP' || kind === 'MAP_KEY_VALUE') && children[0]?.children.length === 2) {
    const [key, value] = children[0].children;
    return { kind: 'map', key: { ...fieldOf(key!, 'key'), nullable: false }, value: fieldOf(value!, 'value') };
  }
  if (kind !== undefined) throw new Unsupported(kind);
  if (children.length === 0) throw new Unsupported('a struct without fields');
  return { kind: 'struct', fields: children.map((child) => fieldOf(child)) };
}

/** What a list holds: below its repeated group, or, as older writers have it, that group itself. */
function elementOf(list: string, repeated: Node): Node {
  const { element, children } = repeated;
  const isElement = children.length !== 1 || element.name === 'array' || element.name === `${list}_tuple`;
  return isElement ? required(repeated) : children[0]!;
}

function leafType(element: SchemaElement): FieldType {
  const { type, type_length: bytes = 0, logical_type: logical } = element;
  const kind = annotation(element);
  switch (kind) {
    case 'STRING':
    case 'UTF8':
    case 'ENUM':
      return { kind: 'string' };
    case 'JSON':
      return { kind: 'json' };
    case 'UUID':
      return { kind: 'uuid' };
    case 'BSON':
      return { kind: 'binary' };
    case 'DATE':
      return { kind: 'date' };
    case 'DECIMAL':
      return decimalType(element);
    case 'INTEGER':
      if (logical?.type !== 'INTEGER') break;
      return { kind: `${logical.isSigned ? '' : 'u'}int${logical.bitWidth}` as IntegerKind };
    case 'TIME':
    case 'TIME_MILLIS':
    case 'TIME_MICROS':
      return { kind: 'time', unit: unitOf(element) };
    case 'TIMESTAMP':
    case 'TIMESTAMP_MILLIS':
    case 'TIMESTAMP_MICROS': {
      // The older annotation stands for instants.
      const isInstant = logical?.type === 'TIMESTAMP' ? logical.isAdjustedToUTC : true;
      return { kind: 'timestamp', unit: unitOf(element), timezone: isInstant ? 'UTC' : undefined };
    }
    case undefined:
      return plainType(element);
  }
  const integer = /^(U?)INT_(\d+)$/.exec(kind ?? '');
  if (integer !== null) return { kind: `${integer[1] === 'U' ? 'u' : ''}int${integer[2]}` as IntegerKind };
  throw new Unsupported(`${kind} over ${type}${bytes > 0 ? `(${bytes})` : ''}`);
}

function plainType({ type, type_length: bytes = 0 }: SchemaElement): FieldType {
  switch (type) {
    case 'BOOLEAN':
      return { kind: 'bool' };
    case 'INT32':
      return { kind: 'int32' };
    case 'INT64':
      return { kind: 'int64' };
    case 'INT96':
      return { kind: 'timestamp', unit: 'ns', timezone: undefined };
    case 'FLOAT':
      return { kind: 'float32' };
    case 'DOUBLE':
      return { kind: 'float64' };
    case 'BYTE_ARRAY':
      return { kind: 'binary' };
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: 'fixed_binary', bytes };
    default:
      throw new Unsupported(String(type));
  }
}

function decimalType({ logical_type: logical, precision = 0, scale = 0 }: SchemaElement): FieldType {
  const found = logical?.type === 'DECIMAL' ? logical : { precision, scale };
  return { kind: 'decimal', precision: found.precision, scale: found.scale };
}

function unitOf({ logical_type: logical, converted_type: converted }: SchemaElement): TimeUnit {
  const unit = logical?.type === 'TIME' || logical?.type === 'TIMESTAMP' ? logical.unit : converted?.split('_')[1];
  if (unit === 'NANOS') return 'ns';
  return unit === 'MICROS' ? 'us' : 'ms';
}
