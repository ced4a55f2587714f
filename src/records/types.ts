/**
 * Schemas of records: which columns a table has, of which types, with which nulls. Everything that takes rows from
 * outside (the connector, imports, conversions) is told what they are by one of these, and every Parquet file has one.
 *
 * The types are those that both Arrow and Parquet have, so that what is written is read back as the same type. How each
 * is written down in text is in type-text.ts, how it becomes Arrow in arrow.ts.
 */

/** Parquet has no times of whole seconds, so there is no unit for them here. */
export type TimeUnit = 'ms' | 'us' | 'ns';

/** Integers by their bits. */
export type IntegerKind = 'int8' | 'int16' | 'int32' | 'int64' | 'uint8' | 'uint16' | 'uint32' | 'uint64';

/** The type of a column, or of what stands in a list, a map or a struct. */
export type FieldType =
  | { readonly kind: 'bool' }
  | { readonly kind: IntegerKind }
  | { readonly kind: 'float32' }
  | { readonly kind: 'float64' }
  /**
   * An exact decimal number of at most `precision` digits (1 to 76), `scale` of them (0 to `precision`) behind the
   * point. Many engines stop at 38 digits.
   */
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** UTF-8 text. */
  | { readonly kind: 'string' }
  | { readonly kind: 'binary' }
  /** Exactly `bytes` bytes. */
  | { readonly kind: 'fixed_binary'; readonly bytes: number }
  /** A day of the proleptic Gregorian calendar. */
  | { readonly kind: 'date' }
  /** A time of day, without a zone. */
  | { readonly kind: 'time'; readonly unit: TimeUnit }
  /**
   * With `timezone` an instant: Parquet keeps that it is one, not the zone, so files are read back as UTC. The zone is
   * what text without an offset is taken for. Without `timezone` a date and time of day as a calendar and a clock show it.
   */
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit; readonly timezone: string | undefined }
  | { readonly kind: 'uuid' }
  /** JSON text. */
  | { readonly kind: 'json' }
  /** `element` is named "element". */
  | { readonly kind: 'list'; readonly element: ParquetField }
  | { readonly kind: 'struct'; readonly fields: readonly ParquetField[] }
  /** `key` is named "key", never null and not nested; `value` is named "value". */
  | { readonly kind: 'map'; readonly key: ParquetField; readonly value: ParquetField };

/** A column, or what stands in a list, a map or a struct. */
export interface ParquetField {
  readonly name: string;
  readonly type: FieldType;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, string>>;
  /** Number by which Iceberg and others find the column whatever its name; kept in the file. */
  readonly fieldId?: number;
}

/**
 * The schema of a table. Make one with `createSchema` (from types in text), `parseSchema` or `readSchemaFile` (from
 * JSON or TOML), `inferSchema` (from records) or `fromArrowSchema`: they check what this type cannot say.
 */
export interface ParquetSchema {
  /** In the order of the columns; names are unique. */
  readonly fields: readonly ParquetField[];
  /** Key-value metadata of the file. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A field as a person writes it: the type as text or as an object, nullable unless said otherwise. */
export interface FieldInput {
  readonly name: string;
  /** For example `int64`, `decimal(18,10)`, `timestamp(us, UTC)`, `map<string,string>`; see `parseType`. */
  readonly type: string | FieldType;
  /** Default true. */
  readonly nullable?: boolean | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly fieldId?: number | undefined;
}

/** A schema as a person writes it. */
export interface SchemaInput {
  readonly fields: readonly FieldInput[];
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}
