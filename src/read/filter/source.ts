/** What names in filters and selections stand for. */
import type { ColumnType, TableSchema } from '../../model/table.ts';
import { filterError } from './error.ts';
import { nearest } from './nearest.ts';
import type { Source, ValueKind } from './predicate.ts';

export interface BindContext {
  readonly source: string;
  readonly schema: TableSchema;
}

/** Maps of the row itself, then of its resource: the order in which a quoted dotted name is looked up. */
const LOOKUP_MAPS = ['attributes', 'resource_attributes'];

/**
 * The column of a name (bare: in any case, quoted: exactly), or for a quoted name with a dot the attribute of the row,
 * else of its resource. Undefined where there is neither.
 */
export function resolveName(schema: TableSchema, name: string, quoted: boolean): Source | undefined {
  const wanted = quoted ? name : name.toLowerCase();
  const column = schema.columns.find((candidate) => candidate.name === wanted);
  if (column !== undefined) {
    const type = valueKind(column.type);
    return type === undefined ? { kind: 'nested', column: column.name } : { kind: 'column', column: column.name, type };
  }
  if (!quoted || !name.includes('.')) return undefined;
  const maps = LOOKUP_MAPS.filter((map) => schema.columns.some((candidate) => candidate.name === map));
  return { kind: 'attribute', maps, key: name };
}

export function unknownHint(schema: TableSchema, name: string): string {
  const names = schema.columns.map((column) => column.name);
  const close = nearest(name, names);
  const attribute = `An attribute is written attributes['${name}'].`;
  return close === undefined ? `${attribute} Columns: ${names.join(', ')}.` : `Did you mean ${close}? ${attribute}`;
}

function valueKind(type: ColumnType): ValueKind | undefined {
  switch (type.kind) {
    case 'string':
    case 'id':
      return 'text';
    case 'int32':
    case 'uint32':
    case 'int64':
      return 'int';
    case 'double':
    case 'bool':
    case 'timestamp':
      return type.kind;
    default:
      return undefined;
  }
}

/** What a source is, for messages: "column duration_nano (an integer)". */
export function describe(source: Source): string {
  if (source.kind === 'attribute') return `attribute ${source.key} (text)`;
  if (source.kind === 'nested') return `column ${source.column}`;
  const types = { text: 'text', int: 'an integer', double: 'a number', bool: 'a boolean', timestamp: 'a timestamp' };
  return `column ${source.column} (${types[source.type]})`;
}

export function nestedSourceError(context: BindContext, column: string, at: number): Error {
  const map = context.schema.columns.find((candidate) => candidate.name === column)?.type.kind === 'map';
  const hint = map
    ? `Ask for one of its entries: ${column}['key'].`
    : 'Only IS NULL and IS NOT NULL can be asked of it.';
  return filterError(context.source, at, `${column} holds no single value`, hint);
}
