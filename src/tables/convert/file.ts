/** One CSV file to all its outputs, read once. It succeeds or fails as a whole: nothing is visible before the end. */
import { basename } from 'node:path';
import { recordBatchBuffers } from '../../batch/arrow.ts';
import { releaseBuffers } from '../../platform/memory.ts';
import { openCsv } from '../csv/open.ts';
import { csvBatches } from '../csv-batches.ts';
import type { Places } from '../location.ts';
import { openOutput, type TableOutput } from '../output.ts';
import { createRejects } from '../rejects.ts';
import { stampOf } from './stamp.ts';
import type { ConvertedFile, ConvertJob, ConvertSettings } from './types.ts';

/** Of a batch, whatever row groups the configuration asks for: with 100,000 two threads took 80 MB more. */
const MAX_BATCH_ROWS = 65_536;

export interface FileHooks {
  readonly signal: AbortSignal;
  /** Called for each piece that was read, with what came since. */
  onProgress(rows: number, bytes: number): void;
}

/**
 * Memory: the sample, one batch of at most 16 MiB or MAX_BATCH_ROWS rows, its row group and block while they are
 * encoded, and what the store's writers hold.
 */
export async function convertFile(
  job: ConvertJob,
  settings: ConvertSettings,
  places: Places,
  { signal, onProgress }: FileHooks,
): Promise<ConvertedFile> {
  const { store, key } = await places.object(job.source);
  const rejects = createRejects(() => places.object(job.rejects), signal);
  const outputs: TableOutput[] = [];
  async function* counted() {
    for await (const chunk of store.read(key, { etag: job.etag, signal })) {
      onProgress(0, chunk.length);
      yield chunk;
    }
  }
  try {
    const csv = await openCsv(counted(), settings.csv);
    const batchRows = Math.min(settings.parquet.rowGroupSize, MAX_BATCH_ROWS);
    const table = csvBatches(csv, { ...settings, batchRows }, rejects.add);
    for await (const batch of table.batches) {
      if (outputs.length === 0) {
        for (const { format, url } of job.outputs) {
          const place = await places.object(url);
          outputs.push(await openOutput(place, format, batch.schema, outputOptions(job, settings), signal));
        }
      }
      signal.throwIfAborted();
      for (const output of outputs) await output.write(batch);
      onProgress(batch.numRows, 0);
      releaseBuffers(recordBatchBuffers(batch));
      await rejects.flush();
    }
    const kept = await rejects.close();
    const bytesOut: Partial<Record<string, number>> = kept ? { rejects: kept.bytes } : {};
    // Closed at the same time: an upload waits most of the time.
    const closed = await Promise.all(outputs.map((output) => output.close()));
    closed.forEach(({ size }, i) => {
      bytesOut[job.outputs[i]!.format] = size;
    });
    const { records, skipped, nulled, invalid } = table.report;
    const { encoding, dialect } = csv;
    return {
      rows: records - skipped,
      rejected: skipped,
      nulled,
      invalid,
      bytesOut,
      encoding,
      delimiter: dialect.delimiter,
    };
  } catch (error) {
    await Promise.all([...outputs.map((output) => output.abort()), rejects.abort()]);
    throw error;
  }
}

function outputOptions({ source, etag, fingerprint }: ConvertJob, { parquet, avro, version }: ConvertSettings) {
  const name = basename(source).replace(CSV_NAME, '');
  const metadata = stampOf(source, etag, fingerprint);
  return { parquet, avro, version, metadata, name, doc: `Rows of ${source}` };
}

/** How names of CSV files end. */
export const CSV_NAME = /\.(csv|tsv|tab|psv|txt)(\.(gz|gzip|zst|zstd))?$/i;
