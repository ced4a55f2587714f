/**
 * Column types and table schemas, and their form in Arrow.
 *
 * Field ids are stable for each column for ever, because Iceberg readers find columns by them: a top-level id is
 * written down beside its column and never used again; a nested id is `parent * 100 + position` (map: key 1, value 2;
 * list: element 1; struct: position in the struct, to which fields are only appended). Promoted columns take ids from a
 * hash of the attribute's name, see promote.ts.
 */
import {
  Bool,
  type DataType,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  List,
  Map_,
  Schema,
  Struct,
  TimestampMicrosecond,
  Utf8,
} from 'apache-arrow';
import type { LakeTable } from './signal.ts';

export type ColumnType =
  /** UTF-8 text, dictionary-encoded in memory. */
  | { readonly kind: 'string' }
  /** An id of `bytes` bytes, raw in memory, lower-case hex text in Arrow and Parquet. */
  | { readonly kind: 'id'; readonly bytes: 8 | 16 }
  | { readonly kind: 'int32' }
  /** A proto uint32/fixed32: 4 bytes in memory, INT64 in Arrow and Parquet (engines refuse or misread unsigned types). */
  | { readonly kind: 'uint32' }
  /** Also uint64, kept by its bits. */
  | { readonly kind: 'int64' }
  | { readonly kind: 'double' }
  | { readonly kind: 'bool' }
  /** Microseconds since the epoch, UTC. */
  | { readonly kind: 'timestamp' }
  /** MAP<STRING,STRING>, both sides dictionary-encoded in memory; values may be null. */
  | { readonly kind: 'map' }
  | { readonly kind: 'list'; readonly element: ColumnType }
  | { readonly kind: 'struct'; readonly fields: readonly ColumnField[] };

export interface ColumnField {
  readonly name: string;
  readonly type: ColumnType;
  readonly nullable: boolean;
}

export interface Column extends ColumnField {
  readonly fieldId: number;
  /** One sentence for `tables`, ddl and the console. */
  readonly doc: string;
}

export interface TableSchema {
  readonly name: LakeTable;
  readonly columns: readonly Column[];
}

/** Arrow types of the table; with `dictionaries` as held in memory, without as readers see it. */
export function arrowSchema(table: TableSchema, dictionaries = true): Schema {
  const fields = table.columns.map((column) => arrowField(column, column.fieldId, dictionaries));
  return new Schema(fields, new Map());
}

export function arrowField(column: ColumnField, fieldId: number, dictionaries: boolean): Field {
  const metadata = new Map([['PARQUET:field_id', String(fieldId)]]);
  return new Field(column.name, arrowType(column.type, fieldId, dictionaries), column.nullable, metadata);
}

function arrowType(type: ColumnType, fieldId: number, dictionaries: boolean): DataType {
  switch (type.kind) {
    case 'string':
      return dictionaries ? new Dictionary(new Utf8(), new Int32()) : new Utf8();
    case 'id':
      return new Utf8();
    case 'int32':
      return new Int32();
    case 'uint32':
    case 'int64':
      return new Int64();
    case 'double':
      return new Float64();
    case 'bool':
      return new Bool();
    case 'timestamp':
      return new TimestampMicrosecond('UTC');
    case 'map': {
      const string = { kind: 'string' } as const;
      const key = arrowField({ name: 'key', type: string, nullable: false }, fieldId * 100 + 1, dictionaries);
      const value = arrowField({ name: 'value', type: string, nullable: true }, fieldId * 100 + 2, dictionaries);
      return new Map_(new Field('key_value', new Struct([key, value]), false) as never, false);
    }
    case 'list':
      return new List(
        arrowField({ name: 'element', type: type.element, nullable: false }, fieldId * 100 + 1, dictionaries),
      );
    case 'struct':
      return new Struct(type.fields.map((field, i) => arrowField(field, fieldId * 100 + i + 1, dictionaries)));
  }
}
