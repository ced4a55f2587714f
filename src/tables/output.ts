/** A table on its way to an object: record batches in, a Parquet or Avro file out. */
import type { RecordBatch, Schema } from 'apache-arrow';
import type { ParquetConfig } from '../config/types.ts';
import { createParquetEncoder, VERSION_KEY } from '../encode/encoder.ts';
import type { PutResult } from '../store/store.ts';
import type { AvroCodec } from './avro/codecs.ts';
import { createAvroEncoder } from './avro/encoder.ts';
import type { Place } from './location.ts';

/** What a table is written as. */
export type TableFormat = 'parquet' | 'avro';

export interface OutputOptions {
  readonly parquet: ParquetConfig;
  readonly avro: { readonly codec: AvroCodec; readonly namespace?: string | undefined };
  /** Of the Avro schema. */
  readonly name: string;
  readonly doc?: string | undefined;
  /** Key-value metadata of the file. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly version: string;
}

export interface TableOutput {
  /** One row group of a Parquet file; in Avro rows that do not fill a block wait for the next batch. */
  write(batch: RecordBatch): Promise<void>;
  /** Nothing is visible under the key before. */
  close(): Promise<PutResult>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

/**
 * @param schema of all batches
 * @throws BridgeError invalid_argument for a type the format has nothing for
 */
export async function openOutput(
  { store, key }: Place,
  format: TableFormat,
  schema: Schema,
  options: OutputOptions,
  signal?: AbortSignal,
): Promise<TableOutput> {
  const encoder = encoderOf(format, schema, options);
  const contentType = format === 'parquet' ? 'application/vnd.apache.parquet' : 'application/avro';
  const writer = await store.write(key, { contentType, ...(signal ? { signal } : {}) });
  const write = async (chunks: readonly Uint8Array[]) => {
    for (const chunk of chunks) await writer.write(chunk);
  };
  return {
    write: (batch) => write(encoder.rows(batch)),
    async close() {
      await write(encoder.finish());
      return writer.close();
    },
    abort: () => writer.abort(),
  };
}

interface Encoder {
  rows(batch: RecordBatch): Uint8Array[];
  finish(): Uint8Array[];
}

function encoderOf(format: TableFormat, schema: Schema, options: OutputOptions): Encoder {
  const { name, doc, version } = options;
  const metadata = { ...options.metadata, [VERSION_KEY]: version };
  if (format === 'avro') return createAvroEncoder(schema, { ...options.avro, name, doc, metadata });
  const encoder = createParquetEncoder(schema, { ...options.parquet, sortBy: [] }, metadata);
  return { rows: (batch) => encoder.rowGroup(batch), finish: () => encoder.finish().chunks };
}
