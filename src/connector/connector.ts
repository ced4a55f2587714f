/** The library's one class: storage of records as Parquet, in a bucket or a directory. */
import type { RecordBatch } from 'apache-arrow';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/types.ts';
import { WHOLE_LAKE } from '../model/signal.ts';
import { packageVersion } from '../platform/version.ts';
import { validateSchemaCompatibility } from '../records/evolve.ts';
import type { OutputRecord } from '../records/to-records.ts';
import type { SchemaInput } from '../records/types.ts';
import { openStore } from '../store/open.ts';
import { checkSchema } from './arguments.ts';
import { batchWrite, discard } from './batch-write.ts';
import { changes } from './changes.ts';
import { type ConnectorContext, createContext } from './context.ts';
import { toConnectorError, type WrittenSoFar, within, withinSync } from './errors.ts';
import { createRequestRecorder, perSecond, type ReadMetrics, type S3Metrics, type WriteMetrics } from './metrics.ts';
import { type ConnectorOptions, configOfOptions } from './options.ts';
import { read, streamBatches, streamRecords } from './read.ts';
import type {
  BatchWriteOptions,
  BatchWriteResult,
  Changes,
  ChangesOptions,
  DeleteResult,
  PartitionSummary,
  ReadOptions,
  ReadResult,
  SchemaCompatibility,
  StreamingReadOptions,
  WriteOptions,
  WriteResult,
} from './types.ts';
import { write } from './write.ts';

/**
 * Records of any schema as Parquet files in S3 or a directory.
 *
 *     await using connector = await S3ParquetConnector.open({ storage: { path: 'data/orders' } });
 *     await connector.batchWrite({ records, partitioning: new ValuePartitioning('country') });
 *     const { records } = await connector.read({ filter: "country = 'NL'", limit: 10 });
 *
 * Everything it throws is a {@link ConnectorError}, or one of its subclasses.
 */
export class S3ParquetConnector {
  readonly #context: ConnectorContext;

  private constructor(context: ConnectorContext) {
    this.#context = context;
  }

  /**
   * Opens a bucket (`s3`) or a directory (`storage.path`).
   *
   * @throws ConfigError where the options cannot be used, with all that is wrong
   * @throws S3Error where the bucket cannot be reached or used; with `s3.createBucket` a missing one is created
   */
  static async open(options: ConnectorOptions): Promise<S3ParquetConnector> {
    return S3ParquetConnector.#openConfig(withinSync('options', () => configOfOptions(options)));
  }

  /**
   * The same by the sections `[storage]`, `[s3]`, `[parquet]`, `[partitioning]` and `[operations]` of a TOML file. The
   * others may be there, so that a bridge's file serves as it is.
   *
   * @throws ConfigError where the file is missing or wrong, with the line of each problem
   */
  static async fromToml(path: string): Promise<S3ParquetConnector> {
    const load = () => loadConfig(path, process.env, {}, { anyColumns: true });
    return S3ParquetConnector.#openConfig(withinSync('options', load));
  }

