/** An AnyValue as two columns: its text and the letter of its type, as the entries of attributes have them. */
import { byteSource } from '../batch/bytes.ts';
import type { StringBuilder } from '../batch/columns.ts';
import type { RowLimits } from '../model/layout.ts';
import { readAnyValue, UNSET } from './any-value.ts';
import type { Refusal } from './tally.ts';
import { ValueInterner } from './value-interner.ts';
import type { WireReader } from './wire.ts';

/** Byte i is i: where a letter's text stands. */
const LETTER_TEXTS = byteSource(Uint8Array.from({ length: 128 }, (_, i) => i));

export class ValueColumn {
  /** Why the row cannot be taken. */
  refusal: Refusal | undefined;
  readonly #text: StringBuilder;
  readonly #letter: StringBuilder;
  readonly #value: ValueInterner;
  /** Where the parts of the row's value stand; nearly always one. */
  #starts: number[] = [];
  #ends: number[] = [];

  constructor(text: StringBuilder, letter: StringBuilder, limits: RowLimits) {
    this.#text = text;
    this.#letter = letter;
    this.#value = new ValueInterner(text.interner, limits.maxNesting);
  }

  /** Begins a row. */
  clear(): void {
    this.#starts.length = 0;
    this.#ends.length = 0;
    this.refusal = undefined;
  }

  /** Notes the AnyValue from `reader.pos` to `end`, or a further part of it. */
  add(reader: WireReader, end: number): void {
    this.#starts.push(reader.pos);
    this.#ends.push(end);
    reader.pos = end;
  }

  /** To be called once a row, after its last part: reads the value, and knows then whether it is refused. */
  read(reader: WireReader): void {
    const parts = this.#starts.length;
    if (parts === 0) return;
    const { pos } = reader;
    if (parts === 1) this.#value.read(reader, this.#starts[0]!, this.#ends[0]!);
    else this.#readMerged(reader);
    reader.pos = pos;
    this.refusal = this.#value.refusal('a body');
  }

  /** The value as the next row of the columns, null where there was none. */
  appendRow(): void {
    if (this.#starts.length === 0) {
      this.#text.pushNull();
      this.#letter.pushNull();
      return;
    }
    const { code, letter } = this.#value;
    this.#text.push(code);
    this.#letter.push(this.#letter.interner.intern(LETTER_TEXTS, letter, letter + 1));
  }

  #readMerged(reader: WireReader): void {
    this.#value.readMerged((nesting) => {
      let value = UNSET;
      for (let i = 0; i < this.#starts.length; i++) {
        reader.pos = this.#starts[i]!;
        value = readAnyValue(reader, this.#ends[i]!, nesting, 0, value);
      }
      return value;
    });
  }
}
