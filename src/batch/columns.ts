/**
 * Builders of columns, one class a column type (those of a fixed width in fixed-columns.ts). Rows are only appended, or cut off at the end (`truncate`).
 * `finish` hands the buffers over and leaves the builder empty; the next batch starts with the capacity this one reached.
 */
import type { ListData, MapData, StringData, StructData } from '../model/batch.ts';
import { grow } from './bytes.ts';
import type { BoolBuilder, DoubleBuilder, IdBuilder, Int32Builder, Int64Builder } from './fixed-columns.ts';
import { Interner } from './interner.ts';
import { Validity } from './validity.ts';

export type ColumnBuilder =
  | StringBuilder
  | IdBuilder
  | Int32Builder
  | Int64Builder
  | DoubleBuilder
  | BoolBuilder
  | MapBuilder
  | ListBuilder
  | StructBuilder;

/** Not worth a walk over the rows. */
const FEW_TEXT_BYTES = 16 * 1024 * 1024;

export class StringBuilder {
  readonly kind = 'string';
  readonly interner = new Interner();
  length = 0;
  #codes = new Int32Array(0);
  #hint = 0;

  get memoryBytes(): number {
    return 4 * this.length + this.interner.memoryBytes;
  }

  /** A code of `interner`, or -1 for null. */
  push(code: number): void {
    if (this.length === this.#codes.length) this.#codes = grow(this.#codes, this.length + 1, this.#hint);
    this.#codes[this.length++] = code;
  }

  pushNull(): void {
    this.push(-1);
  }

  /** The first `count` of `codes` as further rows. */
  pushAll(codes: Int32Array, count: number): void {
    let at = this.length;
    if (at + count > this.#codes.length) this.#codes = grow(this.#codes, at + count, this.#hint);
    const target = this.#codes;
    for (let i = 0; i < count; i++) target[at++] = codes[i]!;
    this.length = at;
  }

  truncate(length: number): void {
    this.length = length;
  }

  /** Bytes of the values from row `from` on, each written out where it stands; where they are few, a bound on them. */
  textBytes(from: number): number {
    const { offsets, longest } = this.interner;
    const most = (this.length - from) * longest;
    if (most <= FEW_TEXT_BYTES) return most;
    const codes = this.#codes;
    let sum = 0;
    for (let i = from; i < this.length; i++) {
      const code = codes[i]!;
      if (code >= 0) sum += offsets[code + 1]! - offsets[code]!;
    }
    return sum;
  }

  finish(): StringData {
    const { length } = this;
    const codes = this.#codes.subarray(0, length);
    this.#codes = new Int32Array(0);
    this.#hint = length;
    this.length = 0;
    return { kind: 'string', length, codes, dictionary: this.interner.finish() };
  }
}

/** Where each row's items begin; offsets[length] is where the next row's begin. */
export class Offsets {
  values = new Int32Array(0);
  #hint = 0;

  /** Notes that row `row` (the next one) ends before item `end`. */
  push(row: number, end: number): void {
    if (row + 2 > this.values.length) this.values = grow(this.values, row + 2, this.#hint);
    this.values[row + 1] = end;
  }

  at(row: number): number {
    return row === 0 ? 0 : this.values[row]!;
  }

  finish(length: number): Int32Array {
    const values = length === 0 ? new Int32Array(1) : this.values.subarray(0, length + 1);
    this.values = new Int32Array(0);
    this.#hint = length + 1;
    return values;
  }
}

/** Push the entries of a row to `keys` and `values`, then call `endRow`. */
export class MapBuilder {
  readonly kind = 'map';
  readonly keys = new StringBuilder();
  readonly values = new StringBuilder();
  length = 0;
  #offsets = new Offsets();
  #valid = new Validity();

  get memoryBytes(): number {
    return 5 * this.length + this.keys.memoryBytes + this.values.memoryBytes;
  }

  endRow(): void {
    this.#offsets.push(this.length, this.keys.length);
    this.#valid.push(this.length++, true);
  }

  pushNull(): void {
    this.#offsets.push(this.length, this.keys.length);
    this.#valid.push(this.length++, false);
  }

  truncate(length: number): void {
    this.keys.truncate(this.#offsets.at(length));
    this.values.truncate(this.#offsets.at(length));
    this.length = length;
  }

  textBytes(from: number): number {
    const first = this.#offsets.at(from);
    return this.keys.textBytes(first) + this.values.textBytes(first);
  }

  finish(): MapData {
    const { length } = this;
    const offsets = this.#offsets.finish(length);
    const valid = this.#valid.finish(length);
    this.length = 0;
    return { kind: 'map', length, offsets, keys: this.keys.finish(), values: this.values.finish(), valid };
  }
}

/** Push the items of a row to `element`, then call `endRow`. */
export class ListBuilder<Element extends ColumnBuilder = ColumnBuilder> {
  readonly kind = 'list';
  readonly element: Element;
  length = 0;
  #offsets = new Offsets();
  #valid = new Validity();

  constructor(element: Element) {
    this.element = element;
  }

  get memoryBytes(): number {
    return 5 * this.length + this.element.memoryBytes;
  }

  endRow(): void {
    this.#offsets.push(this.length, this.element.length);
    this.#valid.push(this.length++, true);
  }

  pushNull(): void {
    this.#offsets.push(this.length, this.element.length);
    this.#valid.push(this.length++, false);
  }

  truncate(length: number): void {
    this.element.truncate(this.#offsets.at(length));
    this.length = length;
  }

  textBytes(from: number): number {
    return textBytesOf(this.element, this.#offsets.at(from));
  }

  finish(): ListData {
    const { length } = this;
    const offsets = this.#offsets.finish(length);
    const valid = this.#valid.finish(length);
    this.length = 0;
    return { kind: 'list', length, offsets, element: this.element.finish(), valid };
  }
}

/** Push to each field; a row is complete when all fields have it. */
export class StructBuilder {
  readonly kind = 'struct';
  readonly names: readonly string[];
  readonly fields: readonly ColumnBuilder[];

  constructor(names: readonly string[], fields: readonly ColumnBuilder[]) {
    this.names = names;
    this.fields = fields;
  }

  get length(): number {
    return this.fields[0]!.length;
  }

  get memoryBytes(): number {
    return this.fields.reduce((sum, field) => sum + field.memoryBytes, 0);
  }

  truncate(length: number): void {
    for (const field of this.fields) field.truncate(length);
  }

  textBytes(from: number): number {
    return this.fields.reduce((sum, field) => sum + textBytesOf(field, from), 0);
  }

  finish(): StructData {
    const { length } = this;
    return { kind: 'struct', length, fields: this.fields.map((field) => field.finish()) };
  }
}

/** Bytes of a column's text from row `from` on, see `StringBuilder.textBytes`. */
export function textBytesOf(column: ColumnBuilder, from: number): number {
  return 'textBytes' in column ? column.textBytes(from) : 0;
}
