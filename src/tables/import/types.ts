/** What `import` is told and what it tells. */
import type { ParquetConfig } from '../../config/types.ts';
import type { InvalidValue, OnInvalid } from '../../records/record-types.ts';
import type { SchemaInput } from '../../records/types.ts';
import type { OpenUpload } from '../../store/store.ts';
import type { CsvOptions } from '../csv/open.ts';
import type { Connection } from '../location.ts';

export type RowFormat = 'csv' | 'ndjson';

export interface ImportOptions {
  /** Of the rows. */
  readonly source: AsyncIterable<Uint8Array>;
  readonly format: RowFormat;
  /** Location of the one object. */
  readonly to: string;
  readonly schema: SchemaInput;
  readonly onInvalid: OnInvalid;
  /** Location for rows that do not fit; undefined: `{to}.rejects.ndjson`. */
  readonly rejects?: string | undefined;
  /** Texts that stand for null in all columns; an empty text always is null where the column is no string. */
  readonly nullTexts: readonly string[];
  /** Further ones of single columns. */
  readonly columnNulls: Readonly<Record<string, readonly string[]>>;
  /** String columns in which an empty text is an empty text, and not null. */
  readonly keepEmpty: readonly string[];
  readonly truncate: boolean;
  readonly csv: CsvOptions;
  readonly parquet: ParquetConfig;
  readonly connection: Connection;
  /** Aborts uploads of the object, and others of its folder that are older than a day. */
  readonly abortStale: boolean;
  readonly version: string;
}

/** What an import has come to. */
export interface ImportReport {
  readonly url: string;
  readonly rows: number;
  readonly rejected: number;
  readonly nulled: number;
  readonly invalid: readonly InvalidValue[];
  readonly rowGroups: number;
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly seconds: number;
  readonly s3Calls: number;
}

export interface ImportHooks {
  readonly signal: AbortSignal;
  readonly onProgress?: ((rows: number, bytesIn: number) => void) | undefined;
  /** Hears of uploads that were begun in the object's folder and never ended, and which of them are aborted. */
  readonly onStale?: ((uploads: readonly StaleUpload[]) => void) | undefined;
}

export interface StaleUpload extends OpenUpload {
  readonly isAborted: boolean;
}
