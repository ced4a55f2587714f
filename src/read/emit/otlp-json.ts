/**
 * Rows as one OTLP/JSON export request, the body of `POST /v1/{signal}`. It is written in parts, so that memory does not
 * grow with the rows: resources and scopes of equal content are merged within a part only.
 */
import { toOtlpJson } from '../../decode/json-writer.ts';
import { SERVICE_MESSAGES } from '../../decode/messages.ts';
import { createOtlpAssembler } from '../../decode/rows.ts';
import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import { batchRows } from './arrow-rows.ts';
import type { EmitOptions } from './emit.ts';
import { chunksOf } from './sink.ts';
import { outputSchema, toRecordBatch } from './to-arrow.ts';

/** Rows of a part. */
const PART_ROWS = 2_000;

export async function* emitOtlpJson(
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
  { table }: EmitOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const schema = outputSchema(output);
  let assembler = createOtlpAssembler(table);
  let isFirst = true;

  /** The part's members of the list, without what opens and closes the whole. */
  function part(): Uint8Array {
    const { request } = SERVICE_MESSAGES[table];
    const text = toOtlpJson(request, assembler.finish());
    const list = text.slice(text.indexOf('[') + 1, text.lastIndexOf(']'));
    const opening = isFirst ? text.slice(0, text.indexOf('[') + 1) : ',';
    isFirst = false;
    assembler = createOtlpAssembler(table);
    return Buffer.from(opening + list);
  }

  for await (const { batch, rows } of batches) {
    for (let from = 0; from < rows.length; ) {
      const some = rows.subarray(from, from + PART_ROWS - assembler.rows);
      for (const row of batchRows(toRecordBatch({ batch, rows: some }, output, schema))) assembler.add(row);
      from += some.length;
      if (assembler.rows >= PART_ROWS) yield* chunksOf(part());
    }
  }
  if (assembler.rows > 0) yield* chunksOf(part());
  yield* chunksOf(Buffer.from(isFirst ? '{}\n' : ']}\n'));
}
