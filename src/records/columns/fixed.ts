import { type Data, type DataType, makeData } from 'apache-arrow';
import { grow } from '../../batch/bytes.ts';
import { bitmap, Validity, validNulls } from '../../batch/validity.ts';
import type { Mismatch, RecordColumn } from './column.ts';

/**
 * Writes a value as `width` bytes at `at`, all of them; returns what was expected where the value does not fit. What
 * it writes then does not matter.
 */
export type Store = (view: DataView, at: number, value: unknown) => string | undefined;

/** Values of a fixed number of bytes, as Arrow lays them out; of bools one byte each until they are finished. */
export class FixedColumn implements RecordColumn {
  readonly type: DataType;
  length = 0;
  readonly #width: number;
  readonly #store: Store;
  readonly #isBool: boolean;
  #bytes = new Uint8Array(0);
  #view = new DataView(this.#bytes.buffer);
  #valid = new Validity();
  #hint = 0;

  /** @param width bytes a value; for `bool` one */
  constructor(type: DataType, width: number, store: Store, isBool = false) {
    this.type = type;
    this.#width = width;
    this.#store = store;
    this.#isBool = isBool;
  }

  get memoryBytes(): number {
    return (this.#width + 1) * this.length;
  }

  push(value: unknown): Mismatch | undefined {
    const at = this.#room();
    const expected = this.#store(this.#view, at, value);
    if (expected !== undefined) return { path: '', found: value, expected };
    this.#valid.push(this.length++, true);
    return undefined;
  }

  pushNull(): void {
    const at = this.#room();
    for (let i = at; i < at + this.#width; i++) this.#bytes[i] = 0;
    this.#valid.push(this.length++, false);
  }

  truncate(length: number): void {
    this.length = length;
  }

  finish(): Data {
    const { length, type } = this;
    const nulls = validNulls(this.#valid.finish(length), length);
    const bytes = this.#bytes.subarray(0, length * this.#width);
    this.#bytes = new Uint8Array(0);
    this.#hint = bytes.length;
    this.length = 0;
    return makeData({ type, length, ...nulls, data: this.#isBool ? bitmap(bytes, length) : bytes } as never);
  }

  #room(): number {
    const at = this.length * this.#width;
    const end = at + this.#width;
    if (end > this.#bytes.length) {
      this.#bytes = grow(this.#bytes, end, this.#hint);
      this.#view = new DataView(this.#bytes.buffer);
    }
    return at;
  }
}
