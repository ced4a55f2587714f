import type { ReadFormat } from '../request.ts';
import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import { emitArrow } from './arrow.ts';
import { emitCsv } from './csv.ts';
import { emitNdjson } from './ndjson.ts';

type Emitter = (
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
) => AsyncGenerator<Uint8Array<ArrayBuffer>>;

const EMITTERS: Readonly<Record<ReadFormat, Emitter>> = { ndjson: emitNdjson, csv: emitCsv, arrow: emitArrow };

/** The batches as bytes of a format, in chunks that own their buffers (they can be transferred). */
export function emit(
  format: ReadFormat,
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  return EMITTERS[format](output, batches);
}
