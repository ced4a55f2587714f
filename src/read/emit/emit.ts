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

export interface PlainOptions {
  /** Settings of Parquet that is given out. */
  readonly parquet: ParquetConfig;
}

export interface EmitOptions extends PlainOptions {
  readonly table: SignalName;
}

/** Formats that rows of any schema can have. */
export const PLAIN_FORMATS = ['ndjson', 'json', 'csv', 'arrow', 'parquet'] as const;
export type PlainFormat = (typeof PLAIN_FORMATS)[number];

/**
 * A writer of one format. Where `batches` throws, it throws without writing the end of its format (`]`, the Arrow
 * end-of-stream marker, the Parquet footer): what was given out by then cannot be taken for the whole.
 */
export type Emitter = (
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
  options: PlainOptions,
) => AsyncGenerator<Uint8Array<ArrayBuffer>>;

const EMITTERS: Readonly<Record<PlainFormat, Emitter>> = {
  ndjson: emitNdjson,
  json: emitJson,
  csv: emitCsv,
  arrow: emitArrow,
  parquet: emitParquet,
};

/** The batches as bytes of a format, in chunks that own their buffers (they can be transferred). */
export function emit(
  format: ReadFormat,
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
  options: EmitOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  return format === 'otlp-json' ? emitOtlpJson(output, batches, options) : emitPlain(format, output, batches, options);
}

/** The same for rows of any schema. */
export function emitPlain(
  format: PlainFormat,
  output: readonly OutputColumn[],
  batches: AsyncIterable<SelectedBatch>,
  options: PlainOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  return EMITTERS[format](output, batches, options);
}
