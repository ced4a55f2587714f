/**
 * Columns as reads see them: a handful of shapes over plain typed arrays, whatever a file or the journal holds (plain or
 * dictionary-encoded text, narrower or wider numbers). Filters and writers loop over these buffers.
 *
 * `valid` has a byte a row (1 = present); absent: no row is null.
 */
import type { TimeUnit } from '../schema.ts';

/** How the values of a column stand in its file, where that is codes into a dictionary: cheaper to ask than the values. */
export interface CodedRows {
  /** The distinct values, a row each, none null. Some may be no row's. */
  readonly distinct: View;
  /** Rows with a value whose verdict is 1, ascending; a verdict (0 or 1) a distinct value. */
  rowsOf(verdicts: Uint8Array): Int32Array;
  /** Whether the codes or values of all rows have been asked for, and are there. */
  readonly isSpelt: boolean;
  /** Throws where codes are damaged that nobody has looked at. */
  check(): void;
  /** The view of rows [start, end). */
  slice(start: number, end: number): View;
}

export interface TextView {
  readonly kind: 'text';
  readonly rows: number;
  /** Dictionary-encoded: the value of each row, -1 for null. Absent: row i has value i. */
  readonly codes: Int32Array | undefined;
  /** Only without codes. */
  readonly valid: Uint8Array | undefined;
  /** Value i is bytes[offsets[i] .. offsets[i + 1]). */
  readonly offsets: Int32Array;
  readonly bytes: Uint8Array;
  /** The bytes are no text, and are written as this. */
  readonly form?: 'hex' | 'uuid';
  /** Where it is there, `codes` are spelt out when they are first asked for. */
  readonly coded?: CodedRows;
}

/** What the integers of a column stand for, where they are not just numbers. */
export type IntForm =
  /** Of 64 bits, by their bits. */
  | { readonly kind: 'unsigned' }
  /** Days since the epoch. */
  | { readonly kind: 'date' }
  /** Since midnight. */
  | { readonly kind: 'time'; readonly unit: TimeUnit }
  /** Since the epoch; `local`: as a clock shows it. */
  | { readonly kind: 'instant'; readonly unit: TimeUnit; readonly local: boolean };

export interface IntView {
  readonly kind: 'int';
  readonly rows: number;
  readonly values: BigInt64Array;
  readonly valid: Uint8Array | undefined;
  readonly form?: IntForm | undefined;
  /** Where it is there, `values` and `valid` are spelt out when they are first asked for; here and below. */
  readonly coded?: CodedRows;
}

/** Microseconds since the epoch, UTC. */
export interface TimestampView {
  readonly kind: 'timestamp';
  readonly rows: number;
  readonly values: BigInt64Array;
  readonly valid: Uint8Array | undefined;
  readonly coded?: CodedRows;
}

export interface DoubleView {
  readonly kind: 'double';
  readonly rows: number;
  readonly values: Float64Array;
  readonly valid: Uint8Array | undefined;
  /** They have come from 32 bits. */
  readonly single?: true;
  readonly coded?: CodedRows;
}

export interface DecimalView {
  readonly kind: 'decimal';
  readonly rows: number;
  /** Times 10^scale; 0 where null. */
  readonly values: readonly bigint[];
  readonly scale: number;
  readonly valid: Uint8Array | undefined;
}

export interface BoolView {
  readonly kind: 'bool';
  readonly rows: number;
  /** A byte a row, 0 or 1. */
  readonly values: Uint8Array;
  readonly valid: Uint8Array | undefined;
}

export interface MapView {
  readonly kind: 'map';
  readonly rows: number;
  /** Entries of row i are offsets[i] .. offsets[i + 1]. */
  readonly offsets: Int32Array;
  readonly keys: TextView;
  readonly values: TextView;
  readonly valid: Uint8Array | undefined;
}

/** A map of other types than text. */
export interface EntriesView {
  readonly kind: 'entries';
  readonly rows: number;
  readonly offsets: Int32Array;
  readonly keys: View;
  readonly values: View;
  readonly valid: Uint8Array | undefined;
}

export interface ListView {
  readonly kind: 'list';
  readonly rows: number;
  readonly offsets: Int32Array;
  readonly element: View;
  readonly valid: Uint8Array | undefined;
}

export interface StructView {
  readonly kind: 'struct';
  readonly rows: number;
  readonly names: readonly string[];
  readonly fields: readonly View[];
  readonly valid: Uint8Array | undefined;
}

export type View =
  | TextView
  | IntView
  | TimestampView
  | DoubleView
  | BoolView
  | DecimalView
  | MapView
  | EntriesView
  | ListView
  | StructView;

/** The value index of row i of a text, -1 for null. */
export function textIndex(view: TextView, i: number): number {
  if (view.codes !== undefined) return view.codes[i]!;
  return view.valid === undefined || view.valid[i] === 1 ? i : -1;
}

export function isNull(view: View, i: number): boolean {
  if (view.kind === 'text') return textIndex(view, i) < 0;
  return view.valid !== undefined && view.valid[i] === 0;
}

/** Throws where rows of the view are damaged that nobody has looked at yet. */
export function checkView(view: View): void {
  if ('coded' in view) view.coded?.check();
}

/** Rows [start, end) of a view, over the same buffers. */
export function sliceView(view: View, start: number, end: number): View {
  const rows = end - start;
  if (start === 0 && rows === view.rows) return view;
  if ('coded' in view && view.coded !== undefined) return view.coded.slice(start, end);
  const valid = 'valid' in view ? view.valid?.subarray(start, end) : undefined;
  switch (view.kind) {
    case 'text':
      if (view.codes !== undefined) return { ...view, rows, codes: view.codes.subarray(start, end) };
      return { ...view, rows, valid, offsets: view.offsets.subarray(start, end + 1) };
    case 'int':
    case 'timestamp':
      return { ...view, rows, valid, values: view.values.subarray(start, end) };
    case 'double':
      return { ...view, rows, valid, values: view.values.subarray(start, end) };
    case 'bool':
      return { ...view, rows, valid, values: view.values.subarray(start, end) };
    case 'decimal':
      return { ...view, rows, valid, values: view.values.slice(start, end) };
    case 'entries':
    case 'map':
    case 'list':
      return { ...view, rows, valid, offsets: view.offsets.subarray(start, end + 1) };
    case 'struct':
      return { ...view, rows, valid, fields: view.fields.map((field) => sliceView(field, start, end)) };
  }
}
