/** Builds the batch of one table: a column builder for each column of its schema. */
import { BridgeError } from '../errors.ts';
import type { Batch } from '../model/batch.ts';
import type { ColumnType, TableSchema } from '../model/table.ts';
import { type ColumnBuilder, ListBuilder, MapBuilder, StringBuilder, StructBuilder, textBytesOf } from './columns.ts';
import { BoolBuilder, DoubleBuilder, IdBuilder, Int32Builder, Int64Builder } from './fixed-columns.ts';
import type { Interner } from './interner.ts';

/** A point to return to: rows and the number of values in each dictionary. */
export interface Mark {
  readonly rows: number;
  readonly dictionaryCounts: readonly number[];
}

/** The builder class of each kind of column. */
export interface BuilderOfKind {
  string: StringBuilder;
  id: IdBuilder;
  int32: Int32Builder;
  uint32: Int32Builder;
  int64: Int64Builder;
  timestamp: Int64Builder;
  double: DoubleBuilder;
  bool: BoolBuilder;
  map: MapBuilder;
  list: ListBuilder;
  struct: StructBuilder;
}

export interface TableBuilder {
  readonly schema: TableSchema;
  /** Rows of the first column; all columns have the same number between two rows. */
  readonly rows: number;
  /** Bytes in use by columns and dictionaries. */
  readonly memoryBytes: number;
  /** The builder of a column; throws `internal` where the schema has none of that name and kind. */
  column<Kind extends keyof BuilderOfKind>(name: string, kind: Kind): BuilderOfKind[Kind];
  /**
   * Text of the rows since the mark, every value written out in each of its rows. A value is in a dictionary once, but
   * what reads or writes a row may have to go through all of it. Where it is few megabytes a column, a bound on it.
   */
  textBytes(since: Mark): number;
  mark(): Mark;
  /** Back to the mark, with what was begun of a further row and with the values that came into the dictionaries since. */
  rollback(mark: Mark): void;
  /** Drops the rows from `rows` on, also one that is not complete; the dictionaries keep their values. */
  truncate(rows: number): void;
  /** The rows as a batch whose buffers belong to the caller; the builder is empty afterwards and can go on. */
  finish(): Batch;
}

export function createTableBuilder(schema: TableSchema): TableBuilder {
  const columns = schema.columns.map((column) => columnBuilder(column.type));
  const names = schema.columns.map((column) => column.name);
  const interners = columns.flatMap(internersOf);
  const first = columns[0]!;

  function truncate(rows: number): void {
    for (const column of columns) column.truncate(rows);
  }

  return {
    schema,
    get rows() {
      return first.length;
    },
    get memoryBytes() {
      return columns.reduce((sum, column) => sum + column.memoryBytes, 0);
    },
    column: (name, kind) => builderNamed(names, columns, name, kind, `table ${schema.name}`),
    textBytes: ({ rows }) => columns.reduce((sum, column) => sum + textBytesOf(column, rows), 0),
    mark: () => ({ rows: first.length, dictionaryCounts: interners.map((interner) => interner.count) }),
    rollback(mark) {
      truncate(mark.rows);
      interners.forEach((interner, i) => {
        interner.truncate(mark.dictionaryCounts[i]!);
      });
    },
    truncate,
    finish() {
      const rows = first.length;
      const uneven = columns.findIndex((column) => column.length !== rows);
      if (uneven >= 0) {
        const found = `column ${names[uneven]} has ${columns[uneven]!.length} rows`;
        throw new BridgeError('internal', `table ${schema.name}: ${found}, column ${names[0]} has ${rows}`);
      }
      return { table: schema.name, rows, columns: columns.map((column) => column.finish()) };
    },
  };
}

/** The builder of a struct's field; throws `internal` where it has none of that name and kind. */
export function structField<Kind extends keyof BuilderOfKind>(
  struct: StructBuilder,
  name: string,
  kind: Kind,
): BuilderOfKind[Kind] {
  return builderNamed(struct.names, struct.fields, name, kind, 'struct');
}

/** The builder of a list's items; throws `internal` where they are of another kind. */
export function listElement<Kind extends keyof BuilderOfKind>(list: ListBuilder, kind: Kind): BuilderOfKind[Kind] {
  if (list.element.kind !== kind) throw new BridgeError('internal', `list of ${list.element.kind}, not of ${kind}`);
  return list.element as BuilderOfKind[Kind];
}

function builderNamed<Kind extends keyof BuilderOfKind>(
  names: readonly string[],
  builders: readonly ColumnBuilder[],
  name: string,
  kind: Kind,
  owner: string,
): BuilderOfKind[Kind] {
  const found = builders[names.indexOf(name)];
  if (found?.kind !== kind) {
    throw new BridgeError('internal', `${owner}: ${name} is ${found?.kind ?? 'missing'}, expected ${kind}`);
  }
  return found as BuilderOfKind[Kind];
}

function columnBuilder(type: ColumnType): ColumnBuilder {
  switch (type.kind) {
    case 'string':
      return new StringBuilder();
    case 'id':
      return new IdBuilder(type.bytes);
    case 'int32':
    case 'uint32':
      return new Int32Builder(type.kind);
    case 'int64':
    case 'timestamp':
      return new Int64Builder(type.kind);
    case 'double':
      return new DoubleBuilder();
    case 'bool':
      return new BoolBuilder();
    case 'map':
      return new MapBuilder();
    case 'list':
      return new ListBuilder(columnBuilder(type.element));
    case 'struct': {
      const names = type.fields.map((field) => field.name);
      return new StructBuilder(
        names,
        type.fields.map((field) => columnBuilder(field.type)),
      );
    }
  }
}

function internersOf(builder: ColumnBuilder): Interner[] {
  switch (builder.kind) {
    case 'string':
      return [builder.interner];
    case 'map':
      return [builder.keys.interner, builder.values.interner];
    case 'list':
      return internersOf(builder.element);
    case 'struct':
      return builder.fields.flatMap(internersOf);
    default:
      return [];
  }
}
