/**
 * A list of KeyValues on its way into a map column and the letters beside it (rules: plain-json.ts).
 *
 * The entries are read once into codes of the column's dictionaries; `appendRow` then copies codes, so that the attributes
 * of a resource are decoded once for all its rows. Keys are guessed by their position: the code that stood there in the
 * list before is compared before anything is hashed.
 *
 * Of a repeated key the first entry stays, the rest is counted in `duplicates`: engines refuse maps with a key twice.
 */
import { type ByteSource, byteSource } from '../batch/bytes.ts';
import type { MapBuilder, StringBuilder } from '../batch/columns.ts';
import type { RowLimits } from '../model/layout.ts';
import {
  BOOL_VALUE,
  DOUBLE_VALUE,
  INT_VALUE,
  KEY,
  type NestingLimit,
  readKeyValue,
  STRING_VALUE,
  VALUE,
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

export class AttributeList {
  /** Entries in the list. */
  count = 0;
  /** Entries left out because their key came before, over all lists; set to 0 by whoever reads it. */
  duplicates = 0;
  /** Why no row can be made of the list, if it is over a limit. */
  refusal: Refusal | undefined;
  keys = new Int32Array(16);
  values = new Int32Array(16);
  #letters: ByteSource = byteSource(new Uint8Array(16));
  /** Number of the last list in which a key code was met. */
  #metIn = new Int32Array(64);
  #list = 0;
  #typesCode = -1;
  readonly #map: MapBuilder;
  readonly #types: StringBuilder;
  readonly #maxCount: number;
  readonly #nesting: NestingLimit;

  constructor(map: MapBuilder, types: StringBuilder, limits: RowLimits) {
    this.#map = map;
    this.#types = types;
    this.#maxCount = limits.maxAttributeCount;
    this.#nesting = { max: limits.maxNesting, exceeded: false };
  }

  /** Begins a new list. */
  clear(): void {
    this.count = 0;
    this.refusal = undefined;
    this.#typesCode = -1;
    if (++this.#list === 0x7fffffff) {
      this.#metIn.fill(0);
      this.#list = 1;
    }
  }

  /** Adds the KeyValue from `reader.pos` to `end`. */
  add(reader: WireReader, end: number): void {
    if (this.#addCommon(reader, end)) return;
    const start = reader.pos;
    let keyStart = start;
    let keyEnd = start;
    let valueStart = -1;
    let valueEnd = -1;
    while (reader.pos < end) {
      const tag = reader.tag();
      if (tag === KEY) {
        keyEnd = reader.length(end);
        keyStart = reader.pos;
        reader.pos = keyEnd;
      } else if (tag === VALUE) {
        if (valueStart >= 0) {
          this.#addMerged(reader, start, end);
          return;
        }
        valueEnd = reader.length(end);
        valueStart = reader.pos;
        reader.pos = valueEnd;
      } else reader.skip(tag, end);
    }
    reader.endMessage(end, 'KeyValue');
    this.#addEntry(reader, start, end, keyStart, keyEnd, valueStart, valueEnd);
  }

  /** The list as the next row of the columns. */
  appendRow(): void {
    const { count } = this;
    this.#map.keys.pushAll(this.keys, count);
    this.#map.values.pushAll(this.values, count);
    this.#map.endRow();
    if (this.#typesCode < 0) this.#typesCode = this.#types.interner.intern(this.#letters, 0, count);
    this.#types.push(this.#typesCode);
  }

  /** Null instead of a list as the next row. */
  appendNull(): void {
    this.#map.pushNull();
    this.#types.pushNull();
  }

  /** Code of a key in the dictionary of this column. */
  codeOf(key: ByteSource): number {
    return this.#map.keys.interner.intern(key, 0, key.bytes.length);
  }

  /** Position of the entry with this key, or -1. */
  indexOf(keyCode: number): number {
    for (let i = 0; i < this.count; i++) if (this.keys[i] === keyCode) return i;
    return -1;
  }

  /** Char code of the letter of entry `i`. */
  letter(i: number): number {
    return this.#letters.bytes[i]!;
  }

  /** Where the text of entry `i` stands in `text`; only of entries that are not null. */
  textStart(i: number): number {
    return this.#map.values.interner.offsets[this.values[i]!]!;
  }

  textEnd(i: number): number {
    return this.#map.values.interner.offsets[this.values[i]! + 1]!;
  }

  get text(): ByteSource {
    return this.#map.values.interner.data;
  }

  /**
   * A KeyValue of the form that senders write: key, then value, each shorter than 128 bytes, and nothing else. Reading it
   * at fixed places instead of field by field saved 6 % of the time of a span. False, and nothing read, for others.
   */
  #addCommon(reader: WireReader, end: number): boolean {
    const { bytes, pos: start } = reader;
    if (end - start < 4) return false;
    const keyLength = bytes[start + 1]!;
    const keyStart = start + 2;
    const keyEnd = keyStart + keyLength;
    if (bytes[start] !== KEY || keyLength >= 0x80 || keyEnd + 2 > end) return false;
    const valueStart = keyEnd + 2;
    const valueLength = bytes[keyEnd + 1]!;
    if (bytes[keyEnd] !== VALUE || valueLength >= 0x80 || valueStart + valueLength !== end) return false;
    this.#addEntry(reader, start, end, keyStart, keyEnd, valueStart, end);
    return true;
  }

  #addEntry(
    reader: WireReader,
    start: number,
    end: number,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
  ): void {
    const { interner } = this.#map.keys;
    // `keys` still holds the list before from `count` on.
    const guess = this.keys[this.count]!;
    const { source } = reader;
    const code = interner.equals(guess, source, keyStart, keyEnd) ? guess : interner.intern(source, keyStart, keyEnd);
    if (this.#addKey(code)) this.#addValue(reader, start, end, valueStart, valueEnd);
    reader.pos = end;
  }

  /** Takes the next place for a key; false where the key was there already or there is no place. */
  #addKey(code: number): boolean {
    if (code >= this.#metIn.length) {
      const larger = new Int32Array(2 * code);
      larger.set(this.#metIn);
      this.#metIn = larger;
    }
    if (this.#metIn[code] === this.#list) {
      this.duplicates++;
      return false;
    }
    this.#metIn[code] = this.#list;
    if (this.count === this.#maxCount) {
      this.refusal ??= { kind: 'attribute_count', text: `more than ${this.#maxCount} attributes` };
      return false;
    }
    if (this.count + 1 >= this.keys.length) this.#growEntries();
    this.keys[this.count] = code;
    return true;
  }

  #growEntries(): void {
    const size = 2 * this.keys.length;
    const wider = (entries: Int32Array) => {
      const larger = new Int32Array(size);
      larger.set(entries);
      return larger;
    };
    this.keys = wider(this.keys);
    this.values = wider(this.values);
    const letters = new Uint8Array(size);
    letters.set(this.#letters.bytes);
    this.#letters = byteSource(letters);
  }

  #push(letter: number, valueCode: number): void {
    this.values[this.count] = valueCode;
    this.#letters.bytes[this.count] = letter;
    this.count++;
  }

  /** The value of a KeyValue that has at most one, without an object if it is one scalar. */
  #addValue(reader: WireReader, start: number, end: number, valueStart: number, valueEnd: number): void {
    if (valueStart === valueEnd) {
      this.#push(UNSET, -1);
      return;
    }
    const { interner } = this.#map.values;
    reader.pos = valueStart;
    let letter = 0;
    let code = 0;
    switch (reader.tag()) {
      case STRING_VALUE: {
        const textEnd = reader.length(valueEnd);
        if (textEnd === valueEnd) {
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
    if (letter !== 0 && reader.pos === valueEnd) this.#push(letter, code);
    else this.#pushTree(reader, start, end);
  }

  /** A KeyValue whose value came in several parts: protobuf merges them. */
  #addMerged(reader: WireReader, start: number, end: number): void {
    reader.pos = start;
    const { key } = readKeyValue(reader, end, this.#nesting, 0);
    if (this.#addKey(this.#map.keys.interner.internText(key))) this.#pushTree(reader, start, end);
  }

  #pushTree(reader: WireReader, start: number, end: number): void {
    reader.pos = start;
    this.#nesting.exceeded = false;
    const { value } = readKeyValue(reader, end, this.#nesting, 0);
    if (this.#nesting.exceeded) {
      this.refusal ??= { kind: 'nesting', text: `an attribute nested deeper than ${this.#nesting.max}` };
    }
    const { letter, text } = valueText(value);
    this.#push(letterByte(letter), text === null ? -1 : this.#map.values.interner.internText(text));
  }
}
