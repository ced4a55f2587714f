/** Schemas of records, for the library. */
import { type InferOptions, inferSchema as infer } from '../records/infer.ts';
import { createSchema as create } from '../records/schema.ts';
import { parseSchema as parse, readSchemaFile as readFile, type SchemaFormat } from '../records/schema-file.ts';
import type { ParquetSchema, SchemaInput } from '../records/types.ts';
import { unifySchemas as unify } from '../records/unify.ts';
import { SchemaError, within, withinSync } from './errors.ts';

export { printSchema } from '../records/schema.ts';

/**
 * A schema, checked and complete, from types as text such as `decimal(18,10)` or as objects.
 *
 * @throws {@link SchemaError} with every problem: a type that makes no sense, a name that is missing or twice
 */
export function createSchema(input: SchemaInput): ParquetSchema {
  return withinSync('schema', () => create(input));
}

/**
 * Reads a schema from a `.json` or `.toml` file: a list `fields` of `name`, `type`, `nullable` (default true), `metadata`
 * and `field_id`, or a table of names and types; and `metadata` of the file.
 *
 * @throws {@link SchemaError} with every problem in the file, NotFoundError where it does not exist
 */
export function readSchemaFile(path: string): Promise<ParquetSchema> {
  return within('schema', () => readFile(path));
}

/**
 * A schema from text in the form of {@link readSchemaFile}.
 *
 * @throws {@link SchemaError} with every problem: syntax with its line, unknown keys, wrong types, duplicate names
 */
export function parseSchema(text: string, format: 'json' | 'toml'): ParquetSchema {
  return withinSync('schema', () => parse(text, format satisfies SchemaFormat));
}

/**
 * The schema with the narrowest types that hold the values of all records, and with nulls where there are some: what a
 * write without a schema goes by, for looking at it first. Text stays text, whatever it says.
 *
 * @throws {@link SchemaError} with each column whose values have no type in common
 */
export function inferSchema(
  records: Iterable<Readonly<Record<string, unknown>>>,
  options: InferOptions = {},
): ParquetSchema {
  return withinSync('schema', () => infer(records, options));
}

/**
 * The schema under which files of several schemas are read as one table: all their columns, by name, each with the
 * narrowest type that holds the values of all.
 *
 * @throws {@link SchemaError} with each column that has no such type
 */
export function unifySchemas(...schemas: readonly SchemaInput[]): ParquetSchema {
  const { schema, reasons } = unify(schemas.map(createSchema));
  if (schema === undefined) {
    throw new SchemaError('unprocessable', `the schemas are not those of one table: ${reasons.join('; ')}`);
  }
  return schema;
}
