/**
 * Builders of columns, one class a column type. Rows are only appended, or cut off at the end (`truncate`).
 * `finish` hands the buffers over and leaves the builder empty; the next batch starts with the capacity this one reached.
 */
import type { IdData, ListData, MapData, NumberData, StringData, StructData } from '../model/batch.ts';
import { type ByteSource, grow } from './bytes.ts';
import { Interner } from './interner.ts';

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

/** One byte a row, made when the first null comes. */
class Validity {
  bytes: Uint8Array | undefined;

  /** Notes row `row` (the next one) as present or null. */
  push(row: number, present: boolean): void {
    if (this.bytes === undefined) {
      if (present) return;
      this.bytes = new Uint8Array(Math.max(64, 2 * row)).fill(1, 0, row);
    }
    if (row >= this.bytes.length) this.bytes = grow(this.bytes, row + 1, 0);
    this.bytes[row] = present ? 1 : 0;
  }

  finish(length: number): Uint8Array | undefined {
    const bytes = this.bytes?.subarray(0, length);
    this.bytes = undefined;
    return bytes;
  }
}

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

  finish(): StringData {
    const { length } = this;
    const codes = this.#codes.subarray(0, length);
    this.#codes = new Int32Array(0);
    this.#hint = length;
    this.length = 0;
    return { kind: 'string', length, codes, dictionary: this.interner.finish() };
  }
}

export class IdBuilder {
  readonly kind = 'id';
  readonly width: 8 | 16;
  length = 0;
  #bytes = new Uint8Array(0);
  #valid = new Validity();
  #hint = 0;

  constructor(width: 8 | 16) {
    this.width = width;
  }

  get memoryBytes(): number {
    return (this.width + 1) * this.length;
  }

  /** The `width` bytes of source from `start` on. */
  push(source: ByteSource, start: number): void {
    const { width } = this;
    const bytes = this.#room();
    let at = this.length * width;
    for (let i = start; i < start + width; i++) bytes[at++] = source.bytes[i]!;
    this.#valid.push(this.length++, true);
  }

  pushNull(): void {
    const at = this.length * this.width;
    this.#room().fill(0, at, at + this.width);
    this.#valid.push(this.length++, false);
  }

  truncate(length: number): void {
    this.length = length;
  }

  finish(): IdData {
    const { length, width } = this;
    const bytes = this.#bytes.subarray(0, length * width);
    this.#bytes = new Uint8Array(0);
    this.#hint = length * width;
    this.length = 0;
    return { kind: 'id', length, width, bytes, valid: this.#valid.finish(length) };
  }

  #room(): Uint8Array {
    const needed = (this.length + 1) * this.width;
    if (needed > this.#bytes.length) this.#bytes = grow(this.#bytes, needed, this.#hint);
    return this.#bytes;
  }
}

export class Int32Builder {
  readonly kind: 'int32' | 'uint32';
  length = 0;
  #values = new Int32Array(0);
  #valid = new Validity();
  #hint = 0;

  constructor(kind: 'int32' | 'uint32') {
    this.kind = kind;
  }

  get memoryBytes(): number {
    return 5 * this.length;
  }

  /** Taken modulo 2^32. */
  push(value: number): void {
    this.#append(value, true);
  }

  pushNull(): void {
    this.#append(0, false);
  }

  truncate(length: number): void {
    this.length = length;
  }

  finish(): NumberData {
    const { kind, length } = this;
    const { buffer } = this.#values;
    const values = kind === 'int32' ? new Int32Array(buffer, 0, length) : new Uint32Array(buffer, 0, length);
    this.#values = new Int32Array(0);
    this.#hint = length;
    this.length = 0;
    return { kind, length, values, valid: this.#valid.finish(length) };
  }

  #append(value: number, present: boolean): void {
    if (this.length === this.#values.length) this.#values = grow(this.#values, this.length + 1, this.#hint);
    this.#values[this.length] = value;
    this.#valid.push(this.length++, present);
  }
}

/** 64-bit values as two 32-bit words: a BigInt for each would cost more than all else in its column. */
export class Int64Builder {
  readonly kind: 'int64' | 'timestamp';
  length = 0;
  #words = new Int32Array(0);
  #valid = new Validity();
  #hint = 0;

  constructor(kind: 'int64' | 'timestamp') {
    this.kind = kind;
  }

  get memoryBytes(): number {
    return 9 * this.length;
  }

  /** The value hi * 2^32 + lo; each word is taken modulo 2^32. */
  push(hi: number, lo: number): void {
    this.#append(hi, lo, true);
  }

  pushNull(): void {
    this.#append(0, 0, false);
  }

  truncate(length: number): void {
    this.length = length;
  }

  finish(): NumberData {
    const { kind, length } = this;
    const values = new BigInt64Array(this.#words.buffer, 0, length);
    this.#words = new Int32Array(0);
    this.#hint = 2 * length;
    this.length = 0;
    return { kind, length, values, valid: this.#valid.finish(length) };
  }

  #append(hi: number, lo: number, present: boolean): void {
    const at = 2 * this.length;
    if (at + 2 > this.#words.length) this.#words = grow(this.#words, at + 2, this.#hint);
    this.#words[at] = lo;
    this.#words[at + 1] = hi;
    this.#valid.push(this.length++, present);
  }
}

export class DoubleBuilder {
  readonly kind = 'double';
  length = 0;
  #values = new Float64Array(0);
  #valid = new Validity();
  #hint = 0;

  get memoryBytes(): number {
    return 9 * this.length;
  }

  push(value: number): void {
    this.#append(value, true);
  }

  pushNull(): void {
    this.#append(0, false);
  }

  truncate(length: number): void {
    this.length = length;
  }

  finish(): NumberData {
    const { length } = this;
    const values = this.#values.subarray(0, length);
    this.#values = new Float64Array(0);
    this.#hint = length;
    this.length = 0;
    return { kind: 'double', length, values, valid: this.#valid.finish(length) };
  }

  #append(value: number, present: boolean): void {
    if (this.length === this.#values.length) this.#values = grow(this.#values, this.length + 1, this.#hint);
    this.#values[this.length] = value;
    this.#valid.push(this.length++, present);
  }
}

export class BoolBuilder {
  readonly kind = 'bool';
  length = 0;
  #values = new Uint8Array(0);
  #valid = new Validity();
  #hint = 0;

  get memoryBytes(): number {
    return 2 * this.length;
  }

  push(value: boolean): void {
    this.#append(value ? 1 : 0, true);
  }

  pushNull(): void {
    this.#append(0, false);
  }

  truncate(length: number): void {
    this.length = length;
  }

  finish(): NumberData {
    const { length } = this;
    const values = this.#values.subarray(0, length);
    this.#values = new Uint8Array(0);
    this.#hint = length;
    this.length = 0;
    return { kind: 'bool', length, values, valid: this.#valid.finish(length) };
  }

  #append(value: number, present: boolean): void {
    if (this.length === this.#values.length) this.#values = grow(this.#values, this.length + 1, this.#hint);
    this.#values[this.length] = value;
    this.#valid.push(this.length++, present);
  }
}

/** Where each row's items begin; offsets[length] is where the next row's begin. */
class Offsets {
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

  finish(): StructData {
    const { length } = this;
    return { kind: 'struct', length, fields: this.fields.map((field) => field.finish()) };
  }
}
