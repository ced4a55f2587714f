/**
 * An Avro object container file (https://avro.apache.org/docs/1.12.0/specification/#object-container-files), handed out
 * block by block:
 *
 *   Obj 1 | metadata: avro.schema, avro.codec, others | sync || count | bytes | rows, compressed | sync || …
 *
 * Rows are encoded from the columns' own memory: made into objects first, as libraries take them, they took seven times
 * as long (2.6 against 0.4 microseconds for a row of 14 columns, without what it takes to make the objects).
 *
 * Memory: one block, before and after its compression.
 */
import type { RecordBatch, Schema } from 'apache-arrow';
import { BridgeError } from '../../errors.ts';
import { type Randomness, systemRandomness } from '../../platform/clock.ts';
import { type AvroCodec, compressBlock } from './codecs.ts';
import { type AvroNaming, type AvroRecord, avroSchema } from './schema.ts';
import { createAvroSink, putBytes, putCount, putInt, putSized } from './sink.ts';
import { columnWriter } from './values.ts';

export interface AvroOptions extends AvroNaming {
  readonly codec: AvroCodec;
  /** Of the file; names beginning with `avro.` are the format's own. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

export interface AvroEncoder {
  readonly schema: AvroRecord;
  /**
   * The bytes to append to the file, the first time with its header; rows that do not fill a block are kept for the next.
   *
   * @throws BridgeError internal where the batch has other columns than the schema
   */
  rows(batch: RecordBatch): Uint8Array[];
  /** The rest of the file. Nothing can be encoded after it. */
  finish(): Uint8Array[];
}

/** A reader holds a block in memory; compression gains little beyond it. */
const BLOCK_BYTES = 256 * 1024;
const SYNC_BYTES = 16;

/** @throws BridgeError invalid_argument for a type that Avro has nothing for */
export function createAvroEncoder(
  schema: Schema,
  options: AvroOptions,
  randomness: Randomness = systemRandomness,
): AvroEncoder {
  const record = avroSchema(schema, options);
  const sync = Buffer.from(randomness.hex(SYNC_BYTES), 'hex');
  const sink = createAvroSink();
  let rowsInBlock = 0;
  let isOpened = false;

  function* opening(): Generator<Uint8Array> {
    if (!isOpened) yield headerBytes(record, options, sync);
    isOpened = true;
  }

  function* block(): Generator<Uint8Array> {
    if (rowsInBlock === 0) return;
    const data = compressBlock(options.codec, sink.bytes.subarray(0, sink.at));
    const head = createAvroSink();
    putCount(head, rowsInBlock);
    putCount(head, data.length);
    // Uncompressed rows stand in the sink's own memory, which the next block takes.
    const own = options.codec === 'null' ? Buffer.from(data) : data;
    yield Buffer.concat([head.bytes.subarray(0, head.at), own, sync]);
    rowsInBlock = 0;
    sink.at = 0;
  }

  function* encode(batch: RecordBatch): Generator<Uint8Array> {
    yield* opening();
    const { fields } = schema;
    const found = batch.schema.fields.map((field) => field.name).join();
    if (found !== fields.map((field) => field.name).join()) {
      throw new BridgeError('internal', `a batch has the columns ${found}, the Avro file has others`);
    }
    const puts = fields.map((field, i) => columnWriter(sink, field, batch.data.children[i]!));
    for (let row = 0; row < batch.numRows; row++) {
      for (let c = 0; c < puts.length; c++) puts[c]!(row);
      rowsInBlock++;
      if (sink.at >= BLOCK_BYTES) yield* block();
    }
  }

  function* rest(): Generator<Uint8Array> {
    yield* opening();
    yield* block();
  }

  return {
    schema: record,
    rows: (batch) => [...encode(batch)],
    finish: () => [...rest()],
  };
}

const MAGIC = Buffer.from('Obj\u0001', 'latin1');

function headerBytes(record: AvroRecord, { codec, metadata = {} }: AvroOptions, sync: Uint8Array): Uint8Array {
  const sink = createAvroSink();
  putBytes(sink, MAGIC, 0, MAGIC.length);
  const entries = Object.entries({ ...metadata, 'avro.schema': JSON.stringify(record), 'avro.codec': codec });
  putCount(sink, entries.length);
  for (const entry of entries) {
    for (const text of entry) {
      const bytes = Buffer.from(text);
      putSized(sink, bytes, 0, bytes.length);
    }
  }
  putInt(sink, 0);
  putBytes(sink, sync, 0, sync.length);
  return Buffer.from(sink.bytes.subarray(0, sink.at));
}
