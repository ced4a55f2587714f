/** Record batches into one output or several. All are there at the end, or none. */
import type { RecordBatch, Schema } from 'apache-arrow';
import { recordBatchBuffers } from '../batch/arrow.ts';
import { releaseBuffers } from '../platform/memory.ts';
import type { PutResult } from '../store/store.ts';
import type { TableOutput } from './output.ts';
import type { Rejects } from './rejects.ts';

export interface PourHooks {
  readonly signal: AbortSignal;
  onRows(rows: number): void;
}

export interface Poured {
  /** In the order of the outputs. */
  readonly outputs: readonly PutResult[];
  /** Of the object with rows that did not fit; undefined where there is none. */
  readonly rejectsBytes: number | undefined;
  readonly batches: number;
}

/**
 * Writes every batch to every output and gives its memory back. Outputs are opened with the schema of the first batch.
 * Whatever fails, what was begun is aborted, and the first error is thrown.
 */
export async function pourBatches(
  batches: AsyncIterable<RecordBatch>,
  open: ((schema: Schema) => Promise<TableOutput>)[],
  rejects: Rejects,
  { signal, onRows }: PourHooks,
): Promise<Poured> {
  const outputs: TableOutput[] = [];
  let count = 0;
  try {
    for await (const batch of batches) {
      signal.throwIfAborted();
      if (count++ === 0) for (const openOne of open) outputs.push(await openOne(batch.schema));
      for (const output of outputs) await output.write(batch);
      onRows(batch.numRows);
      releaseBuffers(recordBatchBuffers(batch));
      await rejects.flush();
    }
    signal.throwIfAborted();
    const kept = await rejects.close();
    // Closed at the same time: an upload waits most of the time.
    const closed = await Promise.all(outputs.map((output) => output.close()));
    return { outputs: closed, rejectsBytes: kept?.bytes, batches: count };
  } catch (error) {
    await Promise.all([...outputs.map((output) => output.abort()), rejects.abort()]);
    throw error;
  }
}
