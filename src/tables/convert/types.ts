/** What `convert` is told and what it tells. Plain data: it goes to worker threads and into reports. */
import type { ParquetConfig } from '../../config/types.ts';
import type { ErrorData } from '../../errors.ts';
import type { InvalidValue, OnInvalid, TextRules } from '../../records/record-types.ts';
import type { SchemaInput } from '../../records/types.ts';
import type { AvroCodec } from '../avro/codecs.ts';
import type { CsvOptions } from '../csv/open.ts';
import type { Connection } from '../location.ts';
import type { TableFormat } from '../output.ts';

/** How each file is converted. */
export interface ConvertSettings {
  readonly formats: readonly TableFormat[];
  readonly csv: CsvOptions;
  /** Of all files; undefined: inferred from the sample of each. Columns are found by their names in the header. */
  readonly schema: SchemaInput | undefined;
  readonly onInvalid: OnInvalid;
  readonly text: TextRules;
  /** Digits of times beyond the column's unit are cut off instead of refused. */
  readonly truncate: boolean;
  readonly parquet: ParquetConfig;
  readonly avro: { readonly codec: AvroCodec; readonly namespace?: string | undefined };
  readonly version: string;
}

export interface ConvertOptions extends ConvertSettings {
  /** Locations of files, folders (with a slash at their end, or local ones) and globs. */
  readonly sources: readonly string[];
  /** A manifest of CSV files, which are sources too; `filesIn` is where they are instead of its destination bucket. */
  readonly manifest?: { readonly location: string; readonly filesIn?: string | undefined } | undefined;
  /** Folder that the outputs go to, under the names the sources have below their folder. */
  readonly to: string;
  readonly connection: Connection;
  /** Threads, each with one file at a time. */
  readonly maxWorkers: number;
  /** Converts also what is up to date. */
  readonly force: boolean;
}

/** One file for one worker. */
export interface ConvertJob {
  readonly source: string;
  readonly bytes: number;
  readonly etag: string | undefined;
  /** Of its bytes, looked at while they are read; undefined where there is nothing to hold them against. */
  readonly md5?: string | undefined;
  /** Of the columns, where it has no header. */
  readonly names?: readonly string[] | undefined;
  readonly outputs: readonly { readonly format: TableFormat; readonly url: string }[];
  /** Where rows go that do not fit. */
  readonly rejects: string;
  /** Of the settings, see stamp.ts. */
  readonly fingerprint: string;
}

/** What one file has come to. */
export interface ConvertedFile {
  readonly rows: number;
  readonly rejected: number;
  /** Values that became null because they did not fit. */
  readonly nulled: number;
  /** The first of both. */
  readonly invalid: readonly InvalidValue[];
  /** Of each output, and of the rejects where there are some. */
  readonly bytesOut: Readonly<Partial<Record<TableFormat | 'rejects', number>>>;
  readonly encoding: string;
  readonly delimiter: string;
}

/** `up to date`: it was left alone. */
export type FileStatus = 'converted' | 'up to date' | 'failed';

/** What became of one source. */
export interface FileReport {
  readonly source: string;
  readonly status: FileStatus;
  readonly bytesIn: number;
  readonly seconds: number;
  readonly outputs: readonly string[];
  /** Absent where it was up to date or has failed. */
  readonly result?: ConvertedFile;
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string | undefined };
}

/** What a run has come to. */
export interface ConvertReport {
  readonly files: readonly FileReport[];
  readonly totals: ConvertTotals;
}

/** Sums over the files of a run. */
export interface ConvertTotals {
  readonly files: number;
  readonly converted: number;
  readonly upToDate: number;
  readonly failed: number;
  readonly rows: number;
  readonly rejected: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Bytes in for each byte out, over the files that were converted; 0 where there are none. */
  readonly ratio: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  /** Of input, in units of 10^6 bytes. */
  readonly megabytesPerSecond: number;
  /** Requests to S3, also those made again. */
  readonly s3Calls: number;
  readonly s3CallsByOperation: Readonly<Record<string, number>>;
}

/** Live figures of a run. */
export interface ConvertProgress {
  readonly files: number;
  readonly filesDone: number;
  readonly filesFailed: number;
  readonly rows: number;
  readonly bytesIn: number;
  readonly bytesTotal: number;
  readonly s3Calls: number;
}

export interface ConvertHooks {
  readonly signal?: AbortSignal | undefined;
  /** Called a few times a second. */
  readonly onProgress?: ((progress: ConvertProgress) => void) | undefined;
  /** Called when a file is done. */
  readonly onFile?: ((file: FileReport) => void) | undefined;
}

export interface WorkerStart {
  readonly settings: ConvertSettings;
  readonly connection: Connection;
}

export type ToWorker = { readonly type: 'convert'; readonly job: ConvertJob } | { readonly type: 'cancel' };

export type FromWorker =
  | { readonly type: 'progress'; readonly rows: number; readonly bytes: number }
  | { readonly type: 'call'; readonly operation: string }
  | { readonly type: 'done'; readonly result: ConvertedFile }
  | { readonly type: 'failed'; readonly error: ErrorData };
