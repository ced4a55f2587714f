import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import { jsonWriter, objectKeys } from './json.ts';
import { createSink, EMIT_CHUNK_BYTES, takeChunk, writeByte, writeBytes } from './sink.ts';

/** One JSON object a line, every column in each, nulls included. */
export async function* emitNdjson(
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const keys = objectKeys(output.map(({ field }) => field.name));
  const sink = createSink();
  for await (const { batch, rows } of batches) {
    const writers = output.map(({ source }) => jsonWriter(batch.source(source)));
    for (const row of rows) {
      for (let c = 0; c < writers.length; c++) {
        writeBytes(sink, keys[c]!);
        writers[c]!(sink, row);
      }
      writeByte(sink, 0x7d);
      writeByte(sink, 0x0a);
      if (sink.at >= EMIT_CHUNK_BYTES) yield takeChunk(sink);
    }
  }
  if (sink.at > 0) yield takeChunk(sink);
}
