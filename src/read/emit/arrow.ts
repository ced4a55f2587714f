/** An Arrow IPC stream (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format): schema, batches, end. */
import { RecordBatchStreamWriter, type Schema } from 'apache-arrow';
import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import { chunksOf } from './sink.ts';
import { outputSchema, toRecordBatch } from './to-arrow.ts';

/** Rows a record batch at most: what is gathered at once. */
const MAX_ROWS = 8192;
/** The end-of-stream marker. */
const END_BYTES = 8;

/** Every batch is written as a stream of its own, whose schema and end are cut off: no state stays in a writer. */
export async function* emitArrow(
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const schema = outputSchema(output);
  const empty = streamOf(schema, []);
  const headBytes = empty.length - END_BYTES;
  yield empty.slice(0, headBytes);
  for await (const { batch, rows } of batches) {
    for (let from = 0; from < rows.length; from += MAX_ROWS) {
      const part = toRecordBatch({ batch, rows: rows.subarray(from, from + MAX_ROWS) }, output, schema);
      const stream = streamOf(schema, [part]);
      yield* chunksOf(stream.subarray(headBytes, stream.length - END_BYTES));
    }
  }
  yield empty.slice(headBytes);
}

function streamOf(schema: Schema, batches: readonly ReturnType<typeof toRecordBatch>[]): Uint8Array<ArrayBuffer> {
  const writer = new RecordBatchStreamWriter({ autoDestroy: false });
  writer.reset(undefined, schema);
  for (const batch of batches) writer.write(batch);
  writer.finish();
  return writer.toUint8Array(true) as Uint8Array<ArrayBuffer>;
}
