import { type AsyncRecordBatchStreamReader, RecordBatchReader } from 'apache-arrow';
import { toOtlpJson } from '../decode/json-writer.ts';
import { SERVICE_MESSAGES } from '../decode/messages.ts';
import { createOtlpAssembler, type Row } from '../decode/rows.ts';
import type { SignalName } from '../model/signal.ts';

/** Rows of a table, as an Arrow IPC stream, back to the export request they came from, as OTLP/JSON. */
export async function arrowToOtlpJson(signal: SignalName, stream: AsyncIterable<Uint8Array>) {
  const assembler = createOtlpAssembler(signal);
  const reader = (await RecordBatchReader.from(stream)) as AsyncRecordBatchStreamReader;
  for await (const batch of reader) for (const row of batch) assembler.add(row as unknown as Row);
  return { json: toOtlpJson(SERVICE_MESSAGES[signal].request, assembler.finish()), rows: assembler.rows };
}
