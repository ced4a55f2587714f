/** Trace and span ids: their columns have a fixed width, so that an id of another length can be stored in no way. */
import type { ByteSource } from '../batch/bytes.ts';
import type { IdBuilder } from '../batch/fixed-columns.ts';
import type { Refusal, RefusalKind } from './tally.ts';

export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;

/** Why an id that may be absent cannot be taken; `name` goes into the message. */
export function wrongOptionalId(kind: RefusalKind, name: string, length: number, width: number): Refusal | undefined {
  if (length === 0 || length === width) return undefined;
  return { kind, text: `${name} has ${length} bytes, it must have ${width} or none` };
}

/** Appends the id source[start .. end), or null where it is absent (or of a length whose row is refused). */
export function pushOptionalId(column: IdBuilder, source: ByteSource, start: number, end: number): void {
  if (end - start === column.width) column.push(source, start);
  else column.pushNull();
}
