/**
 * An Arrow IPC stream (https://arrow.apache.org/docs/format/Columnar.html#ipc-streaming-format): schema, dictionaries
 * and batches, end.
 *
 * Text goes out as it lies in the files: each distinct value once, rows as numbers; a dictionary is sent again (as a
 * replacement) where it has changed, which is once a row group for most columns. Full spans take two fifths of the bytes
 * that they take as plain text. Buffers are copied once, into the chunks.
 */
import { type Data, DataType, type RecordBatch, RecordBatchStreamWriter, type Schema, Vector } from 'apache-arrow';
import { DictionaryBatch, RecordBatch as Header, Message } from 'apache-arrow/ipc/metadata/message';
import { VectorAssembler } from 'apache-arrow/visitor/vectorassembler';
import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import { chunksOf, EMIT_CHUNK_BYTES } from './sink.ts';
import { outputSchema, toRecordBatch } from './to-arrow.ts';

/** Rows a record batch at most: what is gathered at once. */
const MAX_ROWS = 32_768;
/** The end-of-stream marker. */
const END_BYTES = 8;

export async function* emitArrow(
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const schema = outputSchema(output, true);
  const empty = emptyStream(schema);
  yield* chunksOf(empty.subarray(0, -END_BYTES));
  const given = new Map<number, Data>();
  for await (const { batch, rows } of batches) {
    for (let from = 0; from < rows.length; from += MAX_ROWS) {
      const part = toRecordBatch({ batch, rows: rows.subarray(from, from + MAX_ROWS) }, output, schema);
      const parts: Uint8Array[] = [];
      addDictionaries(part.data.children, given, parts);
      addMessage(part, part.numRows, (header) => header, parts);
      yield* inChunks(parts);
    }
  }
  yield empty.slice(-END_BYTES);
}

function emptyStream(schema: Schema): Uint8Array {
  const writer = new RecordBatchStreamWriter({ autoDestroy: false });
  writer.reset(undefined, schema);
  writer.finish();
  return writer.toUint8Array(true);
}

/** The dictionaries that are others than those given out before; `given` has the last one of each field. */
function addDictionaries(columns: readonly Data[], given: Map<number, Data>, parts: Uint8Array[]): void {
  for (const column of columns) {
    addDictionaries(column.children, given, parts);
    if (!DataType.isDictionary(column.type)) continue;
    const { id } = column.type;
    const values = column.dictionary!.data[0]!;
    const before = given.get(id);
    if (
      before !== undefined &&
      isSame(before.valueOffsets, values.valueOffsets) &&
      isSame(before.values, values.values)
    ) {
      continue;
    }
    given.set(id, values);
    addMessage(new Vector([values]), values.length, (header) => new DictionaryBatch(header, id, false), parts);
  }
}

function isSame(a: ArrayBufferView, b: ArrayBufferView): boolean {
  return a.buffer === b.buffer && a.byteOffset === b.byteOffset && a.byteLength === b.byteLength;
}

const CONTINUATION = 0xffff_ffff;
const PREFIX_BYTES = 8;
const PADDING = new Uint8Array(8);

function padding(bytes: number): Uint8Array {
  return PADDING.subarray(0, -bytes & 7);
}

/** Appends an encapsulated message: its metadata, then the buffers of the columns, all padded to 8 bytes. */
function addMessage(
  content: RecordBatch | Vector,
  length: number,
  headerOf: (header: Header) => Header | DictionaryBatch,
  parts: Uint8Array[],
): void {
  const { nodes, bufferRegions, buffers, byteLength } = VectorAssembler.assemble(content);
  const header = headerOf(new Header(length, nodes, bufferRegions, null));
  const metadata = Message.encode(Message.from(header, byteLength));
  const prefix = new Uint8Array(PREFIX_BYTES);
  const view = new DataView(prefix.buffer);
  view.setUint32(0, CONTINUATION, true);
  view.setInt32(4, metadata.length + padding(metadata.length).length, true);
  parts.push(prefix, metadata, padding(metadata.length));
  for (const { buffer, byteOffset, byteLength: bytes } of buffers) {
    parts.push(new Uint8Array(buffer, byteOffset, bytes), padding(bytes));
  }
}

/** The parts behind each other, in chunks that own their buffers. */
function* inChunks(parts: readonly Uint8Array[]): Generator<Uint8Array<ArrayBuffer>> {
  let left = parts.reduce((sum, part) => sum + part.length, 0);
  let chunk = newChunk(left);
  let at = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; ) {
      const some = part.subarray(from, from + chunk.length - at);
      chunk.set(some, at);
      from += some.length;
      at += some.length;
      left -= some.length;
      if (at < chunk.length) continue;
      yield chunk;
      chunk = newChunk(left);
      at = 0;
    }
  }
}

function newChunk(left: number): Uint8Array<ArrayBuffer> {
  // Not filled with zeros first.
  return new Uint8Array(Buffer.allocUnsafeSlow(Math.min(left, EMIT_CHUNK_BYTES)).buffer as ArrayBuffer);
}
