/** Records, as they come from outside, and what becomes of values that do not fit. */
import type { RecordBatch, Schema } from 'apache-arrow';
import type { ParquetSchema } from './types.ts';

/**
 * A row: an object with a key a column, or an array of cells in the order of `RecordBuilderOptions.columns`.
 *
 * | type | values taken (null and undefined are null) |
 * | --- | --- |
 * | bool | boolean; text `true` `false` (in any case) `1` `0` |
 * | int8 … uint64 | integers as number (up to 2^53 - 1) or bigint; text of digits |
 * | float32, float64 | number; bigint where exact; text |
 * | decimal | text; bigint; number, by its shortest text (0.1 is 0.1) |
 * | string | string |
 * | binary, fixed_binary | Uint8Array; text in hex or base64, see `RecordBuilderOptions.binaryText` |
 * | date | text `2024-02-29`; Date at midnight UTC |
 * | time | text `13:45:30.123456`; number of milliseconds since midnight; bigint in the column's unit |
 * | timestamp | text in ISO 8601; Date; number of milliseconds since the epoch; bigint in the column's unit |
 * | uuid | text; Uint8Array of 16 bytes |
 * | json | text that is JSON; any other value is made JSON text |
 * | list | array, typed array, Set; text that is a JSON array |
 * | struct | object; text that is a JSON object |
 * | map | Map, object, array of pairs; text that is a JSON object |
 */
export type RecordInput = Readonly<Record<string, unknown>> | readonly unknown[];

/**
 * What is done with a record that does not fit: `fail` throws; `skip` leaves the record out; `null` makes the value null,
 * or the nearest list, struct or map around it that may be null, and throws where nothing may be.
 */
export type OnInvalid = 'fail' | 'skip' | 'null';

/** Rules for cells of text, as in CSV; without them a cell is never null, and an empty one is only a string. */
export interface TextRules {
  /** Cells that stand for null, character for character. An empty cell of a string column that may not be null is "". */
  readonly nullTexts: readonly string[];
  /** Instead of `nullTexts`, by column. */
  readonly columns?: Readonly<Record<string, { readonly nullTexts: readonly string[] }>> | undefined;
  /** Spaces around cells that are not strings or JSON are dropped. */
  readonly trim: boolean;
}

export interface RecordBuilderOptions {
  /** Default `fail`. */
  readonly onInvalid?: OnInvalid | undefined;
  /** Keys of a record (and cells of a row) that are no column: an error, or left out. Default `error`. */
  readonly unknownFields?: 'error' | 'ignore' | undefined;
  /** Digits of times beyond the column's unit are cut off (towards the past) instead of refused. Default false. */
  readonly truncate?: boolean | undefined;
  /** Columns of records that are arrays, in the order of the cells; by default those of the schema. */
  readonly columns?: readonly string[] | undefined;
  /** Given where records are cells of text. */
  readonly text?: TextRules | undefined;
  /** How bytes are written in text. Default `hex`, as reads write them. */
  readonly binaryText?: 'base64' | 'hex' | undefined;
  /** Values named in the report, at most; further ones are counted. Default 100. */
  readonly maxReported?: number | undefined;
  /** Called for every record that is skipped, so that it can be kept elsewhere. */
  readonly onRejected?: ((rejected: RejectedRecord) => void) | undefined;
}

/** A value that does not fit its column. */
export interface InvalidValue {
  /** As `append` was told. */
  readonly row: number;
  /** With the way into nested types, as in `tags[3]`, `address.zip` or `attributes["http.route"]`. */
  readonly column: string;
  /** The value, cut to 100 characters. */
  readonly found: string;
  /** For example "an integer from -128 to 127". */
  readonly expected: string;
}

export interface RejectedRecord {
  readonly record: RecordInput;
  readonly problem: InvalidValue;
}

/** What became of records that did not fit. */
export interface RecordReport {
  /** Records appended: kept and skipped. */
  readonly records: number;
  readonly skipped: number;
  /** Values that became null. */
  readonly nulled: number;
  /** The first of them, up to `maxReported`. */
  readonly invalid: readonly InvalidValue[];
}

/** Records to Arrow record batches, one at a time. */
export interface RecordBuilder {
  readonly schema: ParquetSchema;
  /** Arrow schema of every batch; strings have their final types (dictionaries where they pay) from the first `finish` on. */
  readonly arrowSchema: Schema;
  /** Rows since the last `finish`. */
  readonly rows: number;
  /** Bytes that these rows take in memory. */
  readonly memoryBytes: number;
  readonly report: RecordReport;

  /**
   * Adds a record; false where it was skipped.
   *
   * @param row the record's number, for messages
   * @throws BridgeError invalid_argument for a record that does not fit, as `onInvalid` says; the builder is then as
   *   it was before. BridgeError too_large where a column would get over 2 GiB.
   */
  append(record: RecordInput, row: number): boolean;

  /** The rows as a batch of their own memory; the builder is empty afterwards and goes on. */
  finish(): RecordBatch;
}
