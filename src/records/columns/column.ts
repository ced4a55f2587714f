/** What the columns of a record builder have in common. */
import type { Data, DataType } from 'apache-arrow';

/** A value that a column did not take. */
export interface Mismatch {
  /** The way to it inside of the value, as in `[3].zip`; empty for the value itself. */
  path: string;
  readonly found: unknown;
  readonly expected: string;
}

/** The values of one column of one type; a list, map or struct has columns inside. */
export interface RecordColumn {
  readonly length: number;
  /** Bytes in use. */
  readonly memoryBytes: number;
  /** Arrow type of the next `finish`. */
  readonly type: DataType;
  /** Adds a value that is neither null nor undefined. Where it does not fit, the column is left as it was. */
  push(value: unknown): Mismatch | undefined;
  pushNull(): void;
  /** Drops the values from `length` on. */
  truncate(length: number): void;
  /** The values, whose memory belongs to the caller; the column is empty afterwards. */
  finish(): Data;
}

/** What the columns of a builder share. */
export interface ColumnContext {
  /** Bad values become null where they may. */
  readonly nulls: boolean;
  /** Bad values of the current record that became null. */
  readonly noted: Mismatch[];
  readonly ignoreUnknown: boolean;
  readonly truncateTimes: boolean;
  readonly binaryText: 'base64' | 'hex';
}

/** A place for values: a column of the schema, or what stands in a list, a map or a struct. */
export interface Slot {
  readonly name: string;
  readonly nullable: boolean;
  readonly column: RecordColumn;
}

/** Adds a value to a slot, or null instead where that is asked for and allowed. */
export function put({ nullable, column }: Slot, value: unknown, context: ColumnContext): Mismatch | undefined {
  if (value === null || value === undefined) {
    if (!nullable) return { path: '', found: value, expected: 'a value, as it may not be null' };
    column.pushNull();
    return undefined;
  }
  const bad = column.push(value);
  if (bad === undefined || !nullable || !context.nulls) return bad;
  context.noted.push(bad);
  column.pushNull();
  return undefined;
}

/** Puts a step in front of the paths of what was noted since there were `from` notes, and of a mismatch. */
export function prefix(context: ColumnContext, from: number, bad: Mismatch | undefined, step: string): void {
  for (let i = from; i < context.noted.length; i++) context.noted[i]!.path = step + context.noted[i]!.path;
  if (bad !== undefined) bad.path = step + bad.path;
}
