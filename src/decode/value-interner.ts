/** AnyValues to their text as a code of a column's dictionary, and the letter of their type (rules: plain-json.ts). */
import { byteSource } from '../batch/bytes.ts';
import type { Interner } from '../batch/interner.ts';
import {
  type AnyValue,
  BOOL_VALUE,
  DOUBLE_VALUE,
  INT_VALUE,
  type NestingLimit,
  readAnyValue,
  STRING_VALUE,
} from './any-value.ts';
import { textSource, writeDouble, writeInt64 } from './number-text.ts';
import { LETTERS, valueText } from './plain-json.ts';
import type { Refusal } from './tally.ts';
import type { WireReader } from './wire.ts';

const TRUE = byteSource(new TextEncoder().encode('true'));
const FALSE = byteSource(new TextEncoder().encode('false'));

const letterByte = (letter: string) => letter.charCodeAt(0);
const STRING = letterByte(LETTERS.string);
const INT = letterByte(LETTERS.int);
const DOUBLE = letterByte(LETTERS.double);
const BOOL = letterByte(LETTERS.bool);
const UNSET = letterByte(LETTERS.unset);

export class ValueInterner {
  /** Char code of the letter of the value read last. */
  letter = UNSET;
  /** Code of its text, -1 where it has none. */
  code = -1;
  readonly #interner: Interner;
  readonly #nesting: NestingLimit;

  constructor(interner: Interner, maxNesting: number) {
    this.#interner = interner;
    this.#nesting = { max: maxNesting, exceeded: false };
  }

  /** Why no row can be made of the value read last. `what` holds it: "an attribute". */
  refusal(what: string): Refusal | undefined {
    if (!this.#nesting.exceeded) return undefined;
    return { kind: 'nesting', text: `${what} nested deeper than ${this.#nesting.max}` };
  }

  /** Reads the AnyValue from `start` to `end`, without an object if it is one scalar. */
  read(reader: WireReader, start: number, end: number): void {
    this.#nesting.exceeded = false;
    if (start === end) {
      this.letter = UNSET;
      this.code = -1;
      return;
    }
    const interner = this.#interner;
    reader.pos = start;
    let letter = 0;
    let code = 0;
    switch (reader.tag()) {
      case STRING_VALUE: {
        const textEnd = reader.length(end);
        if (textEnd === end) {
          letter = STRING;
          code = interner.intern(reader.source, reader.pos, textEnd);
        }
        reader.pos = textEnd;
        break;
      }
      case INT_VALUE: {
        reader.varint64();
        letter = INT;
        const length = writeInt64(reader.hi, reader.lo);
        code = interner.intern(textSource, 0, length);
        break;
      }
      case DOUBLE_VALUE:
        letter = DOUBLE;
        code = interner.intern(textSource, 0, writeDouble(reader.double()));
        break;
      case BOOL_VALUE: {
        letter = BOOL;
        const text = reader.bool() ? TRUE : FALSE;
        code = interner.intern(text, 0, text.bytes.length);
        break;
      }
      default: // Arrays, maps, bytes and unknown fields
        break;
    }
    if (letter !== 0 && reader.pos === end) {
      this.letter = letter;
      this.code = code;
    } else {
      reader.pos = start;
      this.#set(readAnyValue(reader, end, this.#nesting, 0));
    }
  }

  /** Takes the value that `read` returns: one that came in several parts, which protobuf merges. */
  readMerged(read: (nesting: NestingLimit) => AnyValue): void {
    this.#nesting.exceeded = false;
    this.#set(read(this.#nesting));
  }

  #set(value: AnyValue): void {
    const { letter, text } = valueText(value);
    this.letter = letterByte(letter);
    this.code = text === null ? -1 : this.#interner.internText(text);
  }
}
