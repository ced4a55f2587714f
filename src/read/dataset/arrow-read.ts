/** A query over Arrow batches that come from elsewhere than Parquet files, by the same filters and writers. */
import type { RecordBatch } from 'apache-arrow';
import type { ParquetSchema } from '../../records/types.ts';
import { createReadBatch } from '../columns/batch.ts';
import { outputSchema, toRecordBatch } from '../emit/to-arrow.ts';
import { select } from '../filter/evaluate.ts';
import { bindRequest } from '../plan.ts';
import { upTo } from '../read.ts';
import { emptyStats, type ReadStats, type SelectedBatch } from '../types.ts';
import { readSchemaOf } from './read-schema.ts';
import type { DatasetQuery, DatasetRead } from './types.ts';

/**
 * @param source gives batches with columns of the schema (or some of them); it adds to the stats what it read
 * @throws BridgeError invalid_argument where the query does not fit the schema
 */
export function readArrow(
  schema: ParquetSchema,
  name: string,
  query: DatasetQuery,
  source: (signal: AbortSignal, stats: ReadStats) => AsyncIterable<RecordBatch>,
): DatasetRead {
  const readSchema = readSchemaOf(schema, name);
  const filter = query.filter?.trim() ? query.filter : undefined;
  const bound = bindRequest({ filter, select: query.select, from: undefined, to: undefined }, readSchema);
  const arrowSchema = outputSchema(bound.output);
  const stats = emptyStats();

  async function* all(signal: AbortSignal): AsyncGenerator<SelectedBatch> {
    for await (const arrow of source(signal, stats)) {
      const batch = createReadBatch(arrow, { schema: readSchema, promotions: [] });
      stats.rowsScanned += arrow.numRows;
      const rows = select(bound.predicate, batch);
      if (rows.length > 0) yield { batch, rows };
    }
  }

  const selected = (signal = new AbortController().signal) => upTo(query.limit, stats, signal, all);
  return {
    output: bound.output,
    arrowSchema,
    stats,
    selected,
    async *batches(signal) {
      for await (const found of selected(signal)) yield toRecordBatch(found, bound.output, arrowSchema);
    },
  };
}
