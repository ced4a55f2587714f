import type { Catalog } from '../catalog/catalog.ts';
import { BridgeError } from '../errors.ts';
import { SIGNAL_LIST, type TableName } from '../model/signal.ts';
import type { ColumnType, TableSchema } from '../model/table.ts';
import type { TableInfo } from '../model/table-info.ts';
import { partitionFilter } from './admin.ts';
import { onlyParams, type Route, sendJson } from './route.ts';

export interface TableDeps {
  readonly catalog: Catalog;
  /** Schemas of the enabled tables, promoted columns included. */
  readonly schemas: readonly TableSchema[];
}

export function tableRoutes(deps: TableDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/tables',
      access: 'read',
      async handle({ response, query, signal }) {
        onlyParams(query, []);
        sendJson(response, 200, { tables: await describeTables(deps, signal) });
      },
    },
    {
      method: 'GET',
      path: '/api/v1/partitions',
      access: 'read',
      async handle({ response, query, signal }) {
        onlyParams(query, ['table', 'prefix']);
        sendJson(response, 200, { partitions: await deps.catalog.partitions(partitionFilter(query, signal)) });
      },
    },
  ];
}

/** Schema and counts of committed rows of every table. */
export async function describeTables(deps: TableDeps, signal?: AbortSignal): Promise<TableInfo[]> {
  const infos: TableInfo[] = [];
  for (const schema of deps.schemas) {
    const objects = await deps.catalog.objects(schema.name, signal ? { signal } : {});
    let rows: number | undefined = 0;
    let bytes = 0;
    for (const object of objects) {
      rows = rows === undefined || object.rows === undefined ? undefined : rows + object.rows;
      bytes += object.size;
    }
    const columns = schema.columns.map(({ name, type, nullable, fieldId, doc }) => {
      return { name, type: sqlType(type), nullable, fieldId, doc };
    });
    infos.push({ table: schema.name, files: objects.length, rows, bytes, columns });
  }
  return infos;
}

/** The type as engines name it (Trino, DuckDB and Spark differ in spelling only). */
export function sqlType(type: ColumnType): string {
  switch (type.kind) {
    case 'string':
    case 'id':
      return 'VARCHAR';
    case 'int32':
      return 'INTEGER';
    case 'uint32':
    case 'int64':
      return 'BIGINT';
    case 'double':
      return 'DOUBLE';
    case 'bool':
      return 'BOOLEAN';
    case 'timestamp':
      return 'TIMESTAMP(6) WITH TIME ZONE';
    case 'map':
      return 'MAP(VARCHAR, VARCHAR)';
    case 'list':
      return `ARRAY(${sqlType(type.element)})`;
    case 'struct':
      return `ROW(${type.fields.map((field) => `${field.name} ${sqlType(field.type)}`).join(', ')})`;
  }
}

/** A table's name from outside; throws `not_found` for any other. */
export function tableOf(name: string): TableName {
  const signal = SIGNAL_LIST.find((known) => known.name === name);
  if (signal) return signal.name;
  const known = SIGNAL_LIST.map((row) => row.name).join(', ');
  throw new BridgeError('not_found', `there is no table "${name}"`, { hint: `Tables: ${known}.` });
}
