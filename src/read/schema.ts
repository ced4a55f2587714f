/**
 * Columns as reads know them: those of the bridge's own tables (model/table.ts), and every other type a Parquet file can
 * have, for files of other writers.
 */
import type { Field } from 'apache-arrow';
import type { ColumnType } from '../model/table.ts';

export type TimeUnit = 'ms' | 'us' | 'ns';

export type ReadType =
  | Exclude<ColumnType, { readonly kind: 'list' | 'struct' }>
  /** Integers other than int32 and int64; unsigned ones of 64 bits up to 2^64 - 1. */
  | { readonly kind: 'integer'; readonly bits: 8 | 16 | 32 | 64; readonly signed: boolean }
  /** 32 bits. */
  | { readonly kind: 'float' }
  | { readonly kind: 'decimal'; readonly precision: number; readonly scale: number }
  /** As text: lower-case hex, a UUID with its dashes. */
  | { readonly kind: 'bytes'; readonly form: 'hex' | 'uuid' }
  | { readonly kind: 'date' }
  /** Of day. */
  | { readonly kind: 'time'; readonly unit: TimeUnit }
  /** A time other than `timestamp`: of another unit, or (`local`) as a clock shows it, in no time zone. */
  | { readonly kind: 'instant'; readonly unit: TimeUnit; readonly local: boolean }
  | { readonly kind: 'list'; readonly element: ReadType }
  | { readonly kind: 'struct'; readonly fields: readonly ReadField[] }
  /** A map other than MAP<STRING,STRING>. */
  | { readonly kind: 'entries'; readonly key: ReadType; readonly value: ReadType };

export interface ReadField {
  readonly name: string;
  readonly type: ReadType;
  readonly nullable: boolean;
}

export interface ReadColumn extends ReadField {
  readonly fieldId?: number;
  /** Its field in Arrow batches, where that is not the one of a table's column. */
  readonly arrow?: Field;
}

export interface ReadSchema {
  /** For messages. */
  readonly name: string;
  readonly columns: readonly ReadColumn[];
}
