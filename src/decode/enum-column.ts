import type { StringBuilder } from '../batch/columns.ts';

/** A string column of a protobuf enum: the names of known numbers, the digits of unknown ones. */
export class EnumColumn {
  readonly #column: StringBuilder;
  readonly #names: readonly string[];
  readonly #codes: Int32Array;

  /** `names[n]` is the name of the number n. */
  constructor(column: StringBuilder, names: readonly string[]) {
    this.#column = column;
    this.#names = names;
    this.#codes = new Int32Array(names.length);
  }

  /** Codes are good for one request: after it the batch may be finished or rolled back. */
  beginRequest(): void {
    this.#codes.fill(-1);
  }

  push(value: number): void {
    const known = value >= 0 && value < this.#codes.length;
    let code = known ? this.#codes[value]! : -1;
    if (code < 0) {
      code = this.#column.interner.internText(known ? this.#names[value]! : String(value));
      if (known) this.#codes[value] = code;
    }
    this.#column.push(code);
  }
}
