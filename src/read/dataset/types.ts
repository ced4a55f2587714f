/** Parquet objects of any schema, read as one table. */
import type { RecordBatch, Schema } from 'apache-arrow';
import type { LakeObject } from '../../catalog/types.ts';
import type { PartitionStrategy } from '../../model/layout.ts';
import type { ReadExplanation } from '../../model/read-explanation.ts';
import type { ParquetSchema } from '../../records/types.ts';
import type { ObjectStore } from '../../store/store.ts';
import type { FooterCache } from '../parquet/footer-cache.ts';
import type { RangeCache } from '../range-cache.ts';
import type { Rooms } from '../room.ts';
import type { OutputColumn } from '../selection.ts';
import type { ReadStats, SelectedBatch } from '../types.ts';

/** As a listing gives it; what a catalog knows besides prunes before anything is opened. */
export type DatasetObject = Pick<LakeObject, 'key' | 'size' | 'modifiedMs'> & Partial<LakeObject>;

export interface DatasetOptions {
  readonly store: ObjectStore;
  /** Rows come in their order. */
  readonly objects: readonly DatasetObject[];
  /**
   * The columns asked for. Then no footer is read before its file's turn, a column that a file has not is null, and one
   * of a type that does not widen to this one is an error of that file. Absent: what the footers of all files have.
   */
  readonly schema?: ParquetSchema | undefined;
  /** Strategies behind the objects' partition paths, where the objects do not name their own. */
  readonly partitioning?: readonly PartitionStrategy[] | undefined;
  /**
   * A file that is damaged, vanished or does not fit the others ends the read (default), or is reported and left out;
   * with `skip_all` also one that may not be read.
   */
  readonly onError?: 'fail' | 'skip' | 'skip_all' | undefined;
  /** Rows a record batch at most; default 10 000. */
  readonly batchSize?: number | undefined;
  /** Footers and row groups fetched ahead; default 4. */
  readonly parallelism?: number | undefined;
  /** Default: a cache of this dataset alone. */
  readonly footers?: FooterCache | undefined;
  readonly ranges?: RangeCache | undefined;
  readonly rooms?: Rooms | undefined;
  /** What messages call it; default "the dataset". */
  readonly name?: string | undefined;
  /** Called as footers are read, with how many files are done. */
  readonly onOpened?: ((files: number) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface DatasetFile extends DatasetObject {
  /** By its footer; undefined where it was not read yet. */
  readonly rows: number | undefined;
}

export interface DatasetQuery {
  /** The WHERE part of SQL. */
  readonly filter?: string | undefined;
  /** Columns, written as in a filter; undefined for all. */
  readonly select?: readonly string[] | undefined;
  readonly limit?: number | undefined;
}

export interface Dataset {
  readonly schema: ParquetSchema;
  /** Those that can be read, as far as their footers tell. */
  readonly files: readonly DatasetFile[];
  /** Undefined where a schema was given, and so no footer was read. */
  readonly rows: number | undefined;
  /** Columns of types that cannot be read (`half: FLOAT16`): they are left out. */
  readonly unsupported: readonly string[];
  /** What opening took, and files left out by then. */
  readonly opened: ReadStats;
  /** Throws invalid_argument at once where the query does not fit the schema; nothing is read before its batches. */
  read(query?: DatasetQuery): DatasetRead;
  /** What a read would touch, and why the rest is left out. */
  explain(query?: DatasetQuery, signal?: AbortSignal): Promise<ReadExplanation>;
  aggregate(aggregates: readonly Aggregate[], filter?: string, signal?: AbortSignal): Promise<AggregateResult>;
}

/** To be gone through once, in one of two ways; a break gives up what was fetched ahead. */
export interface DatasetRead {
  readonly output: readonly OutputColumn[];
  readonly arrowSchema: Schema;
  /** Counts so far, without those of opening. */
  readonly stats: ReadStats;
  /** Arrow record batches of at most `batchSize` rows, with the types of the schema. */
  batches(signal?: AbortSignal): AsyncGenerator<RecordBatch>;
  /** For the writers in read/emit. */
  selected(signal?: AbortSignal): AsyncGenerator<SelectedBatch>;
}

export type Aggregate =
  /** Rows. */
  | { readonly kind: 'count' }
  /** Values that are not null, or the least and greatest of them. NaN is none. */
  | { readonly kind: 'count' | 'min' | 'max'; readonly column: string };

export interface AggregateResult {
  /** By `count(*)`, `min(x)`, in the order asked: counts as numbers, values as they are given out in JSON. */
  readonly values: Readonly<Record<string, string | number | bigint | boolean | null>>;
  /** Files whose rows had to be read; the others are answered by their footers. */
  readonly filesScanned: number;
  readonly stats: ReadStats;
}
