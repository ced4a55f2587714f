import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import { jsonWriter, objectKeys } from './json.ts';
import { createSink, EMIT_CHUNK_BYTES, takeChunk, writeAscii, writeByte, writeBytes } from './sink.ts';

/** What stands around the objects of the rows. */
interface Frame {
  /** Before the first, and before every other. */
  readonly first: string;
  readonly next: string;
  readonly after: string;
  /** Behind all, and in place of all. */
  readonly end: string;
  readonly empty: string;
}

/** One JSON object a line, every column in each, nulls included. */
export const emitNdjson = emitObjects({ first: '', next: '', after: '\n', end: '', empty: '' });

/** The same objects as one JSON array. */
export const emitJson = emitObjects({ first: '[\n', next: ',\n', after: '', end: '\n]\n', empty: '[]\n' });

function emitObjects(frame: Frame) {
  return async function* (
    output: readonly OutputColumn[],
    batches: AsyncIterable<SelectedBatch>,
  ): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const keys = objectKeys(output.map(({ field }) => field.name));
    const sink = createSink();
    let hasRows = false;
    for await (const { batch, rows } of batches) {
      const writers = output.map(({ source }) => jsonWriter(batch.source(source)));
      for (const row of rows) {
        writeAscii(sink, hasRows ? frame.next : frame.first);
        hasRows = true;
        for (let c = 0; c < writers.length; c++) {
          writeBytes(sink, keys[c]!);
          writers[c]!(sink, row);
        }
        writeByte(sink, 0x7d);
        writeAscii(sink, frame.after);
        if (sink.at >= EMIT_CHUNK_BYTES) yield takeChunk(sink);
      }
    }
    writeAscii(sink, hasRows ? frame.end : frame.empty);
    if (sink.at > 0) yield takeChunk(sink);
  };
}
