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
import { KEY, readKeyValue, VALUE } from './any-value.ts';
import { checkMessage, checkText } from './check-message.ts';
import type { Refusal } from './tally.ts';
import { ValueInterner } from './value-interner.ts';
import type { WireReader } from './wire.ts';

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
  readonly #value: ValueInterner;

  constructor(map: MapBuilder, types: StringBuilder, limits: RowLimits) {
    this.#map = map;
    this.#types = types;
    this.#maxCount = limits.maxAttributeCount;
    this.#value = new ValueInterner(map.values.interner, limits.maxNesting);
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
        if (keyStart !== start) checkText(reader, keyStart, keyEnd);
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
    this.#addEntry(reader, end, keyStart, keyEnd, valueStart, valueEnd);
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
    this.#addEntry(reader, end, keyStart, keyEnd, valueStart, end);
    return true;
  }

  #addEntry(
    reader: WireReader,
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
    if (this.#addKey(code)) {
      this.#value.read(reader, valueStart, valueEnd);
      this.#pushValue();
    } else if (valueStart >= 0) {
      reader.pos = valueStart;
      checkMessage(reader, 'AnyValue', valueEnd);
    }
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

  #pushValue(): void {
    const { letter, code } = this.#value;
    this.refusal ??= this.#value.refusal('an attribute');
    this.values[this.count] = code;
    this.#letters.bytes[this.count] = letter;
    this.count++;
  }

  /** A KeyValue whose value came in several parts. */
  #addMerged(reader: WireReader, start: number, end: number): void {
    let key = '';
    this.#value.readMerged((nesting) => {
      reader.pos = start;
      const entry = readKeyValue(reader, end, nesting, 0);
      key = entry.key;
      return entry.value;
    });
    if (this.#addKey(this.#map.keys.interner.internText(key))) this.#pushValue();
  }
}
