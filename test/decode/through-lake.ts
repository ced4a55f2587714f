/** A request on its way through the decoder, with and without a Parquet file, and back to OTLP. */
import type { RecordBatch } from 'apache-arrow';
import { toArrow } from '../../src/batch/arrow.ts';
import { createTableBuilder } from '../../src/batch/builder.ts';
import { parseConfig } from '../../src/config/load.ts';
import { createDecoder } from '../../src/decode/decoder.ts';
import type { PlainMessage } from '../../src/decode/protobuf-writer.ts';
import { createOtlpAssembler, type Row } from '../../src/decode/rows.ts';
import type { DecodeResult } from '../../src/decode/tally.ts';
import { createParquetEncoder } from '../../src/encode/encoder.ts';
import type { SignalName } from '../../src/model/signal.ts';
import { arrowSchema } from '../../src/model/table.ts';
import { TABLES } from '../../src/model/tables.ts';
import { toRecordBatch } from '../../src/read/emit/to-arrow.ts';
import { readRows } from '../../src/read/read.ts';
import { readRequest } from '../../src/read/request.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { readDeps } from '../read/rows.ts';
import { LIMITS } from './signal-rows.ts';

/** Rows stay in the order in which they came. */
const PARQUET = { ...parseConfig('', 'defaults.toml', {}).parquet, sortBy: [] };

export interface Returned {
  readonly request: PlainMessage;
  readonly result: DecodeResult;
}

function decodeBatch(signal: SignalName, body: Uint8Array): { batch: RecordBatch; result: DecodeResult } {
  const builder = createTableBuilder(TABLES[signal]);
  const result = createDecoder(signal, builder, { limits: LIMITS, promote: [] }).decode(body);
  return { batch: toArrow(builder.finish(), TABLES[signal]), result };
}

function assemble(signal: SignalName, batches: readonly RecordBatch[]): PlainMessage {
  const assembler = createOtlpAssembler(signal);
  for (const batch of batches) for (const row of batch) assembler.add(row as unknown as Row);
  return assembler.finish();
}

export function throughColumns(signal: SignalName, body: Uint8Array): Returned {
  const { batch, result } = decodeBatch(signal, body);
  return { request: assemble(signal, [batch]), result };
}

/** With the project's own encoder and reader. */
export async function throughParquet(signal: SignalName, body: Uint8Array): Promise<Returned> {
  const { batch, result } = decodeBatch(signal, body);
  const schema = TABLES[signal];
  const encoder = createParquetEncoder(arrowSchema(schema), PARQUET, {});
  const file = Buffer.concat([...encoder.rowGroup(batch), ...encoder.finish().chunks]);
  const store = createMemoryStore();
  await store.put(`${signal}/file.parquet`, new Uint8Array(file));
  const { output, batches } = readRows(readRequest(signal, {}), readDeps(store, { schema }));
  const read: RecordBatch[] = [];
  for await (const selected of batches()) read.push(toRecordBatch(selected, output));
  return { request: assemble(signal, read), result };
}
