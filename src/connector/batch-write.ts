/**
 * Many records to partitioned files, in bounded memory: records wait as columns until `maxBufferedBytes` are reached,
 * then one file a partition is written of them, `parallelism` files at a time, and so on to the end. The commit record
 * comes last: it makes the files of the whole call visible to reads at once.
 *
 * Memory: what waits, and as much again in keys while it is ordered; a row group of each file under way (24 MiB), one of
 * them thrice while it is encoded; the encoded files under way, as far as the store holds them
 * (`s3.multipart.threshold_mb`).
 */
import pLimit from 'p-limit';
import { recordBatchBuffers } from '../batch/arrow.ts';
import { objectKey } from '../catalog/keys.ts';
import { abortLeftUploads } from '../catalog/left-uploads.ts';
import { BridgeError } from '../errors.ts';
import type { CommitObject } from '../model/commit.ts';
import type { PartitionStrategy } from '../model/layout.ts';
import { WHOLE_LAKE } from '../model/signal.ts';
import { releaseBuffers } from '../platform/memory.ts';
import { checkCount, checkFolder } from './arguments.ts';
import { writeCommit, writtenFile } from './commit.ts';
import type { ConnectorContext } from './context.ts';
import { ConnectorError, toConnectorError, type WrittenSoFar, withinSync } from './errors.ts';
import { openFileSink } from './file-sink.ts';
import { type FlushPlan, type PlannedFile, planFlush } from './flush.ts';
import { strategiesOf } from './partitionings.ts';
import { pump } from './pump.ts';
import { createRowBuffer, type RowBuffer } from './row-buffer.ts';
import type { BatchWriteOptions, BatchWriteResult } from './types.ts';

const DEFAULT_BUFFERED_BYTES = 32 * 1024 * 1024;
const MAX_PARALLELISM = 1024;

interface Batch {
  readonly commitId: string;
  /** Folder above the partitions; empty for the root. */
  readonly path: string;
  readonly strategies: readonly PartitionStrategy[];
  readonly parallelism: number;
  readonly buffer: RowBuffer;
  /** Stored so far. */
  readonly objects: CommitObject[];
  /** Aborted by the caller's signal, and by the first failure. */
  readonly stop: AbortController;
  /** Of the flush under way. */
  flushing: Promise<void> | undefined;
  /** Files begun: their numbers stand in their names. */
  parts: number;
}

export async function batchWrite(context: ConnectorContext, options: BatchWriteOptions): Promise<BatchWriteResult> {
  const { batchSize, parallelism } = context.config.operations;
  const batch: Batch = {
    commitId: context.nextCommitId(),
    path: withinSync('options', () => checkFolder('path', options.path ?? '')),
    strategies: options.partitioning === undefined ? context.config.partitioning : strategiesOf(options.partitioning),
    parallelism: checkCount('parallelism', options.parallelism ?? parallelism, MAX_PARALLELISM),
    buffer: createRowBuffer(options),
    objects: [],
    stop: new AbortController(),
    flushing: undefined,
    parts: 0,
  };
  const aborted = Promise.withResolvers<never>();
  aborted.promise.catch(() => {}); // it is raced, and may be rejected after the race
  const onAbort = () => {
    const error = new ConnectorError('cancelled', 'the batch write was cancelled', { cause: options.signal?.reason });
    batch.stop.abort(error);
    aborted.reject(error);
  };
  if (options.signal?.aborted) onAbort();
  options.signal?.addEventListener('abort', onAbort, { once: true });
  try {
    const flush = () => {
      batch.flushing = flushBatch(context, batch);
      return batch.flushing;
    };
    const pumped = pump(options.records, batch.buffer, {
      batchSize: checkCount('batchSize', options.batchSize ?? batchSize),
      maxBytes: checkCount('maxBufferedBytes', options.maxBufferedBytes ?? DEFAULT_BUFFERED_BYTES, 2 ** 40),
      signal: batch.stop.signal,
      flush,
    });
    await Promise.race([pumped, aborted.promise]);
    await flush();
    const { commitId, objects, buffer, strategies } = batch;
    batch.stop.signal.throwIfAborted();
    if (objects.length > 0) {
      await writeCommit(context, commitId, objects, buffer.report, batch.path === '' ? strategies : undefined);
    }
    return { ...soFar(batch), report: buffer.report };
  } catch (thrown) {
    throw await failed(context, batch, thrown);
  } finally {
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Deletes what a failed batch write has left. Refused where the batch came to its end after all. */
export async function discard(context: ConnectorContext, { commitId, files }: WrittenSoFar): Promise<void> {
  if (await context.commits.read(commitId)) {
    throw new BridgeError('conflict', `the batch ${commitId} is committed: its files are not left over`, {
      hint: 'Delete its partitions with deletePartition.',
    });
  }
  await context.store.delete(files.map(({ path }) => path));
}

async function failed(context: ConnectorContext, batch: Batch, thrown: unknown): Promise<Error> {
  const error = toConnectorError(thrown, 'schema');
  batch.stop.abort(error);
  await batch.flushing?.catch(() => {});
  if (batch.parts > 0) {
    // Its own uploads are aborted by now, but for those whose creation was answered with a lost answer.
    await abortLeftUploads(context.store, batch.commitId).catch(() => {});
  }
  const known =
    error instanceof ConnectorError ? error : new ConnectorError('internal', error.message, { cause: error });
  known.written = soFar(batch);
  return known;
}

function soFar({ commitId, objects }: Batch): WrittenSoFar {
  const files = objects.map(writtenFile);
  const recordCount = files.reduce((sum, file) => sum + file.recordCount, 0);
  return { commitId, fileCount: files.length, recordCount, files };
}

async function flushBatch(context: ConnectorContext, batch: Batch): Promise<void> {
  for (const { batches, isOwn } of batch.buffer.take()) {
    const plan = planFlush(batches, batch.strategies, context.config.parquet.sortBy);
    await writeFiles(context, batch, plan);
    if (isOwn) for (const written of batches) releaseBuffers(recordBatchBuffers(written));
  }
}

/** All of a plan; the first failure stops the others, which are waited for. */
async function writeFiles(context: ConnectorContext, batch: Batch, plan: FlushPlan): Promise<void> {
  const limit = pLimit(batch.parallelism);
  const { signal } = batch.stop;
  const tasks = plan.files.map((file) =>
    limit(async () => {
      signal.throwIfAborted();
      batch.objects.push(await writeFile(context, batch, plan, file));
    }).catch((error: unknown) => {
      batch.stop.abort(error);
      throw error;
    }),
  );
  await Promise.allSettled(tasks);
  signal.throwIfAborted();
}

async function writeFile(
  context: ConnectorContext,
  batch: Batch,
  { gatherer, sortBy, times }: FlushPlan,
  { partition: own, rows }: PlannedFile,
): Promise<CommitObject> {
  const { commitId, path, buffer, stop } = batch;
  const partition = [path, own].filter((part) => part !== '').join('/');
  const key = objectKey(WHOLE_LAKE, partition, `${commitId}.${++batch.parts}`);
  const { signal } = stop;
  const sink = await openFileSink(context, {
    key,
    partition,
    commitId,
    schema: buffer.schema!,
    overwrite: false,
    signal,
  });
  try {
    await sink.add(gatherer, rows, sortBy, times);
    return await sink.close();
  } catch (error) {
    await sink.abort();
    throw error;
  }
}
