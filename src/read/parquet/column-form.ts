/**
 * How a column of a table lies in a file: a tree over its leaf columns, with the levels that tell lists and nulls apart
 * (https://parquet.apache.org/docs/file-format/nestedencoding/). Only forms that this bridge and most others write are
 * known here; whatever else there is (other physical types, encodings, codecs, lists of two levels) is left to parquet-wasm.
 */
import type { ColumnMetaData, SchemaElement } from 'hyparquet';
import type { ReadType, TimeUnit } from '../schema.ts';
import { decimalFactor } from './decimal-values.ts';
import type { Footer } from './footer.ts';
import { canDecompress } from './page.ts';

export type ColumnForm = LeafForm | StructForm | ListForm | MapForm | EntriesForm;

/** Definition level from which on a value is there, and from which on the lists around it have an item for it. */
interface Levels {
  readonly definition: number;
  readonly item: number;
  /** Lists around it. */
  readonly repetition: number;
}

export interface LeafForm extends Levels {
  readonly kind: 'leaf';
  /** Number of the column chunk. */
  readonly leaf: number;
  readonly element: SchemaElement;
  readonly type: ReadType;
}

export interface StructForm extends Levels {
  readonly kind: 'struct';
  readonly names: readonly string[];
  /** A field that the file has not is its type. */
  readonly fields: readonly (ColumnForm | { readonly kind: 'absent'; readonly type: ReadType })[];
}

export interface ListForm extends Levels {
  readonly kind: 'list';
  readonly element: ColumnForm;
}

export interface MapForm extends Levels {
  readonly kind: 'map';
  readonly key: LeafForm;
  readonly value: LeafForm;
}

/** A map of other types than text. */
export interface EntriesForm extends Levels {
  readonly kind: 'entries';
  readonly key: ColumnForm;
  readonly value: ColumnForm;
}

/** The form of a column whose chunks in a row group can be decoded here as the table's type; undefined where they cannot. */
export function columnForm(footer: Footer, group: number, column: string, type: ReadType): ColumnForm | undefined {
  const found = footer.columns.get(column);
  if (found === undefined) return undefined;
  const chunks = footer.metadata.row_groups[group]!.columns;
  for (const leaf of found.leaves) if (!canDecodePages(chunks[leaf]!.meta_data!)) return undefined;
  const cursor = { schema: footer.metadata.schema, at: found.first, leaf: found.leaves[0] ?? 0 };
  return formOf(cursor, type, { definition: 0, item: 0, repetition: 0 });
}

function canDecodePages({ codec, encodings }: ColumnMetaData): boolean {
  return canDecompress(codec) && encodings.every((encoding) => ENCODINGS.has(encoding));
}

const ENCODINGS = new Set(['PLAIN', 'PLAIN_DICTIONARY', 'RLE_DICTIONARY', 'RLE', 'BIT_PACKED']);

/** Elements of a schema stand in depth-first order, and so do their leaves. */
interface Cursor {
  readonly schema: readonly SchemaElement[];
  at: number;
  leaf: number;
}

/** Moves the cursor behind the element. */
function formOf(cursor: Cursor, type: ReadType, around: Levels): ColumnForm | undefined {
  const element = cursor.schema[cursor.at]!;
  if (element.repetition_type === 'REPEATED') return undefined;
  const levels = { ...around, definition: around.definition + (element.repetition_type === 'OPTIONAL' ? 1 : 0) };
  switch (type.kind) {
    case 'map':
      return mapForm(cursor, element, levels);
    case 'entries':
      return entriesForm(cursor, element, type, levels);
    case 'list':
      return listForm(cursor, element, type.element, levels);
    case 'struct':
      return structForm(cursor, element, type.fields, levels);
    default:
      return leafForm(cursor, element, type, levels);
  }
}

function leafForm(cursor: Cursor, element: SchemaElement, type: ReadType, levels: Levels): LeafForm | undefined {
  if (!isLeafOf(element, type)) return undefined;
  cursor.at++;
  return { kind: 'leaf', ...levels, leaf: cursor.leaf++, element, type };
}

function isLeafOf(element: SchemaElement, type: ReadType): boolean {
  const { type: physical } = element;
  const logical = element.logical_type?.type ?? element.converted_type;
  switch (type.kind) {
    case 'string':
    case 'id':
      return physical === 'BYTE_ARRAY' && TEXTS.has(logical);
    case 'int32':
    case 'uint32':
    case 'int64':
    case 'integer': {
      const isInteger = logical === undefined || logical === 'INTEGER' || /^U?INT_/.test(logical);
      return isInteger && (physical === 'INT64' || physical === 'INT32');
    }
    case 'timestamp':
      return physical === 'INT64' && unitOf(element, 'TIMESTAMP') === 'us';
    case 'instant':
      return physical === 'INT64' && unitOf(element, 'TIMESTAMP') === type.unit;
    case 'time':
      return physical === (type.unit === 'ms' ? 'INT32' : 'INT64') && unitOf(element, 'TIME') === type.unit;
    case 'date':
      return physical === 'INT32' && logical === 'DATE';
    case 'double':
      return physical === 'DOUBLE' || physical === 'FLOAT';
    case 'float':
      return physical === 'FLOAT';
    case 'bool':
      return physical === 'BOOLEAN';
    case 'decimal':
      return logical === 'DECIMAL' && decimalFactor(element, type) !== undefined;
    case 'bytes':
      if (physical === 'BYTE_ARRAY') return logical === undefined || logical === 'BSON';
      return physical === 'FIXED_LEN_BYTE_ARRAY' && (logical === undefined || logical === 'UUID');
    default:
      return false;
  }
}

