import type { TableName } from './signal.ts';
import type { TableSchema } from './table.ts';
import { TRACES } from './traces.ts';

/** The tables of the lake without promoted columns. */
export const TABLES: Readonly<Partial<Record<TableName, TableSchema>>> & { readonly traces: TableSchema } = {
  traces: TRACES,
};
