/** Files below a folder, read as one table: what is committed, and what other writers put there. */
import type { RecordBatch } from 'apache-arrow';
import { checkPartitionPath } from '../catalog/keys.ts';
import { nearestPartitions } from '../catalog/partitions.ts';
import { BridgeError } from '../errors.ts';
import { WHOLE_LAKE } from '../model/signal.ts';
import { openDataset } from '../read/dataset/dataset.ts';
import type { Dataset, DatasetObject } from '../read/dataset/types.ts';
import { type OutputRecord, recordsOf } from '../records/to-records.ts';
import type { ParquetSchema } from '../records/types.ts';
import { checkSchema } from './arguments.ts';
import type { ConnectorContext } from './context.ts';
import { toConnectorError } from './errors.ts';
import type { QueryOptions, ReadOptions, ReadResult, StreamingReadOptions } from './types.ts';

/** Record batches of a read; what it fetched ahead is given up where the loop is left. */
export async function* streamBatches(
  context: ConnectorContext,
  options: StreamingReadOptions,
): AsyncGenerator<RecordBatch> {
  yield* counted(context, async function* () {
    const dataset = await datasetAt(context, options);
    yield* batchesOf(dataset, options);
  });
}

export async function* streamRecords(
  context: ConnectorContext,
  options: StreamingReadOptions,
): AsyncGenerator<OutputRecord> {
  yield* counted(context, async function* () {
    const dataset = await datasetAt(context, options);
    for await (const batch of batchesOf(dataset, options)) yield* recordsOf(batch, selected(batch, dataset.schema));
  });
}

export async function read(context: ConnectorContext, options: ReadOptions): Promise<ReadResult> {
  const done = context.reads.begin();
  let isFailed = true;
  try {
    const dataset = await datasetAt(context, options);
    const query = dataset.read(queryOf(options));
    const records: OutputRecord[] = [];
    for await (const batch of query.batches(options.signal)) {
      for (const record of recordsOf(batch, selected(batch, dataset.schema))) records.push(record);
    }
    context.read.records += records.length;
    isFailed = false;
    const skipped = [...dataset.opened.skipped, ...query.stats.skipped].map(({ key, error }) => {
      return { path: key, reason: error.message };
    });
    return { records, recordCount: records.length, schema: dataset.schema, fileCount: dataset.files.length, skipped };
  } finally {
    done(isFailed);
  }
}

/** The rows of some files of one commit, whatever else lies beside them. */
export async function* readObjects(
  context: ConnectorContext,
  objects: readonly DatasetObject[],
  options: QueryOptions,
): AsyncGenerator<RecordBatch> {
  if (objects.length === 0) return;
  yield* counted(context, async function* () {
    const dataset = await openDataset({ ...datasetOptions(context, options), objects });
    yield* batchesOf(dataset, options);
  });
}

/** Counts a read, its time and its rows, also where it is left before its end; its errors are those of the library. */
async function* counted<T extends RecordBatch | OutputRecord>(
  { reads, read: counts }: ConnectorContext,
  work: () => AsyncGenerator<T>,
): AsyncGenerator<T> {
  const done = reads.begin();
  let isFailed = false;
  try {
    for await (const item of work()) {
      counts.records += 'numRows' in item && typeof item.numRows === 'number' ? item.numRows : 1;
      yield item;
    }
  } catch (error) {
    isFailed = true;
    throw toConnectorError(error, 'read');
  } finally {
    done(isFailed);
  }
}

async function datasetAt(context: ConnectorContext, options: StreamingReadOptions): Promise<Dataset> {
  const partition = checkPartitionPath(options.partitionPath ?? '');
  const signal = options.signal === undefined ? {} : { signal: options.signal };
  const objects = await context.catalog.objects(WHOLE_LAKE, { partition, ...signal });
  if (objects.length === 0 && options.schema === undefined) throw await nothingAt(context, partition);
  return openDataset({ ...datasetOptions(context, options), objects });
}

function datasetOptions({ store, config }: ConnectorContext, options: StreamingReadOptions) {
  const { batchSize = config.operations.batchSize, onError = 'fail', schema, signal } = options;
  return {
    store,
    batchSize,
    onError,
    parallelism: config.operations.parallelism,
    partitioning: config.partitioning,
    schema: schema === undefined ? undefined : checkSchema(schema),
    signal,
  };
}

async function nothingAt({ catalog }: ConnectorContext, partition: string): Promise<BridgeError> {
  const partitions = await catalog.partitions({ table: WHOLE_LAKE });
  const nearest = nearestPartitions(partitions, partition) ?? [];
  const where = partition === '' ? 'there are no Parquet files' : `there is no partition ${partition}`;
  const hint = nearest.length === 0 ? undefined : `The nearest are ${nearest.join(', ')}.`;
  return new BridgeError('not_found', where, { hint });
}

function queryOf({ filter, selectFields, limit }: QueryOptions) {
  return { filter, select: selectFields, limit };
}

function batchesOf(dataset: Dataset, options: QueryOptions): AsyncIterable<RecordBatch> {
  return dataset.read(queryOf(options)).batches(options.signal);
}

/** The columns of a batch with the types of the whole: Arrow does not tell uuid and JSON from bytes and text. */
function selected(batch: RecordBatch, schema: ParquetSchema): ParquetSchema | undefined {
  const fields = batch.schema.fields.map(({ name }) => schema.fields.find((field) => field.name === name));
  if (fields.some((field) => field === undefined)) return undefined;
  return { fields: fields as ParquetSchema['fields'], metadata: {} };
}