/** What text is annotated with; other bytes than UTF-8 are left to parquet-wasm. */
const TEXTS = new Set<string | undefined>(['STRING', 'UTF8', 'ENUM', 'JSON']);

function unitOf(element: SchemaElement, kind: 'TIME' | 'TIMESTAMP'): TimeUnit | undefined {
  const { logical_type: logical, converted_type: converted } = element;
  const unit = logical?.type === kind ? logical.unit : logical === undefined && converted?.split(`${kind}_`)[1];
  return unit ? UNITS[unit] : undefined;
}

const UNITS: Readonly<Record<string, TimeUnit>> = { MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' };

/** Behind the one repeated child of a list or map; undefined where there is none. */
function repeated(cursor: Cursor, { num_children }: SchemaElement, children: number, levels: Levels) {
  const child = cursor.schema[cursor.at + 1];
  if (num_children !== 1 || child?.repetition_type !== 'REPEATED' || child.num_children !== children) return undefined;
  cursor.at += 2;
  const definition = levels.definition + 1;
  return { name: child.name, inner: { definition, item: definition, repetition: levels.repetition + 1 } };
}

function mapForm(cursor: Cursor, element: SchemaElement, levels: Levels): MapForm | undefined {
  const logical = element.logical_type?.type ?? element.converted_type;
  const entries = repeated(cursor, element, 2, levels);
  if (entries === undefined || !(logical === 'MAP' || logical === 'MAP_KEY_VALUE')) return undefined;
  const key = formOf(cursor, { kind: 'string' }, entries.inner);
  const value = key && formOf(cursor, { kind: 'string' }, entries.inner);
  return key?.kind === 'leaf' && value?.kind === 'leaf' ? { kind: 'map', ...levels, key, value } : undefined;
}

type EntriesType = Extract<ReadType, { kind: 'entries' }>;

function entriesForm(
  cursor: Cursor,
  element: SchemaElement,
  type: EntriesType,
  levels: Levels,
): EntriesForm | undefined {
  const logical = element.logical_type?.type ?? element.converted_type;
  const entries = repeated(cursor, element, 2, levels);
  if (entries === undefined || !(logical === 'MAP' || logical === 'MAP_KEY_VALUE')) return undefined;
  const key = formOf(cursor, type.key, entries.inner);
  const value = key && formOf(cursor, type.value, entries.inner);
  return value && { kind: 'entries', ...levels, key, value };
}

function listForm(cursor: Cursor, element: SchemaElement, type: ReadType, levels: Levels): ListForm | undefined {
  const logical = element.logical_type?.type ?? element.converted_type;
  const items = repeated(cursor, element, 1, levels);
  // Under other names the repeated group may be the element itself.
  if (items?.name !== 'list' || logical !== 'LIST') return undefined;
  const item = formOf(cursor, type, items.inner);
  return item && { kind: 'list', ...levels, element: item };
}

type StructType = Extract<ReadType, { kind: 'struct' }>;

/** Fields are found by their names, and stand in the file as in the table; fields that the table has not are passed over. */
function structForm(
  cursor: Cursor,
  element: SchemaElement,
  types: StructType['fields'],
  levels: Levels,
): StructForm | undefined {
  const { num_children: count = 0 } = element;
  if (count === 0 || (element.logical_type ?? element.converted_type) !== undefined) return undefined;
  const found = new Map<string, ColumnForm>();
  cursor.at++;
  for (let i = 0; i < count; i++) {
    const field = types.find(({ name }) => name === cursor.schema[cursor.at]!.name);
    if (field === undefined) {
      passOver(cursor);
      continue;
    }
    const form = formOf(cursor, field.type, levels);
    if (form === undefined) return undefined;
    found.set(field.name, form);
  }
  if (found.size === 0) return undefined;
  const fields = types.map(({ name, type }) => found.get(name) ?? { kind: 'absent' as const, type });
  return { kind: 'struct', ...levels, names: types.map(({ name }) => name), fields };
}

function passOver(cursor: Cursor): void {
  for (let open = 1; open > 0; cursor.at++) {
    const { num_children: children = 0 } = cursor.schema[cursor.at]!;
    if (children === 0) cursor.leaf++;
    open += children - 1;
  }
}
