import { sameRows } from '../columns/same.ts';
import type { View } from '../columns/view.ts';
import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import { jsonWriter, objectKeys } from './json.ts';
import type { ScalarWriter } from './scalar.ts';
import {
  createSink,
  EMIT_CHUNK_BYTES,
  reserve,
  type Sink,
  takeChunk,
  writeAscii,
  writeByte,
  writeBytes,
} from './sink.ts';

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
      const writeRow = rowWriter(
        output.map(({ source }) => batch.source(source)),
        keys,
      );
      for (const row of rows) {
        writeAscii(sink, hasRows ? frame.next : frame.first);
        hasRows = true;
        writeRow(sink, row);
        writeByte(sink, 0x7d);
        writeAscii(sink, frame.after);
        if (sink.at >= EMIT_CHUNK_BYTES) yield takeChunk(sink);
      }
    }
    writeAscii(sink, hasRows ? frame.end : frame.empty);
    if (sink.at > 0) yield takeChunk(sink);
  };
}

/**
 * Writes the columns of a row, each behind its key. Rows are sorted, and those of one sender repeat most of what they
 * hold: columns that are as in the row before are copied from there, neighbours together..
 */
function rowWriter(views: readonly View[], keys: readonly Uint8Array[]): ScalarWriter {
  const writers = views.map(jsonWriter);
  const same = views.map(sameRows);
  /** Where each column of the row before, and of this row, begins in the sink; the last one's end. */
  let before = new Int32Array(views.length + 1);
  let now = new Int32Array(views.length + 1);
  let previous = -1;
  let generation = -1;

  function copy(sink: Sink, from: number, to: number): void {
    const [start, end] = [before[from]!, before[to]!];
    reserve(sink, end - start);
    const distance = sink.at - start;
    sink.bytes.copyWithin(sink.at, start, end);
    sink.at += end - start;
    for (let c = from; c < to; c++) now[c] = before[c]! + distance;
  }

  return (sink, row) => {
    const repeats = generation === sink.generation;
    let first = 0;
    for (let c = 0; c < writers.length; c++) {
      if (repeats && same[c]?.(previous, row)) continue;
      if (first < c) copy(sink, first, c);
      now[c] = sink.at;
      writeBytes(sink, keys[c]!);
      writers[c]!(sink, row);
      first = c + 1;
    }
    if (first < writers.length) copy(sink, first, writers.length);
    now[writers.length] = sink.at;
    [before, now] = [now, before];
    previous = row;
    generation = sink.generation;
  };
}
