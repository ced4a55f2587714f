/**
 * CSV after RFC 4180, with a header, lines ended by LF. Null is an empty field, the empty text a quoted one; maps and
 * lists are JSON. Integers, timestamps and doubles are written as in JSON, without quotes.
 */
import { isNull, textIndex, type View } from '../columns/view.ts';
import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import { decimalWriter, doubleAt, formWriter, writeBytesAs } from './forms.ts';
import { jsonWriter } from './json.ts';
import { doubleText, type ScalarWriter, timestampWriter } from './scalar.ts';
import { createSink, EMIT_CHUNK_BYTES, reserve, type Sink, takeChunk, writeAscii, writeByte } from './sink.ts';

const COMMA = 0x2c;
const LF = 0x0a;
const QUOTE = 0x22;
const NEEDS_QUOTES = Uint8Array.from({ length: 256 }, (_, b) =>
  Number(b === COMMA || b === QUOTE || b === LF || b === 13),
);

export async function* emitCsv(
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const sink = createSink();
  const encoder = new TextEncoder();
  output.forEach(({ field }, i) => {
    const name = encoder.encode(field.name);
    if (i > 0) writeByte(sink, COMMA);
    writeField(sink, name, 0, name.length);
  });
  writeByte(sink, LF);
  for await (const { batch, rows } of batches) {
    const writers = output.map(({ source }) => fieldWriter(batch.source(source)));
    for (const row of rows) {
      for (let c = 0; c < writers.length; c++) {
        if (c > 0) writeByte(sink, COMMA);
        writers[c]!(sink, row);
      }
      writeByte(sink, LF);
      if (sink.at >= EMIT_CHUNK_BYTES) yield takeChunk(sink);
    }
  }
  if (sink.at > 0) yield takeChunk(sink);
}

function fieldWriter(view: View): ScalarWriter {
  const write = valueWriter(view);
  return (sink, row) => {
    if (!isNull(view, row)) write(sink, row);
  };
}

function valueWriter(view: View): ScalarWriter {
  switch (view.kind) {
    case 'text':
      if (view.form !== undefined) return (sink, row) => writeBytesAs(sink, view, textIndex(view, row));
      return (sink, row) => {
        const i = textIndex(view, row);
        writeField(sink, view.bytes, view.offsets[i]!, view.offsets[i + 1]!);
      };
    case 'int':
      return formWriter(view);
    case 'decimal':
      return decimalWriter(view);
    case 'timestamp':
      return timestampWriter(view);
    case 'double':
      return (sink, row) => writeAscii(sink, doubleText(doubleAt(view, row)));
    case 'bool':
      return (sink, row) => writeAscii(sink, view.values[row] === 1 ? 'true' : 'false');
    default: {
      const write = jsonWriter(view);
      const json = createSink();
      return (sink, row) => {
        json.at = 0;
        json.generation++;
        write(json, row);
        writeField(sink, json.bytes, 0, json.at);
      };
    }
  }
}

/** The text, in quotes where it is empty or has a comma, a quote or a line end. */
function writeField(sink: Sink, bytes: Uint8Array, start: number, end: number): void {
  reserve(sink, 2 * (end - start) + 2);
  const out = sink.bytes;
  let at = sink.at;
  let quoted = start === end;
  for (let i = start; i < end && !quoted; i++) quoted = NEEDS_QUOTES[bytes[i]!] === 1;
  if (quoted) out[at++] = QUOTE;
  for (let i = start; i < end; i++) {
    const byte = bytes[i]!;
    if (byte === QUOTE) out[at++] = QUOTE;
    out[at++] = byte;
  }
  if (quoted) out[at++] = QUOTE;
  sink.at = at;
}
