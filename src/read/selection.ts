/** What a read gives out: columns of the table, or attributes as columns of text. */
import { BridgeError } from '../errors.ts';
import type { Source } from './filter/predicate.ts';
import { findColumn, resolveName, unknownHint } from './filter/source.ts';
import type { ReadColumn, ReadSchema } from './schema.ts';

export interface OutputColumn {
  /** Name and type in the output. */
  readonly field: ReadColumn;
  readonly source: Source;
}

const BARE = /^[A-Za-z_][\w$]*$/;
const DOTTED = /^[A-Za-z_][\w$-]*(?:\.[\w$-]+)+$/;
const QUOTED = /^"((?:[^"]|"")+)"$/;
const ENTRY = /^"?([A-Za-z_]\w*)"?\[\s*'((?:[^']|'')*)'\s*\]$/;

/** All columns, or those named. Names are written as in a filter; a dotted one needs no quotes here. */
export function bindSelection(select: readonly string[] | undefined, schema: ReadSchema): readonly OutputColumn[] {
  if (select === undefined) {
    return schema.columns.map((column) => ({ field: column, source: columnSource(schema, column.name) }));
  }
  const output = select.map((name) => outputColumn(name, schema));
  const seen = new Set<string>();
  for (const { field } of output) {
    if (seen.has(field.name)) throw new BridgeError('invalid_argument', `select names ${field.name} twice`);
    seen.add(field.name);
  }
  return output;
}

function outputColumn(text: string, schema: ReadSchema): OutputColumn {
  const entry = ENTRY.exec(text);
  if (entry !== null)
    return entryColumn(
      findColumn(schema, entry[1]!, false)?.name ?? entry[1]!,
      entry[2]!.replaceAll("''", "'"),
      schema,
    );
  const quoted = QUOTED.exec(text)?.[1]?.replaceAll('""', '"') ?? (DOTTED.test(text) ? text : undefined);
  if (quoted === undefined && !BARE.test(text)) {
    throw new BridgeError('invalid_argument', `select cannot read ${text.slice(0, 80)}`, {
      hint: `Write columns as name, attributes as "http.route" or attributes['http.route'].`,
    });
  }
  const name = quoted ?? text;
  const source = resolveName(schema, name, quoted !== undefined);
  if (source === undefined) {
    throw new BridgeError('invalid_argument', `select: ${schema.name} has no column ${name}`, {
      hint: unknownHint(schema, name),
    });
  }
  if (source.kind === 'attribute') return { field: textField(name), source };
  return { field: schema.columns.find((column) => column.name === source.column)!, source };
}

function entryColumn(map: string, key: string, schema: ReadSchema): OutputColumn {
  if (schema.columns.find((column) => column.name === map)?.type.kind !== 'map') {
    const maps = schema.columns.filter((column) => column.type.kind === 'map').map((column) => column.name);
    throw new BridgeError('invalid_argument', `select: ${map} is no map of ${schema.name}`, {
      hint: maps.length === 0 ? undefined : `Attributes are found in ${maps.join(', ')}.`,
    });
  }
  return { field: textField(`${map}['${key}']`), source: { kind: 'attribute', maps: [map], key } };
}

function textField(name: string): ReadColumn {
  return { name, type: { kind: 'string' }, nullable: true };
}

function columnSource(schema: ReadSchema, name: string): Source {
  return resolveName(schema, name, true)!;
}
