/** What goes into the library's calls and what comes out of them. */
import type { RecordBatch } from 'apache-arrow';
import type { SchemaCompatibility } from '../records/evolve.ts';
import type { OnInvalid, RecordReport } from '../records/record-types.ts';
import type { OutputRecord } from '../records/to-records.ts';
import type { ParquetSchema, SchemaInput } from '../records/types.ts';
import type { Partitioning } from './partitionings.ts';

/**
 * Records, or Arrow record batches, in memory or as they come. A record is an object with a key a column, or an array of
 * cells in the order of the schema's columns; what values each type takes is said at {@link RecordInput}.
 */
export type RecordSource = Iterable<object> | AsyncIterable<object>;

/** A file that is in the store. */
export interface WrittenFile {
  /** Below the root of the connector: bucket and prefix, or directory. */
  readonly path: string;
  /** Folder of the file below the root, which is what `read` and `deletePartition` take. */
  readonly partitionPath: string;
  readonly recordCount: number;
  readonly bytes: number;
  /** As the store gives it; undefined where it gives none. */
  readonly etag: string | undefined;
}

/** How records become rows. */
export interface RecordOptions {
  /** Fields with their types; inferred from the first records where it is absent. */
  readonly schema?: SchemaInput;
  /** A record that does not fit: `fail` (default) ends the write, `skip` leaves it out, `null` makes the value null. */
  readonly onInvalid?: OnInvalid;
  /** Keys of a record that are no column: an error, or left out. Default `error`. */
  readonly unknownFields?: 'error' | 'ignore';
  /** Digits of times beyond the column's unit are cut off instead of refused. Default false. */
  readonly truncate?: boolean;
  /** Ends the write; what was begun in the store is taken back. */
  readonly signal?: AbortSignal;
}

/** What {@link S3ParquetConnector.write} is told. */
export interface WriteOptions extends RecordOptions {
  readonly records: RecordSource;
  /** Folder below the root, `service_name=web/date=2026-11-21`; the root itself where it is absent or empty. */
  readonly partitionPath?: string;
  /** Name of the file, with or without `.parquet`. */
  readonly fileName: string;
  /** Whether a file of this name is replaced; else it is an S3Error `already_exists`. Default false. */
  readonly overwrite?: boolean;
}

/** The file that was written. */
export interface WriteResult extends WrittenFile {
  /** Id of the commit that `changes` tells of. */
  readonly commitId: string;
  /** Of records that did not fit, under `onInvalid` skip or null. */
  readonly report: RecordReport;
}

/** What {@link S3ParquetConnector.batchWrite} is told. */
export interface BatchWriteOptions extends RecordOptions {
  readonly records: RecordSource;
  /** Folder below the root that the partitions stand in; the root itself where it is absent. */
  readonly path?: string;
  /** One strategy or several in order; those of the options or the TOML where it is absent, none where it is []. */
  readonly partitioning?: Partitioning | readonly Partitioning[];
  /** Files on their way to the store at the same time, at most; `operations.parallelism` where it is absent. */
  readonly parallelism?: number;
  /** Records turned into columns together; `operations.batchSize` where it is absent. */
  readonly batchSize?: number;
  /** Columns that wait to be written, in bytes; reached, one file a partition is written of them. Default 32 MiB. */
  readonly maxBufferedBytes?: number;
}

/** The files of one batch, which are one commit. */
export interface BatchWriteResult {
  readonly commitId: string;
  readonly fileCount: number;
  readonly recordCount: number;
  readonly files: readonly WrittenFile[];
  readonly report: RecordReport;
}

/** What is asked of the rows. */
export interface QueryOptions {
  /** The WHERE part of SQL over columns: `status_code >= 500 AND service_name = 'web'`. */
  readonly filter?: string;
  /** Columns, in this order; all where it is absent. */
  readonly selectFields?: readonly string[];
  /** Rows at most. */
  readonly limit?: number;
  /** Rows a record batch; `operations.batchSize` where it is absent. */
  readonly batchSize?: number;
  /** A file that cannot be read ends the read (`fail`, default), or is left out (`skip`). */
  readonly onError?: 'fail' | 'skip';
  readonly signal?: AbortSignal;
}

/** What {@link S3ParquetConnector.streamingRead} is told. */
export interface StreamingReadOptions extends QueryOptions {
  /** Folder below the root: a partition, or leading segments of one. Everything where it is absent. */
  readonly partitionPath?: string;
  /** Columns that are expected; absent: what the files have, unified by name. */
  readonly schema?: SchemaInput;
}

/** What {@link S3ParquetConnector.read} is told. */
export type ReadOptions = StreamingReadOptions;

/** Rows in memory. */
export interface ReadResult {
  /** int64 as bigint; decimals, dates, times and timestamps as exact text; maps as objects. */
  readonly records: readonly OutputRecord[];
  readonly recordCount: number;
  /** Of all files together. */
  readonly schema: ParquetSchema;
  readonly fileCount: number;
  /** Files left out under `onError: 'skip'`. */
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
}

/** A folder with files. */
export interface PartitionSummary {
  readonly partitionPath: string;
  readonly fileCount: number;
  /** Undefined where a file of another writer is among them. */
  readonly recordCount: number | undefined;
  readonly bytes: number;
}

/** What a deletion took away, or would take. */
export interface DeleteResult {
  readonly path: string;
  /** Whether this only tells what would be deleted. */
  readonly dryRun: boolean;
  readonly fileCount: number;
  readonly recordCount: number | undefined;
  readonly bytes: number;
  readonly files: readonly string[];
}

/** What {@link S3ParquetConnector.changes} is told. */
export interface ChangesOptions {
  /** A cursor, `begin` (default) for every batch, or `now` for those to come. */
  readonly after?: string;
  /** Only files in or below this folder. */
  readonly partitionPath?: string;
  readonly signal?: AbortSignal;
}

/** One `batchWrite` or `write`, or one commit of a bridge. */
export interface CommittedBatch {
  readonly commitId: string;
  /** ISO 8601. */
  readonly committedAt: string;
  readonly recordCount: number;
  readonly files: readonly WrittenFile[];
  /** To go on after this batch. */
  readonly cursor: string;
  /** Its rows, those of files that were deleted since left out. */
  batches(query?: QueryOptions): AsyncIterable<RecordBatch>;
  /** The same as records. */
  records(query?: QueryOptions): AsyncIterable<OutputRecord>;
}

/** The batches since a cursor, to be gone through once. */
export interface Changes extends AsyncIterable<CommittedBatch> {
  /** To go on after the batches whose turn in the loop has ended. */
  readonly cursor: string;
}

export type { SchemaCompatibility };
