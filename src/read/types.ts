/** What a read is handed, and what it gives back. */
import type { RecordBatch } from 'apache-arrow';
import type { ChangeSource } from '../catalog/changes.ts';
import type { LakeObject } from '../catalog/types.ts';
import type { ParquetConfig } from '../config/types.ts';
import type { ErrorData } from '../errors.ts';
import type { PartitionStrategy, Promotion } from '../model/layout.ts';
import type { TableName } from '../model/signal.ts';
import type { ObjectStore } from '../store/store.ts';
import type { ReadBatch } from './columns/batch.ts';
import type { FooterCache } from './parquet/footer-cache.ts';
import type { RangeCache } from './range-cache.ts';
import type { Rooms } from './room.ts';
import type { ReadSchema } from './schema.ts';

/** Rows of one journal segment, with the types of `arrowSchema(schema)` (dictionary-encoded strings). */
export interface FreshBatch {
  readonly commitId: string;
  readonly batch: RecordBatch;
}

/** The durable rows that were in no committed object when the snapshot was taken; it stays readable until closed. */
export interface FreshSnapshot {
  readonly commitIds: readonly string[];
  /** The rows of all segments but those named, in batches of about so many bytes, or of one request's rows. */
  batches(except: ReadonlySet<string>, batchBytes: number): AsyncIterable<FreshBatch> | Iterable<FreshBatch>;
  close(): void | Promise<void>;
}

export interface FreshSource {
  /** With a partition, only rows whose partition path is that path or lies below it. */
  open(table: TableName, options: { readonly partition: string }): FreshSnapshot | Promise<FreshSnapshot>;
}

export interface ReadDeps {
  readonly store: ObjectStore;
  /** Promoted columns included. */
  readonly schema: ReadSchema;
  /** The promotions behind the promoted columns: files older than one are answered from their maps. */
  readonly promotions: readonly Promotion[];
  /** Strategies in force: `value` segments of paths prune by their column. */
  readonly partitioning: readonly PartitionStrategy[];
  /** The table's objects at or below a partition path ('' for all). Objects of unfinished commits may be among them. */
  objects(table: TableName, partition: string, signal: AbortSignal): Promise<readonly LakeObject[]>;
  /** Which of these commits have their commit record. */
  committed(commitIds: readonly string[], signal: AbortSignal): Promise<ReadonlySet<string>>;
  /** Commits since a cursor, for incremental reads. */
  readonly changes: ChangeSource;
  /** Absent where no daemon is at hand. */
  readonly fresh: FreshSource | undefined;
  /** Rows a record batch. */
  readonly batchSize: number;
  /** Footers and row groups fetched ahead. */
  readonly parallelism: number;
  /** Footers of earlier reads; absent where there is one read only. */
  readonly footers?: FooterCache | undefined;
  /** Ranges of files that were read before, on a local disk. */
  readonly ranges?: RangeCache | undefined;
  /** For what is fetched and decoded at once; absent where nothing else shares the process. */
  readonly rooms?: Rooms | undefined;
  /** Settings of Parquet that is given out. */
  readonly parquet: ParquetConfig;
}

/** A batch and which of its rows are asked for, in ascending order. */
export interface SelectedBatch {
  readonly batch: ReadBatch;
  readonly rows: Int32Array;
}

export interface ReadStats {
  /** Rows given out. */
  rows: number;
  /** Rows whose values were read. */
  rowsScanned: number;
  /** Of the rows given out, those that were in no object yet. */
  freshRows: number;
  filesListed: number;
  /** By their place and commit, unopened. */
  filesPruned: number;
  /** Opened, and left at their footer. */
  filesPrunedByFooter: number;
  filesScanned: number;
  /** By statistics, and the two below. */
  rowGroupsPruned: number;
  rowGroupsPrunedByBloom: number;
  rowGroupsPrunedByPages: number;
  rowGroupsScanned: number;
  /** Pages of the filter's columns, by the page index. */
  pagesPruned: number;
  pagesScanned: number;
  /** Rows of scanned row groups that were left out by the page index. */
  rowsPrunedByPages: number;
  /** From the store. */
  bytesRead: number;
  /** Asked bytes that came from the cache on disk instead. */
  bytesCached: number;
  requests: number;
  /** Of an incremental read: where the next one goes on. Before the end it holds only if the rest comes too. */
  cursor: string | undefined;
  /** Files left out under `on_error=skip`. */
  readonly skipped: { readonly key: string; readonly error: ErrorData }[];
}

export function emptyStats(): ReadStats {
  return {
    rows: 0,
    rowsScanned: 0,
    freshRows: 0,
    filesListed: 0,
    filesPruned: 0,
    filesPrunedByFooter: 0,
    filesScanned: 0,
    rowGroupsPruned: 0,
    rowGroupsPrunedByBloom: 0,
    rowGroupsPrunedByPages: 0,
    rowGroupsScanned: 0,
    pagesPruned: 0,
    pagesScanned: 0,
    rowsPrunedByPages: 0,
    bytesRead: 0,
    bytesCached: 0,
    requests: 0,
    cursor: undefined,
    skipped: [],
  };
}
