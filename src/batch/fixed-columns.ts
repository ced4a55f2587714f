/** Builders of columns whose values have a fixed width: ids and numbers. See columns.ts. */
import type { IdData, NumberData } from '../model/batch.ts';
import { type ByteSource, grow } from './bytes.ts';
import { Validity } from './validity.ts';

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
