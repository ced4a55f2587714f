import type { ParquetConfig } from '../../config/types.ts';
import type { SignalName } from '../../model/signal.ts';
import type { ReadFormat } from '../request.ts';
import type { OutputColumn } from '../selection.ts';
import type { SelectedBatch } from '../types.ts';
import { emitArrow } from './arrow.ts';
import { emitCsv } from './csv.ts';
import { emitJson, emitNdjson } from './ndjson.ts';
import { emitOtlpJson } from './otlp-json.ts';
import { emitParquet } from './parquet.ts';

export interface EmitOptions {
  readonly table: SignalName;
  /** Settings of Parquet that is given out. */
  readonly parquet: ParquetConfig;
}

/**
 * A writer of one format. Where `batches` throws, it throws without writing the end of its format (`]`, the Arrow
 * end-of-stream marker, the Parquet footer): what was given out by then cannot be taken for the whole.
 */
export type Emitter = (
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
  options: EmitOptions,
) => AsyncGenerator<Uint8Array<ArrayBuffer>>;

const EMITTERS: Readonly<Record<ReadFormat, Emitter>> = {
  ndjson: emitNdjson,
  json: emitJson,
  csv: emitCsv,
  arrow: emitArrow,
  parquet: emitParquet,
  'otlp-json': emitOtlpJson,
};

/** The batches as bytes of a format, in chunks that own their buffers (they can be transferred). */
export function emit(
  format: ReadFormat,
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
  options: EmitOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  return EMITTERS[format](output, batches, options);
}
