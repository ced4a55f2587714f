/** Batches as Arrow record batches, without a copy where the layouts agree, and the buffers to transfer them by. */
import {
  type Data,
  type DataType,
  type Dictionary,
  type Map_,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
  Vector,
} from 'apache-arrow';
import { BridgeError } from '../errors.ts';
import type {
  Batch,
  ColumnData,
  IdData,
  ListData,
  MapData,
  NumberData,
  StringData,
  StringDictionary,
  StructData,
} from '../model/batch.ts';
import { arrowSchema, type TableSchema } from '../model/table.ts';
import { MAX_INT32 } from './bytes.ts';
import { bitmap, bitmapBytes, NO_NULLS, type Nulls, validNulls } from './validity.ts';

/**
 * The Arrow schema of each table, made once: Arrow's writer knows dictionaries by the ids in their types, which are given
 * when a type is made, and compares schemas by these types.
 */
const schemas = new WeakMap<TableSchema, Schema>();

function sharedSchema(table: TableSchema): Schema {
  let schema = schemas.get(table);
  if (schema === undefined) {
    schema = arrowSchema(table);
    schemas.set(table, schema);
  }
  return schema;
}

/**
 * The batch with the types of `arrowSchema(table)`. Strings, maps, lists and 64-bit numbers share the batch's memory;
 * ids become hex text, uint32 become 64 bits, bools and validity become bitmaps.
 */
export function toArrow(batch: Batch, table: TableSchema): RecordBatch {
  const schema = sharedSchema(table);
  if (schema.fields.length !== batch.columns.length) {
    const found = `batch has ${batch.columns.length} columns`;
    throw new BridgeError('internal', `${found}, table ${table.name} has ${schema.fields.length}`);
  }
  const children = batch.columns.map((column, i) => columnData(column, schema.fields[i]!.type));
  const struct = new Struct(schema.fields);
  return new RecordBatch(schema, makeData({ type: struct, length: batch.rows, nullCount: 0, children }));
}

/** Every buffer of the batch once, for the transfer list of postMessage; the batch is unusable here afterwards. */
export function transferables(batch: Batch): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  for (const column of batch.columns) collectBuffers(column, buffers);
  return [...buffers];
}

/** Every buffer of a record batch once, those it shares with the batch it was made from included. */
export function recordBatchBuffers(batch: RecordBatch): Set<ArrayBuffer> {
  const buffers = new Set<ArrayBuffer>();
  collectDataBuffers(batch.data, buffers);
  return buffers;
}

function collectDataBuffers(data: Data, into: Set<ArrayBuffer>): void {
  for (const part of [data.values, data.valueOffsets, data.nullBitmap] as (Uint8Array<ArrayBuffer> | undefined)[]) {
    if (part) into.add(part.buffer);
  }
  for (const child of data.children) collectDataBuffers(child, into);
  for (const inner of data.dictionary?.data ?? []) collectDataBuffers(inner, into);
}

function columnData(column: ColumnData, type: DataType): Data {
  switch (column.kind) {
    case 'string':
      return stringData(column, type as Dictionary);
    case 'id':
      return idData(column, type);
    case 'map':
      return mapData(column, type as Map_);
    case 'list':
      return listData(column, type);
    case 'struct':
      return structData(column, type);
    default:
      return numberData(column, type);
  }
}

/** Codes and their dictionary as Arrow's dictionary type. */
export function stringData({ codes, length, dictionary }: StringData, type: Dictionary): Data {
  const { nullCount, nullBitmap } = codeNulls(codes, length);
  const data = codes.subarray(0, length);
  const values = dictionaryVector(dictionary, type.dictionary);
  return makeData({ type, length, nullCount, nullBitmap, data, dictionary: values } as never);
}

function dictionaryVector({ count, offsets, bytes }: StringDictionary, type: DataType): Vector {
  const valueOffsets = offsets.subarray(0, count + 1);
  const data = bytes.subarray(0, valueOffsets[count]!);
  return new Vector([makeData({ type, length: count, nullCount: 0, valueOffsets, data } as never)]);
}

