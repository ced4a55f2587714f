/**
 * Schemas in files, as JSON or TOML:
 *
 *     [[fields]]                                  { "fields": [
 *     name = "id"                                   { "name": "id", "type": "int64", "nullable": false },
 *     type = "int64"                                { "name": "tags", "type": "list<string>" }
 *     nullable = false                            ], "metadata": { "owner": "payments" } }
 *
 * Keys of a field: name, type (see type-text.ts), nullable (default true), metadata (a table of strings), field_id.
 * A field may also be written as a pair of name and type: `fields = { id = "int64 not null", tags = "list<string>" }`.
 */
import { readFile } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import { BridgeError } from '../errors.ts';
import { createSchema } from './schema.ts';
import type { FieldInput, ParquetSchema } from './types.ts';

export type SchemaFormat = 'json' | 'toml';

const MAX_FILE_BYTES = 4 * 1024 * 1024;

/**
 * Reads a schema from a `.json` or `.toml` file.
 *
 * @throws BridgeError not_found, or invalid_argument with the file's name and every problem in it
 */
export async function readSchemaFile(path: string): Promise<ParquetSchema> {
  const format = /\.(json|toml)$/i.exec(path)?.[1]?.toLowerCase() as SchemaFormat | undefined;
  if (format === undefined) throw wrong(`the schema file ${path} ends neither in .json nor in .toml`);
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw new BridgeError('not_found', `the schema file ${path} does not exist`, { cause });
    throw new BridgeError('invalid_argument', `the schema file ${path} cannot be read (${code})`, { cause });
  }
  if (bytes.length > MAX_FILE_BYTES) {
    throw wrong(`the schema file ${path} has ${bytes.length} bytes, expected at most ${MAX_FILE_BYTES}`);
  }
  return parseSchema(bytes.toString(), format, path);
}

/**
 * @param file the name in messages
 * @throws BridgeError invalid_argument with every problem: syntax with its line, unknown keys, types that make no
 *   sense, names that are missing or there twice
 */
export function parseSchema(text: string, format: SchemaFormat, file = 'the schema'): ParquetSchema {
  const found = parseText(text.replace(/^\uFEFF/, ''), format, file);
  const problems: string[] = [];
  const root = tableOf(found, 'the schema', ['fields', 'metadata'], problems);
  const fields = fieldsOf(root.fields, problems);
  const metadata = metadataOf(root.metadata, 'metadata', problems);
  if (problems.length > 0) throw wrong(`${file}: ${problems.join('; ')}`);
  try {
    return createSchema({ fields, metadata });
  } catch (cause) {
    throw wrong(`${file}: ${BridgeError.from(cause).message}`, cause);
  }
}

function parseText(text: string, format: SchemaFormat, file: string): unknown {
  try {
    return format === 'json' ? JSON.parse(text) : parse(text);
  } catch (cause) {
    if (cause instanceof TomlError) {
      const message = cause.message.split('\n')[0]!.replace(/^Invalid TOML document: /, '');
      throw wrong(`${file}:${cause.line}:${cause.column}: this is no TOML: ${message}`, cause);
    }
    throw wrong(`${file}: this is no JSON: ${(cause as Error).message}`, cause);
  }
}

type Json = Readonly<Record<string, unknown>>;

const FIELD_KEYS = ['name', 'type', 'nullable', 'metadata', 'field_id'] as const;

function fieldsOf(value: unknown, problems: string[]): FieldInput[] {
  if (Array.isArray(value)) return value.map((item, i) => fieldOf(item, `fields[${i}]`, problems));
  if (!isTable(value)) {
    problems.push(`fields is ${describe(value)}, expected a list of fields with name and type`);
    return [];
  }
  return Object.entries(value).map(([name, type]) => {
    if (typeof type !== 'string') problems.push(`fields.${name} is ${describe(type)}, expected a type as text`);
    const { type: bare, nullable } = splitNotNull(String(type));
    return { name, type: bare, nullable };
  });
}

function fieldOf(value: unknown, path: string, problems: string[]): FieldInput {
  const table = tableOf(value, path, FIELD_KEYS, problems);
  const { name, type, nullable, field_id: fieldId } = table;
  const expect = (key: string, found: unknown, expected: string): void => {
    const named = typeof name === 'string' && key !== 'name' ? ` (${name})` : '';
    problems.push(`${path}${named}: ${key} is ${describe(found)}, expected ${expected}`);
  };
  if (typeof name !== 'string') expect('name', name, 'a text');
  if (typeof type !== 'string') expect('type', type, 'a type as text, such as "int64"');
  if (nullable !== undefined && typeof nullable !== 'boolean') expect('nullable', nullable, 'true or false');
  if (fieldId !== undefined && typeof fieldId !== 'number') expect('field_id', fieldId, 'a number');
  const bare = splitNotNull(String(type));
  if (bare.nullable === false && nullable === true) expect('nullable', nullable, 'false, as its type says "not null"');
  return {
    name: String(name),
    type: bare.type,
    nullable: bare.nullable ?? (nullable as boolean | undefined),
    metadata: metadataOf(table.metadata, `${path}.metadata`, problems),
    fieldId: fieldId as number | undefined,
  };
}

/** `int64 not null` is how `printSchema` writes a field. */
function splitNotNull(text: string): { readonly type: string; readonly nullable: boolean | undefined } {
  const type = text.replace(/\s+not\s+null\s*$/i, '');
  return { type, nullable: type === text ? undefined : false };
}

function metadataOf(value: unknown, path: string, problems: string[]): Record<string, string> {
  if (value === undefined) return {};
  if (!isTable(value)) {
    problems.push(`${path} is ${describe(value)}, expected a table of texts`);
    return {};
  }
  for (const [key, item] of Object.entries(value)) {
    if (typeof item !== 'string') problems.push(`${path}.${key} is ${describe(item)}, expected a text`);
  }
  return value as Record<string, string>;
}

function tableOf(value: unknown, path: string, known: readonly string[], problems: string[]): Json {
  if (!isTable(value)) {
    problems.push(`${path} is ${describe(value)}, expected a table with ${known.join(', ')}`);
    return {};
  }
  for (const key of Object.keys(value)) {
    if (!known.includes(key)) problems.push(`${path} has the unknown key "${key}"; known are ${known.join(', ')}`);
  }
  return value;
}

function isTable(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Date);
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing';
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}

function wrong(message: string, cause?: unknown): BridgeError {
  return new BridgeError('invalid_argument', message, { cause });
}
