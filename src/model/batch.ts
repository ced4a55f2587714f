/**
 * A batch: the rows of one table as columns, in plain typed arrays that can be transferred between threads.
 * Built by `batch/builder.ts`, gathered by `batch/take.ts`, turned into Arrow by `batch/arrow.ts`.
 *
 * Nulls: `valid` has one byte a row (1 = present); absent means that no row is null. Dictionary codes use -1 for null.
 */
import type { LakeTable } from './signal.ts';

/** Distinct UTF-8 values; value i is bytes[offsets[i] .. offsets[i + 1]). `offsets` has count + 1 entries or more. */
export interface StringDictionary {
  readonly count: number;
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
}

export interface StringData {
  readonly kind: 'string';
  readonly length: number;
  readonly codes: Int32Array;
  readonly dictionary: StringDictionary;
}

export interface IdData {
  readonly kind: 'id';
  readonly length: number;
  /** Bytes an id. */
  readonly width: 8 | 16;
  readonly bytes: Uint8Array;
  readonly valid: Uint8Array | undefined;
}

export interface NumberData {
  readonly kind: 'int32' | 'uint32' | 'int64' | 'double' | 'bool' | 'timestamp';
  readonly length: number;
  /** Int32Array, Uint32Array, BigInt64Array (int64, timestamp), Float64Array, Uint8Array (bool, one byte a row). */
  readonly values: Int32Array | Uint32Array | BigInt64Array | Float64Array | Uint8Array;
  readonly valid: Uint8Array | undefined;
}

export interface MapData {
  readonly kind: 'map';
  readonly length: number;
  /** length + 1 entries into keys and values. */
  readonly offsets: Int32Array;
  readonly keys: StringData;
  readonly values: StringData;
  readonly valid: Uint8Array | undefined;
}

export interface ListData {
  readonly kind: 'list';
  readonly length: number;
  readonly offsets: Int32Array;
  readonly element: ColumnData;
  readonly valid: Uint8Array | undefined;
}

export interface StructData {
  readonly kind: 'struct';
  readonly length: number;
  readonly fields: readonly ColumnData[];
}

export type ColumnData = StringData | IdData | NumberData | MapData | ListData | StructData;

export interface Batch {
  readonly table: LakeTable;
  readonly rows: number;
  /** In the order of the table's schema, promoted columns last. */
  readonly columns: readonly ColumnData[];
}
