/**
 * Arrow record batches under another schema: columns by name in the schema's order, narrower types widened, columns that
 * are missing null. Memory is shared where a column is as it should be.
 */
import { type Data, DataType, makeData, RecordBatch, Struct } from 'apache-arrow';
import { bitmapBytes } from '../batch/validity.ts';
import { BridgeError } from '../errors.ts';
import { fromArrowField, toArrowSchema, toArrowType } from './arrow.ts';
import { castFixed } from './cast-fixed.ts';
import { isVariable, plainVariable } from './cast-variable.ts';
import { alignedNulls } from './nulls.ts';
import { childrenOf, printField } from './schema.ts';
import { printType } from './type-text.ts';
import type { FieldType, ParquetField, ParquetSchema } from './types.ts';
import { widens } from './widen.ts';

/**
 * The rows of `batch` with exactly the types of `toArrowSchema(to)`: dictionaries become plain values, large and
 * fixed-size lists become lists, whole seconds milliseconds.
 *
 * @throws BridgeError invalid_argument with each column that is missing or has nulls where it may not, whose type does
 *   not widen to the schema's, or that the schema has not
 */
export function castBatch(batch: RecordBatch, to: ParquetSchema): RecordBatch {
  const schema = toArrowSchema(to);
  const columns = batch.schema.fields.map((field, i) => ({
    field: fromArrowField(field),
    data: batch.data.children[i]!,
  }));
  const problems: string[] = [];
  const children = castFields(columns, to.fields, batch.numRows, '', problems);
  if (problems.length > 0) {
    throw new BridgeError('invalid_argument', `the batch does not have the schema's form: ${problems.join('; ')}`, {
      hint: `The schema is ${to.fields.map(printField).join(', ')}.`,
    });
  }
  const data = makeData({
    type: new Struct(schema.fields),
    length: batch.numRows,
    nullCount: 0,
    children: children as Data[],
  });
  return new RecordBatch(schema, data);
}

interface Column {
  readonly field: ParquetField;
  readonly data: Data;
}

/** @param masked whether every value may be null because what is around it may be */
function castFields(
  columns: readonly Column[],
  to: readonly ParquetField[],
  length: number,
  parent: string,
  problems: string[],
  masked = false,
): (Data | undefined)[] {
  const found = new Map(columns.map((column) => [column.field.name, column]));
  const children = to.map((field) => {
    const path = parent === '' ? field.name : `${parent}.${field.name}`;
    const column = found.get(field.name);
    found.delete(field.name);
    if (column !== undefined) return castColumn(column, field, path, problems, masked);
    if (!field.nullable && length > 0) problems.push(`${path} is missing, and may not be null`);
    return nullData(field.type, length);
  });
  for (const name of found.keys()) problems.push(`${parent === '' ? name : `${parent}.${name}`} is not in the schema`);
  return children;
}

function castColumn(
  { field, data }: Column,
  to: ParquetField,
  path: string,
  problems: string[],
  masked: boolean,
): Data | undefined {
  if (!to.nullable && !masked && data.nullCount > 0)
    problems.push(`${path} has ${data.nullCount} nulls, and may have none`);
  const plain = DataType.isDictionary(data.type) ? plainVariable(data, toArrowType(field.type)) : data;
  if (plain === undefined) {
    problems.push(`${path} is a dictionary of ${printType(field.type)}, which is supported for text and bytes only`);
    return undefined;
  }
  const children = childrenOf(to.type);
  if (children.length > 0 && field.type.kind === to.type.kind)
    return castNested(field.type, plain, to.type, path, problems);
  if (!widens(field.type, to.type)) {
    problems.push(`${path} is ${printType(field.type)}, which does not widen to ${printType(to.type)}`);
    return undefined;
  }
  const type = toArrowType(to.type);
  if (isVariable(type)) return plainVariable(plain, type);
  try {
    return castFixed(plain, field.type, to.type);
  } catch (thrown) {
    problems.push(`${path}: ${BridgeError.from(thrown).message}`);
    return undefined;
  }
}

function castNested(from: FieldType, data: Data, to: FieldType, path: string, problems: string[]): Data | undefined {
  const type = toArrowType(to);
  const { length } = data;
  const nulls = alignedNulls(data);
  if (from.kind === 'struct' && to.kind === 'struct') {
    const columns = from.fields.map((field, i) => ({ field, data: data.children[i]! }));
    const children = castFields(columns, to.fields, length, path, problems, data.nullCount > 0);
    return children.includes(undefined) ? undefined : makeData({ type, length, ...nulls, children } as never);
  }
  const valueOffsets = offsetsOf(data);
  if (from.kind === 'list' && to.kind === 'list') {
    const element = { field: from.element, data: data.children[0]! };
    const child = castColumn(element, to.element, `${path}.element`, problems, false);
    return child && makeData({ type, length, ...nulls, valueOffsets, child } as never);
  }
  if (from.kind !== 'map' || to.kind !== 'map') return undefined;
  const entries = data.children[0]!;
  const columns = [from.key, from.value].map((field, i) => ({ field, data: entries.children[i]! }));
  const children = castFields(columns, [to.key, to.value], entries.length, path, problems);
  if (children.includes(undefined)) return undefined;
  const entryType = type.children[0]!.type;
  const child = makeData({
    type: entryType as Struct,
    length: entries.length,
    nullCount: 0,
    children: children as Data[],
  });
  return makeData({ type, length, ...nulls, valueOffsets, child } as never);
}

/** Where the items of each row begin; fixed-size lists have no offsets, large ones of 64 bits. */
function offsetsOf(data: Data): Int32Array {
  const { type, length } = data;
  if (DataType.isFixedSizeList(type)) return Int32Array.from({ length: length + 1 }, (_, i) => i * type.listSize);
  const offsets = data.valueOffsets as Int32Array | BigInt64Array;
  return offsets instanceof Int32Array ? offsets : Int32Array.from(offsets, Number);
}

/** A column in which every value is null. */
function nullData(field: FieldType, length: number): Data {
  const type = toArrowType(field);
  const nulls = { nullCount: length, nullBitmap: new Uint8Array(bitmapBytes(length)) };
  const valueOffsets = new Int32Array(length + 1);
  const children = childrenOf(field);
  switch (field.kind) {
    case 'struct':
      return makeData({
        type,
        length,
        ...nulls,
        children: children.map((child) => nullData(child.type, length)),
      } as never);
    case 'list':
      return makeData({ type, length, ...nulls, valueOffsets, child: nullData(field.element.type, 0) } as never);
    case 'map': {
      const entry = type.children[0]!.type as Struct;
      const child = makeData({
        type: entry,
        length: 0,
        nullCount: 0,
        children: children.map(({ type }) => nullData(type, 0)),
      });
      return makeData({ type, length, ...nulls, valueOffsets, child } as never);
    }
    default:
      if (isVariable(type)) return makeData({ type, length, ...nulls, valueOffsets, data: new Uint8Array(0) } as never);
      return makeData({ type, length, ...nulls, data: new Uint8Array(length * bytesOf(type)) } as never);
  }
}

/** Bytes a value; of bools, whose values are bits, at least as many as they need. */
function bytesOf(type: DataType): number {
  if (DataType.isFixedSizeBinary(type)) return type.byteWidth;
  if (DataType.isDecimal(type)) return (type as unknown as { readonly bitWidth: number }).bitWidth / 8;
  return DataType.isBool(type) ? 1 : (type.ArrayType as Uint8ArrayConstructor).BYTES_PER_ELEMENT;
}
