import { LOGS } from './logs.ts';
import { METRICS } from './metrics.ts';
import type { TableName } from './signal.ts';
import type { TableSchema } from './table.ts';
import { TRACES } from './traces.ts';

/** The tables of the lake without promoted columns. */
export const TABLES: Readonly<Record<TableName, TableSchema>> = { traces: TRACES, logs: LOGS, metrics: METRICS };
