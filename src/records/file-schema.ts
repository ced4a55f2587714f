/**
 * What of a schema a Parquet file keeps as key-value metadata: the schema's own metadata, key by key, and under
 * SCHEMA_KEY what Parquet has no place for, which are zones of instants other than UTC and metadata of columns.
 *
 *     otel-lake.schema = {"fields":[{"name":"at","type":"timestamp(us, Europe/Berlin)","metadata":{"unit":"s"}}]}
 *
 * Only such columns are named there. Readers that do not know the key lose nothing else.
 */
import { childrenOf, createSchema, schemaInput } from './schema.ts';
import type { FieldType, ParquetField, ParquetSchema, SchemaInput } from './types.ts';
import { sameType } from './widen.ts';

export const SCHEMA_KEY = 'otel-lake.schema';

/** Under which Arrow's writers keep their own form of the schema. */
const ARROW_KEY = 'ARROW:schema';

/** Keys that say what a file is, not what its rows are, begin with this. */
const OWN_PREFIX = 'otel-lake.';

/** The key-value metadata that a file under this schema carries. */
export function fileMetadata(schema: ParquetSchema): Record<string, string> {
  const fields = schema.fields.filter((field) => hasMore(field.type) || Object.keys(field.metadata).length > 0);
  if (fields.length === 0) return { ...schema.metadata };
  return { ...schema.metadata, [SCHEMA_KEY]: JSON.stringify(schemaInput({ fields, metadata: {} })) };
}

function hasMore(type: FieldType): boolean {
  if (type.kind === 'timestamp') return type.timezone !== undefined && type.timezone !== 'UTC';
  return childrenOf(type).some((child) => hasMore(child.type));
}

/**
 * The schema of a file with what its metadata says beyond its footer's columns. A key that cannot be read, or that does
 * not go with the columns, says nothing.
 *
 * @param schema as the footer has it
 * @param metadata key-value metadata of the footer
 */
export function withFileMetadata(schema: ParquetSchema, metadata: Readonly<Record<string, string>>): ParquetSchema {
  const kept = new Map(parseKept(metadata[SCHEMA_KEY]).map((field) => [field.name, field]));
  const fields = schema.fields.map((field) => {
    const more = kept.get(field.name);
    return more !== undefined && sameType(field.type, more.type)
      ? { ...field, type: zoned(field.type, more.type), metadata: more.metadata }
      : field;
  });
  const own = Object.entries(metadata).filter(([key]) => !key.startsWith(OWN_PREFIX) && key !== ARROW_KEY);
  return { fields, metadata: Object.fromEntries(own) };
}

function parseKept(text: string | undefined): readonly ParquetField[] {
  if (text === undefined) return [];
  try {
    return createSchema(JSON.parse(text) as SchemaInput).fields;
  } catch {
    return [];
  }
}

/** `type`, whose nested fields have ids of the file, with the zones of `more`. */
function zoned(type: FieldType, more: FieldType): FieldType {
  if (type.kind === 'timestamp') return more;
  const others = childrenOf(more);
  const inner = (field: ParquetField, i: number): ParquetField => ({
    ...field,
    type: zoned(field.type, others[i]!.type),
  });
  if (type.kind === 'list') return { kind: 'list', element: inner(type.element, 0) };
  if (type.kind === 'map') return { kind: 'map', key: inner(type.key, 0), value: inner(type.value, 1) };
  return type.kind === 'struct' ? { kind: 'struct', fields: type.fields.map(inner) } : type;
}
