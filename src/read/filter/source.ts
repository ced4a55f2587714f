/** What names in filters and selections stand for. */
import type { ReadColumn, ReadSchema, ReadType } from '../schema.ts';
import { filterError } from './error.ts';
import { nearest } from './nearest.ts';
import type { Source, ValueKind } from './predicate.ts';

export interface BindContext {
  readonly source: string;
  readonly schema: ReadSchema;
}

/** Maps of the row itself, then of its resource: the order in which a quoted dotted name is looked up. */
const LOOKUP_MAPS = ['attributes', 'resource_attributes'];

/**
 * The column of a name (bare: in any case, quoted: exactly), or for a quoted name with a dot the attribute of the row,
 * else of its resource. Undefined where there is neither.
 */
export function resolveName(schema: ReadSchema, name: string, quoted: boolean): Source | undefined {
  const column = findColumn(schema, name, quoted);
  if (column !== undefined) {
    const type = valueKind(column.type);
    if (type === undefined) return { kind: 'nested', column: column.name };
    const source = { kind: 'column', column: column.name, type } as const;
    return NEEDS_TYPE.has(column.type.kind) ? { ...source, of: column.type } : source;
  }
  if (!quoted || !name.includes('.')) return undefined;
  const maps = LOOKUP_MAPS.filter((map) => isMap(schema, map));
  return maps.length === 0 ? undefined : { kind: 'attribute', maps, key: name };
}

/** A bare name stands for the column that is written the same, else for the only one in another case. */
export function findColumn(schema: ReadSchema, name: string, quoted: boolean): ReadColumn | undefined {
  const exact = schema.columns.find((candidate) => candidate.name === name);
  if (exact !== undefined || quoted) return exact;
  const lower = name.toLowerCase();
  const found = schema.columns.filter((candidate) => candidate.name.toLowerCase() === lower);
  return found.length === 1 ? found[0] : undefined;
}

function isMap(schema: ReadSchema, name: string): boolean {
  return schema.columns.some((column) => column.name === name && column.type.kind === 'map');
}

const NEEDS_TYPE: ReadonlySet<ReadType['kind']> = new Set(['float', 'decimal', 'time', 'instant', 'bytes']);

export function unknownHint(schema: ReadSchema, name: string): string {
  const names = schema.columns.map((column) => column.name);
  const close = nearest(name, names);
  const attribute = isMap(schema, 'attributes') ? ` An attribute is written attributes['${name}'].` : '';
  if (close !== undefined) return `Did you mean ${close}?${attribute}`;
  return `${attribute} Columns: ${names.join(', ')}.`.trim();
}

function valueKind(type: ReadType): ValueKind | undefined {
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
    case 'decimal':
    case 'date':
    case 'time':
    case 'instant':
    case 'bytes':
      return type.kind;
    case 'integer':
      return type.bits === 64 && !type.signed ? 'uint64' : 'int';
    case 'float':
      return 'double';
    default:
      return undefined;
  }
}

const KINDS: Readonly<Record<ValueKind, string>> = {
  text: 'text',
  int: 'an integer',
  uint64: 'an integer',
  double: 'a number',
  decimal: 'a decimal',
  bool: 'a boolean',
  timestamp: 'a timestamp',
  instant: 'a timestamp',
  date: 'a date',
  time: 'a time of day',
  bytes: 'bytes',
};

/** What a source is, for messages: "column duration_nano (an integer)". */
export function describe(source: Source): string {
  if (source.kind === 'attribute') return `attribute ${source.key} (text)`;
  if (source.kind === 'nested') return `column ${source.column}`;
  return `column ${source.column} (${KINDS[source.type]})`;
}

export function nestedSourceError(context: BindContext, column: string, at: number): Error {
  const map = context.schema.columns.find((candidate) => candidate.name === column)?.type.kind === 'map';
  const hint = map
    ? `Ask for one of its entries: ${column}['key'].`
    : 'Only IS NULL and IS NOT NULL can be asked of it.';
  return filterError(context.source, at, `${column} holds no single value`, hint);
}
