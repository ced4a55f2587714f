import { toOtlpJson } from '../decode/json-writer.ts';
import { SERVICE_MESSAGES } from '../decode/messages.ts';
import { createOtlpAssembler } from '../decode/rows.ts';
import type { SignalName } from '../model/signal.ts';
import { arrowRows } from './arrow-rows.ts';

/** Rows of a table, as an Arrow IPC stream, back to the export request they came from, as OTLP/JSON. */
export async function arrowToOtlpJson(signal: SignalName, stream: AsyncIterable<Uint8Array>) {
  const assembler = createOtlpAssembler(signal);
  for await (const row of arrowRows(stream)) assembler.add(row);
  return { json: toOtlpJson(SERVICE_MESSAGES[signal].request, assembler.finish()), rows: assembler.rows };
}
