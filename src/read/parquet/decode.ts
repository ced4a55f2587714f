import { type RecordBatch, tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm/node';
import { corruptFile } from './object-reader.ts';

/**
 * Rows [offset, offset + limit) of a Parquet file in memory as record batches of `batchSize` rows. Blocks the thread
 * while it decodes. WebAssembly memory is released batch by batch.
 */
export function decodeRows(
  key: string,
  file: Uint8Array,
  slice: { readonly offset: number; readonly limit: number; readonly batchSize: number },
): readonly RecordBatch[] {
  try {
    const table = readParquet(file, slice);
    try {
      return table.recordBatches().map((batch) => tableFromIPC(batch.intoIPCStream()).batches[0]!);
    } finally {
      table.free();
    }
  } catch (error) {
    throw corruptFile(key, 'its pages', error);
  }
}
