import { type Data, type DataType, makeData } from 'apache-arrow';
import { grow } from '../../batch/bytes.ts';
import { Offsets } from '../../batch/columns.ts';
import { Validity, validNulls } from '../../batch/validity.ts';

const encoder = new TextEncoder();
/** Texts up to this length are copied by characters: calls into the encoder cost more. */
const SHORT_TEXT = 48;

/** Values of any length one after the other, each where it stands. */
export class VariableBytes {
  readonly #type: DataType;
  length = 0;
  #offsets = new Offsets();
  #valid = new Validity();
  #bytes = new Uint8Array(0);
  #end = 0;
  #hint = 0;

  /** @param type Utf8 or Binary */
  constructor(type: DataType) {
    this.#type = type;
  }

  get memoryBytes(): number {
    return 5 * this.length + this.#end;
  }

  pushText(text: string): void {
    this.#room(3 * text.length);
    const bytes = this.#bytes;
    const start = this.#end;
    let at = 0;
    if (text.length <= SHORT_TEXT) {
      for (; at < text.length; at++) {
        const code = text.charCodeAt(at);
        if (code > 127) break;
        bytes[start + at] = code;
      }
    }
    if (at < text.length) at = encoder.encodeInto(text, bytes.subarray(start)).written;
    this.#endRow(start + at, true);
  }

  pushBytes(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#bytes.set(bytes, this.#end);
    this.#endRow(this.#end + bytes.length, true);
  }

  pushNull(): void {
    this.#endRow(this.#end, false);
  }

  truncate(length: number): void {
    this.#end = this.#offsets.at(length);
    this.length = length;
  }

  finish(): Data {
    const { length } = this;
    const nulls = validNulls(this.#valid.finish(length), length);
    const data = this.#bytes.subarray(0, this.#end);
    const valueOffsets = this.#offsets.finish(length);
    this.#hint = this.#end;
    this.#bytes = new Uint8Array(0);
    this.#end = 0;
    this.length = 0;
    return makeData({ type: this.#type, length, ...nulls, valueOffsets, data } as never);
  }

  #endRow(end: number, present: boolean): void {
    this.#end = end;
    this.#offsets.push(this.length, end);
    this.#valid.push(this.length++, present);
  }

  #room(more: number): void {
    const needed = this.#end + more;
    if (needed > this.#bytes.length) this.#bytes = grow(this.#bytes, needed, this.#hint);
  }
}
