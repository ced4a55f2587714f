/**
 * The field of a strategy: a column of the table (promoted ones too), or an attribute of the row, else of its resource.
 * What is no column is an attribute's name; `attributes['k']` and `resource_attributes['k']` name one map only.
 */
import { BridgeError } from '../errors.ts';
import type { Batch, IdData, MapData, NumberData, StringDictionary } from '../model/batch.ts';
import type { TableSchema } from '../model/table.ts';

/** Text by code, -1 where a row has none; codes are below `count`. */
export interface TextField {
  readonly kind: 'text';
  readonly codes: Int32Array;
  readonly count: number;
  /** UTF-8, a view that must not be kept. */
  utf8(code: number): Uint8Array;
}

/** A field's data in a batch; undefined where no row has it. */
export type FieldData = TextField | IdData | NumberData | undefined;

export type FieldReader = (batch: Batch) => FieldData;

/** `attributes` and `resource_attributes` in the order they are asked. */
const ATTRIBUTE_MAPS = ['attributes', 'resource_attributes'] as const;

export interface FieldName {
  /** Set where the field names an attribute, in one of these maps, the first that has it. */
  readonly maps: readonly string[] | undefined;
  /** The column's or the attribute's name. */
  readonly name: string;
}

/** What a field names in a table. */
export function resolveField(
  field: string,
  schema: { readonly columns: readonly { readonly name: string }[] },
): FieldName {
  if (schema.columns.some((column) => column.name === field)) return { maps: undefined, name: field };
  const indexed = /^(attributes|resource_attributes)\['(.*)'\]$/s.exec(field);
  if (indexed) return { maps: [indexed[1]!], name: indexed[2]!.replaceAll("''", "'") };
  return { maps: ATTRIBUTE_MAPS, name: field };
}

/** Throws `config` where the column holds nested data, which has no one value. */
export function fieldReader(field: string, schema: TableSchema): FieldReader {
  const { maps, name } = resolveField(field, schema);
  const indexOf = (column: string) => schema.columns.findIndex((c) => c.name === column);
  if (maps !== undefined) {
    const indexes = maps.map(indexOf).filter((i) => i >= 0);
    const key = new TextEncoder().encode(name);
    return (batch) => attributeData(batch, indexes, key);
  }
  const index = indexOf(name);
  const kind = schema.columns[index]!.type.kind;
  if (kind === 'map' || kind === 'list' || kind === 'struct') {
    const hint = kind === 'map' ? `Name an attribute, as in ${name}['service.name'].` : undefined;
    throw new BridgeError('config', `column ${name} of table ${schema.name} is a ${kind}, not a single value`, {
      hint,
    });
  }
  return (batch) => columnData(batch, index);
}

function columnData(batch: Batch, index: number): FieldData {
  const column = batch.columns[index]!;
  if (column.kind === 'string') {
    const { length, dictionary } = column;
    const codes = column.codes.subarray(0, length);
    return { kind: 'text', codes, count: dictionary.count, utf8: (code) => entry(dictionary, code) };
  }
  return column as IdData | NumberData;
}

/** One text field over the maps' values; the codes of the second map come after those of the first. */
function attributeData(batch: Batch, indexes: readonly number[], key: Uint8Array): FieldData {
  let codes: Int32Array | undefined;
  let count = 0;
  const dictionaries: { readonly first: number; readonly dictionary: StringDictionary }[] = [];
  for (const index of indexes) {
    const map = batch.columns[index] as MapData;
    const keyCode = findEntry(map.keys.dictionary, key);
    if (keyCode < 0) continue;
    codes ??= new Int32Array(batch.rows).fill(-1);
    fillFromMap(codes, map, keyCode, count);
    dictionaries.push({ first: count, dictionary: map.values.dictionary });
    count += map.values.dictionary.count;
  }
  if (codes === undefined) return undefined;
  const utf8 = (code: number) => {
    const { first, dictionary } = dictionaries.findLast((d) => d.first <= code)!;
    return entry(dictionary, code - first);
  };
  return { kind: 'text', codes, count, utf8 };
}

/** Gives every row still without a code the value of the key in its map. */
function fillFromMap(codes: Int32Array, map: MapData, keyCode: number, first: number): void {
  const { offsets } = map;
  const keys = map.keys.codes;
  const values = map.values.codes;
  let end = offsets[0]!;
  for (let row = 0; row < codes.length; row++) {
    const start = end;
    end = offsets[row + 1]!;
    if (codes[row]! >= 0) continue;
    for (let i = start; i < end; i++) {
      if (keys[i] !== keyCode) continue;
      if (values[i]! >= 0) codes[row] = first + values[i]!;
      break;
    }
  }
}

function entry(dictionary: StringDictionary, code: number): Uint8Array {
  return dictionary.bytes.subarray(dictionary.offsets[code]!, dictionary.offsets[code + 1]!);
}

function findEntry(dictionary: StringDictionary, text: Uint8Array): number {
  const { count, offsets, bytes } = dictionary;
  for (let code = 0; code < count; code++) {
    const start = offsets[code]!;
    if (offsets[code + 1]! - start !== text.length) continue;
    let i = 0;
    while (i < text.length && bytes[start + i] === text[i]) i++;
    if (i === text.length) return code;
  }
  return -1;
}