  static async #openConfig(config: Config): Promise<S3ParquetConnector> {
    return within('store', async () => {
      const warn = (message: string, error: Error) =>
        process.emitWarning(`${message}: ${error.message}`, 'S3ParquetConnector');
      const requests = createRequestRecorder();
      const store = await openStore(config, { warn, observe: requests.observe });
      try {
        // A directory is made by the first write; asking it now would write to it.
        if (config.storage.type === 's3') await store.check();
      } catch (error) {
        store.close();
        throw error;
      }
      return new S3ParquetConnector(createContext(config, store, packageVersion(), requests));
    });
  }

  /** `s3://bucket/prefix`, or the directory's path. */
  get location(): string {
    return this.#context.store.location;
  }

  /**
   * Writes records into one file of the name given, as a batch of its own.
   *
   * @throws SchemaError for a record that does not fit, by its number and column
   * @throws S3Error `already_exists` where the file is there, unless `overwrite` is set
   */
  async write(options: WriteOptions): Promise<WriteResult> {
    return this.#counted(() => write(this.#context, options));
  }

  /**
   * Writes any number of records into partitioned files, in bounded memory. The files become visible to `read` and
   * `changes` at once, when all are stored; other engines see them one by one.
   *
   * @throws ConnectorError whose `written` names what was stored by then and is not committed; see `discard`. No upload
   *   is left open.
   */
  async batchWrite(options: BatchWriteOptions): Promise<BatchWriteResult> {
    return this.#counted(() => batchWrite(this.#context, options));
  }

  /** Deletes the files that a failed `batchWrite` has left: `discard(error.written)`. */
  async discard(written: WrittenSoFar): Promise<void> {
    return within('store', () => discard(this.#context, written));
  }

  /**
   * Reads the rows below a folder into memory: ask with a filter or a limit, or use `streamingRead` for many.
   *
   * @throws NotFoundError where there is nothing below `partitionPath`
   * @throws SchemaError where files do not go together, with the reasons
   */
  async read(options: ReadOptions = {}): Promise<ReadResult> {
    return within('read', () => read(this.#context, options));
  }

  /**
   * The same as a stream: Arrow record batches, or records with `as: 'records'`. Leaving the loop ends the read and
   * gives up what was fetched ahead.
   */
  streamingRead(options: StreamingReadOptions & { readonly as: 'records' }): AsyncIterable<OutputRecord>;
  streamingRead(options?: StreamingReadOptions & { readonly as?: 'arrow' }): AsyncIterable<RecordBatch>;
  streamingRead(
    options: StreamingReadOptions & { readonly as?: 'arrow' | 'records' } = {},
  ): AsyncIterable<RecordBatch> | AsyncIterable<OutputRecord> {
    return options.as === 'records' ? streamRecords(this.#context, options) : streamBatches(this.#context, options);
  }

  /** Partitions whose path begins with `prefix`, in order. */
  async listPartitions(prefix = ''): Promise<readonly PartitionSummary[]> {
    const partitions = await within('options', () => this.#context.catalog.partitions({ table: WHOLE_LAKE, prefix }));
    return partitions.map(({ partition, files, rows, bytes }) => {
      return { partitionPath: partition, fileCount: files, recordCount: rows, bytes };
    });
  }

  /**
   * Deletes all files in and below a folder, and leaves a receipt that names them. With `dryRun` nothing is changed.
   *
   * @throws NotFoundError where there are none
   */
  async deletePartition(path: string, options: { readonly dryRun?: boolean } = {}): Promise<DeleteResult> {
    const { dryRun = false } = options;
    const receipt = await within('options', () => this.#context.catalog.deletePartition(WHOLE_LAKE, path, { dryRun }));
    const { files, rows, bytes, objects } = receipt;
    return {
      path: receipt.path,
      dryRun,
      fileCount: files,
      recordCount: rows,
      bytes,
      files: objects.map(({ key }) => key),
    };
  }

  /**
   * Whether files of the next schema can be read together with those of the old one, and why not.
   *
   * @throws SchemaError where one of them is no schema
   */
  validateSchemaCompatibility(old: SchemaInput, next: SchemaInput): SchemaCompatibility {
    return withinSync('schema', () => validateSchemaCompatibility(checkSchema(old), checkSchema(next)));
  }

  /**
   * The batches committed since a cursor, each exactly once, whoever wrote them and however late they came.
   *
   *     const changes = connector.changes({ after: cursor });
   *     for await (const batch of changes) for await (const record of batch.records()) handle(record);
   *     cursor = changes.cursor;
   */
  changes(options: ChangesOptions = {}): Changes {
    return changes(this.#context, options);
  }

  /** Counts, rates and latencies of what was written since `open`. */
  writeMetrics(): WriteMetrics {
    const { writes, written, fileLatency } = this.#context;
    const { files, records, bytes, arrowBytes } = written;
    const busyMs = writes.busyMs();
    return {
      operations: writes.operations,
      errors: writes.errors,
      files,
      records,
      bytes,
      arrowBytes,
      compressionRatio: bytes === 0 ? 0 : arrowBytes / bytes,
      recordsPerSecond: perSecond(records, busyMs),
      bytesPerSecond: perSecond(bytes, busyMs),
      latency: writes.latency.metrics(),
      fileLatency: fileLatency.metrics(),
    };
  }

  /** The same of reads. */
  readMetrics(): ReadMetrics {
    const { reads, read: counts } = this.#context;
    return {
      operations: reads.operations,
      errors: reads.errors,
      records: counts.records,
      recordsPerSecond: perSecond(counts.records, reads.busyMs()),
      latency: reads.latency.metrics(),
    };
  }

  /** Requests, errors and latencies by operation of the S3 API. */
  s3Metrics(): S3Metrics {
    return this.#context.requests.metrics();
  }

  /** Closes connections. Calls under way fail. */
  async close(): Promise<void> {
    this.#context.store.close();
  }

  /** `close`, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #counted<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#context.writes.begin();
    try {
      const result = await work();
      done(false);
      return result;
    } catch (error) {
      done(true);
      throw toConnectorError(error, 'schema');
    }
  }
}
