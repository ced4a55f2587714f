/**
 * The footer of a file made of separately written row groups: their metadata shifted to where their pages stand now,
 * under one schema, mended where parquet-wasm departs from what readers expect. Field numbers are those of
 * https://github.com/apache/parquet-format/blob/master/src/main/thrift/parquet.thrift.
 */
import { DataType, type Field } from 'apache-arrow';
import { EXTENSION_NAME, JSON_EXTENSION, UUID_EXTENSION } from '../model/arrow-names.ts';
import {
  bool,
  i16,
  i32,
  i64,
  list,
  numberOf,
  optionalNumber,
  struct,
  structOf,
  structsOf,
  THRIFT,
  type ThriftStruct,
  type ThriftValue,
  text,
  textOf,
} from './thrift.ts';

/** ConvertedType MAP and JSON, and the members of the LogicalType union. */
const CONVERTED_MAP = 1;
const CONVERTED_JSON = 19;
const LOGICAL_MAP = 2;
const LOGICAL_JSON = 12;
const LOGICAL_UUID = 14;

/** An ordinal is 16 bits wide; it is optional and left out where it does not fit. */
const MAX_ORDINAL = 0x7fff;

export interface FileSchema {
  readonly elements: readonly ThriftStruct[];
  /** Path of each leaf column, in the order of the column chunks. */
  readonly leaves: readonly (readonly string[])[];
}

/**
 * Names map groups as the format says, `key_value` with `key` and `value`: Arrow names them `entries`, which PyIceberg
 * refuses. Gives columns of Arrow's extension types for uuid and JSON the logical types of the same meaning, which
 * parquet-wasm leaves out. Changes the elements in place.
 *
 * @param fields the Arrow fields that the elements were made from
 */
export function mendSchema(elements: readonly ThriftStruct[], fields: readonly Field[]): FileSchema {
  const leaves: string[][] = [];
  const extensions = fields.flatMap(leafExtensions);
  let next = 1;
  const name = (element: ThriftStruct, to: string) => element.set(4, text(to));
  const visit = (path: string[]): void => {
    const element = elements[next++]!;
    const children = optionalNumber(element, 5) ?? 0;
    if (isMap(element)) {
      name(elements[next]!, 'key_value');
      name(elements[next + 1]!, 'key');
      name(elements[next + 2]!, 'value');
    }
    const here = [...path, textOf(element, 4)];
    if (children === 0) {
      setExtension(element, extensions[leaves.length]);
      leaves.push(here);
    }
    for (let i = 0; i < children; i++) visit(here);
  };
  name(elements[0]!, 'schema');
  const top = numberOf(elements[0]!, 5);
  for (let i = 0; i < top; i++) visit([]);
  return { elements, leaves };
}

/** The extension type of each leaf column below a field, in the order of the leaves. */
function leafExtensions({ type, metadata }: Field): (string | undefined)[] {
  // A dictionary has the children of its values' type, and only plain types are put into one.
  const children = DataType.isDictionary(type) ? [] : ((type.children ?? []) as Field[]);
  return children.length === 0 ? [metadata.get(EXTENSION_NAME)] : children.flatMap(leafExtensions);
}

function setExtension(element: ThriftStruct, extension: string | undefined): void {
  if (extension === UUID_EXTENSION) {
    element.set(10, struct([LOGICAL_UUID, struct()]));
  } else if (extension === JSON_EXTENSION) {
    element.set(6, i32(CONVERTED_JSON));
    element.set(10, struct([LOGICAL_JSON, struct()]));
  }
}

/** A map's group has one child, whose first child is a leaf and the key: keys are never nested. */
function isMap(element: ThriftStruct): boolean {
  if (optionalNumber(element, 6) === CONVERTED_MAP) return true;
  return element.get(10)?.type === THRIFT.struct && structOf(element, 10).has(LOGICAL_MAP);
}

/** Moves a RowGroup's pages by `shift` bytes, gives it its place in the file and its columns their mended paths. */
export function placeRowGroup(
  rowGroup: ThriftStruct,
  place: { readonly shift: number; readonly ordinal: number; readonly sortedBy: readonly number[] },
  leaves: FileSchema['leaves'],
): void {
  structsOf(rowGroup, 1).forEach((column, i) => {
    const chunk = structOf(column, 3);
    const path = leaves[i]!.map((part) => text(part).value);
    chunk.set(3, list(THRIFT.binary, path));
    for (const offset of [9, 10, 11]) shiftNumber(chunk, offset, place.shift);
  });
  shiftNumber(rowGroup, 5, place.shift);
  if (place.sortedBy.length > 0) rowGroup.set(4, list(THRIFT.struct, place.sortedBy.map(sortingColumn)));
  if (place.ordinal <= MAX_ORDINAL) rowGroup.set(7, i16(place.ordinal));
  else rowGroup.delete(7);
}

function sortingColumn(column: number): ThriftStruct {
  return new Map([
    [1, i32(column)],
    [2, bool(false)], // descending
    [3, bool(false)], // nulls_first
  ]);
}

/** Moves the pages an OffsetIndex points at. */
export function shiftOffsetIndex(offsetIndex: ThriftStruct, shift: number): void {
  for (const location of structsOf(offsetIndex, 1)) shiftNumber(location, 1, shift);
}

function shiftNumber(parent: ThriftStruct, id: number, shift: number): void {
  const value = optionalNumber(parent, id);
  if (value !== undefined) parent.set(id, i64(value + shift));
}

export interface Footer {
  readonly schema: FileSchema;
  readonly columnOrders: readonly ThriftStruct[];
  readonly rowGroups: readonly ThriftStruct[];
  readonly rows: number;
  readonly metadata: Readonly<Record<string, string>>;
  readonly createdBy: string;
}

/**
 * FileMetaData. The key `ARROW:schema` of the small files is left behind: it would tell Arrow readers to make
 * dictionary types of the strings.
 */
export function fileMetaData({ schema, columnOrders, rowGroups, rows, metadata, createdBy }: Footer): ThriftStruct {
  const pairs = Object.entries(metadata).map(
    ([key, value]): ThriftValue =>
      new Map([
        [1, text(key)],
        [2, text(value)],
      ]),
  );
  return new Map([
    [1, i32(1)],
    [2, list(THRIFT.struct, [...schema.elements])],
    [3, i64(rows)],
    [4, list(THRIFT.struct, [...rowGroups])],
    ...(pairs.length > 0 ? [[5, list(THRIFT.struct, pairs)] as const] : []),
    [6, text(createdBy)],
    [7, list(THRIFT.struct, [...columnOrders])],
  ]);
}