function mapData({ offsets, length, keys, values, valid }: MapData, type: Map_): Data {
  const entryType = type.children[0]!.type as Struct;
  const items = offsets[length]!;
  const children = [
    columnData(keys, entryType.children[0]!.type),
    columnData(values, entryType.children[1]!.type),
  ] as never[];
  const child = makeData({ type: entryType, length: items, nullCount: 0, children });
  const valueOffsets = offsets.subarray(0, length + 1);
  return makeData({ type, length, ...validNulls(valid, length), valueOffsets, child } as never);
}

function listData({ offsets, length, element, valid }: ListData, type: DataType): Data {
  const child = columnData(element, type.children[0]!.type);
  const valueOffsets = offsets.subarray(0, length + 1);
  return makeData({ type, length, ...validNulls(valid, length), valueOffsets, child } as never);
}

function structData({ fields, length }: StructData, type: DataType): Data {
  const children = fields.map((field, i) => columnData(field, type.children[i]!.type));
  return makeData({ type, length, nullCount: 0, children } as never);
}

function numberData({ kind, values, length, valid }: NumberData, type: DataType): Data {
  const nulls = validNulls(valid, length);
  return makeData({ type, length, ...nulls, data: numberValues(kind, values, length) } as never);
}

function numberValues(kind: NumberData['kind'], values: NumberData['values'], length: number): NumberData['values'] {
  switch (kind) {
    case 'uint32':
      return widened(values as Uint32Array, length);
    case 'bool':
      return bitmap(values as Uint8Array, length);
    default:
      return values.subarray(0, length);
  }
}

function widened(values: Uint32Array, length: number): BigInt64Array {
  const words = new Uint32Array(2 * length);
  for (let i = 0; i < length; i++) words[2 * i] = values[i]!;
  return new BigInt64Array(words.buffer);
}

/** The two hex digits of each byte, as one little-endian 16-bit word. */
const HEX_WORDS = Uint16Array.from({ length: 256 }, (_, byte) => {
  const digits = byte.toString(16).padStart(2, '0');
  return digits.charCodeAt(0) | (digits.charCodeAt(1) << 8);
});

function idData({ bytes, width, length, valid }: IdData, type: DataType): Data {
  if (2 * width * length > MAX_INT32) {
    throw new BridgeError('too_large', `${length} ids of ${width} bytes need more than 2^31 - 1 bytes as text`);
  }
  const valueOffsets = new Int32Array(length + 1);
  const words = new Uint16Array(width * length);
  let at = 0;
  for (let i = 0; i < length; i++) {
    if (valid === undefined || valid[i] === 1) {
      for (let b = i * width; b < (i + 1) * width; b++) words[at++] = HEX_WORDS[bytes[b]!]!;
    }
    valueOffsets[i + 1] = 2 * at;
  }
  const data = new Uint8Array(words.buffer, 0, 2 * at);
  return makeData({ type, length, ...validNulls(valid, length), valueOffsets, data } as never);
}

function codeNulls(codes: Int32Array, length: number): Nulls {
  let nullCount = 0;
  for (let i = 0; i < length; i++) nullCount += codes[i]! >>> 31;
  if (nullCount === 0) return NO_NULLS;
  const nullBitmap = new Uint8Array(bitmapBytes(length));
  for (let i = 0; i < length; i++) nullBitmap[i >> 3]! |= ((codes[i]! >>> 31) ^ 1) << (i & 7);
  return { nullCount, nullBitmap };
}

function collectBuffers(column: ColumnData, into: Set<ArrayBuffer>): void {
  const add = (view: ArrayBufferView | undefined) => view && into.add(view.buffer as ArrayBuffer);
  switch (column.kind) {
    case 'string':
      add(column.codes);
      add(column.dictionary.offsets);
      add(column.dictionary.bytes);
      break;
    case 'id':
      add(column.bytes);
      add(column.valid);
      break;
    case 'map':
      add(column.offsets);
      add(column.valid);
      collectBuffers(column.keys, into);
      collectBuffers(column.values, into);
      break;
    case 'list':
      add(column.offsets);
      add(column.valid);
      collectBuffers(column.element, into);
      break;
    case 'struct':
      for (const field of column.fields) collectBuffers(field, into);
      break;
    default:
      add(column.values);
      add(column.valid);
  }
}
