import type { Config } from '../config/types.ts';
import { withPromotions } from '../model/promote.ts';
import { SIGNAL_LIST, type TableName } from '../model/signal.ts';
import type { TableSchema } from '../model/table.ts';
import { TABLES } from '../model/tables.ts';

/** Schema of a table with the promoted columns of the configuration. */
export function tableSchemaOf(config: Config, table: TableName): TableSchema {
  return withPromotions(TABLES[table], config.tables[table].promote);
}

/** Schemas of the enabled tables. */
export function tableSchemas(config: Config): TableSchema[] {
  const enabled = SIGNAL_LIST.filter((signal) => config.tables[signal.name].enabled);
  return enabled.map((signal) => tableSchemaOf(config, signal.name));
}
