/**
 * A Parquet file of the asked columns, by the encoder that writes the lake, given out row group by row group. Columns
 * keep their field ids; all may be null. Rows keep the order of the read, so that no sort order is declared.
 */
import type { RecordBatch } from 'apache-arrow';
import { createParquetEncoder } from '../../encode/encoder.ts';
import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import type { PlainOptions } from './emit.ts';
import { chunksOf } from './sink.ts';
import { outputSchema, toRecordBatch } from './to-arrow.ts';

/** Bounds on a row group: what is gathered and encoded at once. */
const MAX_GROUP_ROWS = 100_000;
const MAX_GROUP_BYTES = 16 * 1024 * 1024;
/** Rows gathered at once, so that the bound on bytes is looked at often enough. */
const MAX_BATCH_ROWS = 2_000;

export async function* emitParquet(
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
  { parquet }: PlainOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const schema = outputSchema(output);
  const encoder = createParquetEncoder(schema, { ...parquet, sortBy: [] }, {});
  const maxRows = Math.min(parquet.rowGroupSize, MAX_GROUP_ROWS);
  let group: RecordBatch[] = [];
  let rowsInGroup = 0;
  let bytesInGroup = 0;

  function* flush(): Generator<Uint8Array<ArrayBuffer>> {
    for (const chunk of encoder.rowGroup(...group)) yield* chunksOf(chunk);
    group = [];
    rowsInGroup = 0;
    bytesInGroup = 0;
  }

  for await (const { batch, rows } of batches) {
    for (let from = 0; from < rows.length; ) {
      const part = rows.subarray(from, from + Math.min(MAX_BATCH_ROWS, maxRows - rowsInGroup));
      const gathered = toRecordBatch({ batch, rows: part }, output, schema);
      group.push(gathered);
      rowsInGroup += part.length;
      bytesInGroup += gathered.data.byteLength;
      from += part.length;
      if (rowsInGroup >= maxRows || bytesInGroup >= MAX_GROUP_BYTES) yield* flush();
    }
  }
  if (rowsInGroup > 0) yield* flush();
  for (const chunk of encoder.finish().chunks) yield* chunksOf(chunk);
}
