/** One Parquet file on its way to the store, row group by row group. */
import type { RecordBatch, Schema } from 'apache-arrow';
import { recordBatchBuffers } from '../batch/arrow.ts';
import { arrowBytes, type Gatherer } from '../batch/gather.ts';
import { abortUploadsOf } from '../catalog/left-uploads.ts';
import { createParquetEncoder, type ParquetEncoder, VERSION_KEY } from '../encode/encoder.ts';
import { COMMIT_ID_KEY } from '../encode/identity.ts';
import type { NumberData } from '../model/batch.ts';
import type { CommitObject } from '../model/commit.ts';
import { WHOLE_LAKE } from '../model/signal.ts';
import { timestampRange } from '../model/timestamp.ts';
import { releaseBuffers } from '../platform/memory.ts';
import { toArrowSchema } from '../records/arrow.ts';
import { fileMetadata } from '../records/file-schema.ts';
import type { ParquetSchema } from '../records/types.ts';
import { writeChunks } from '../store/common.ts';
import type { ConnectorContext } from './context.ts';
import { withinSync } from './errors.ts';

/** Of the Arrow data of a row group, of which the encoder takes three times as much while it works. */
const MAX_ROW_GROUP_BYTES = 24 * 1024 * 1024;

export interface SinkOptions {
  readonly key: string;
  /** Folder of the file below the root. */
  readonly partition: string;
  readonly commitId: string;
  readonly schema: ParquetSchema;
  readonly overwrite: boolean;
  readonly signal: AbortSignal;
}

export interface FileSink {
  /**
   * Appends rows as row groups, in this order.
   *
   * @param sortBy columns they are ordered by: those of the first call are written down for the whole file
   * @param times the rows' event times, for the commit record; undefined where they have none
   */
  add(gatherer: Gatherer, rows: Int32Array, sortBy: readonly string[], times: NumberData | undefined): Promise<void>;
  /** Writes the footer; then the file is there. */
  close(): Promise<CommitObject>;
  /** Leaves nothing behind, for where `add` or `close` has failed. Never throws. */
  abort(): Promise<void>;
}

export async function openFileSink(context: ConnectorContext, options: SinkOptions): Promise<FileSink> {
  const { store, config, version, written, fileLatency } = context;
  const { key, partition, commitId, schema, overwrite, signal } = options;
  const metadata = { ...fileMetadata(schema), [VERSION_KEY]: version, [COMMIT_ID_KEY]: commitId };
  const bounds = { maxRows: config.parquet.rowGroupSize, maxBytes: MAX_ROW_GROUP_BYTES };
  const writer = await store.write(key, {
    ifAbsent: !overwrite,
    contentType: 'application/vnd.apache.parquet',
    metadata: { 'commit-id': commitId },
    signal,
  });
  let encoder: ParquetEncoder | undefined;
  let range: Pick<CommitObject, 'minTimestamp' | 'maxTimestamp'> = { minTimestamp: null, maxTimestamp: null };
  let [rowCount, memoryBytes, checksum, spentMs] = [0, 0, 0, 0];

  function encoderFor(arrow: Schema, sortBy: readonly string[]): ParquetEncoder {
    encoder ??= createParquetEncoder(arrow, { ...config.parquet, sortBy }, metadata);
    return encoder;
  }

  async function addGroup(batch: RecordBatch, sortBy: readonly string[]): Promise<void> {
    signal.throwIfAborted();
    const chunks = withinSync('parquet', () => encoderFor(batch.schema, sortBy).rowGroup(batch));
    rowCount += batch.numRows;
    memoryBytes += arrowBytes(batch);
    releaseBuffers(recordBatchBuffers(batch));
    checksum = await writeChunks(writer, chunks, checksum);
  }

  return {
    async add(gatherer, rows, sortBy, times) {
      const start = performance.now();
      if (times !== undefined) range = widest(range, timestampRange(times, rows));
      for (const batch of gatherer.rowGroups(rows, bounds)) await addGroup(batch, sortBy);
      spentMs += performance.now() - start;
    },

    async close() {
      const start = performance.now();
      const { chunks } = withinSync('parquet', () => encoderFor(toArrowSchema(schema), []).finish());
      checksum = await writeChunks(writer, chunks, checksum);
      const { size, etag } = await writer.close();
      // A create whose answer was lost may have left a second upload that nobody else knows of.
      if (writer.isInParts) await abortUploadsOf(store, key);
      written.files++;
      written.records += rowCount;
      written.bytes += size;
      written.arrowBytes += memoryBytes;
      fileLatency.add(spentMs + performance.now() - start);
      const crc32 = checksum.toString(16).padStart(8, '0');
      return { table: WHOLE_LAKE, key, partition, rows: rowCount, bytes: size, etag, crc32, ...range };
    },

    async abort() {
      await writer.abort();
      if (writer.isInParts) await abortUploadsOf(store, key).catch(() => {}); // the first error is the one to be told
    },
  };
}

type TimeRange = Pick<CommitObject, 'minTimestamp' | 'maxTimestamp'>;

/** Texts of equal length are in order of time. */
function widest(a: TimeRange, b: TimeRange): TimeRange {
  const [min] = [a.minTimestamp, b.minTimestamp].filter((time) => time !== null).sort();
  const max = [a.maxTimestamp, b.maxTimestamp]
    .filter((time) => time !== null)
    .sort()
    .at(-1);
  return { minTimestamp: min ?? null, maxTimestamp: max ?? null };
}
