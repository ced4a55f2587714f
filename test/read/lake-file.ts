/** A Parquet file as the bridge writes it: Bloom filters, page index, rows in the order given. */

import type { ParquetConfig } from '../../src/config/types.ts';
import { createParquetEncoder } from '../../src/encode/encoder.ts';
import { arrowSchema, type TableSchema } from '../../src/model/table.ts';
import { TRACES } from '../../src/model/traces.ts';
import { type Row, toBatch } from './rows.ts';

export const PARQUET: ParquetConfig = {
  compression: 'ZSTD',
  rowGroupSize: 100_000,
  pageSize: 1_048_576,
  dictionaryEnabled: true,
  statisticsEnabled: true,
  bloomFilterEnabled: true,
  bloomFilterColumns: ['trace_id'],
  sortBy: [],
};

/** Each list of rows becomes a row group. */
export function lakeFile(
  groups: readonly (readonly Row[])[],
  config: Partial<ParquetConfig> = {},
  table: TableSchema = TRACES,
): Uint8Array {
  const encoder = createParquetEncoder(arrowSchema(table), { ...PARQUET, ...config }, {});
  const chunks = groups.flatMap((rows) => encoder.rowGroup(toBatch(rows, table)));
  return new Uint8Array(Buffer.concat([...chunks, ...encoder.finish().chunks]));
}
