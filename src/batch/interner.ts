/**
 * A growing dictionary of UTF-8 values: the same bytes always get the same code, codes count up from 0.
 *
 * Open addressing with linear probing. The table holds pairs [code + 1, hash], so that a probe touches one cache line and
 * an unused page of the table is never written (0 is empty). At most half of the slots are taken. Values are checked to be
 * UTF-8 when they are first seen, and never again.
 */
import { isUtf8 } from 'node:buffer';
import { BridgeError } from '../errors.ts';
import type { StringDictionary } from '../model/batch.ts';
import { systemRandomness } from '../platform/clock.ts';
import { askGrowth, type ByteSource, byteSource, grow, MAX_INT32 } from './bytes.ts';

const encoder = new TextEncoder();
const textScratch = byteSource(new Uint8Array(4096));

/** Texts up to this length are encoded by characters: for 16 of them that takes 20 ns, a call of the encoder 90. */
const SHORT_TEXT = 48;

const FIRST_SLOTS = 64;
const MAX_VALUES = 1 << 27;
/** A new table has room for as many values as the last one held, up to this many: it is memory from the first value on. */
const MAX_EXPECTED_VALUES = 1 << 16;
const NON_ASCII = 0x80808080 | 0;

/**
 * Random for each process: nobody outside can send values that are made to collide. Codes do not depend on them.
 * Odd, because only odd multipliers lose no bits.
 */
const [SEED, FACTOR_1, FACTOR_2] = randomWords();

export class Interner {
  /** Values so far; the next new value gets this code. */
  count = 0;
  /** Bytes of the longest value since the last `finish`, whether it is still there or not. */
  longest = 0;
  /** Value i is bytes[offsets[i] .. offsets[i + 1]). */
  offsets = new Int32Array(0);
  #data: ByteSource = byteSource(new Uint8Array(0));
  #table = new Int32Array(2 * FIRST_SLOTS);
  #offsetsHint = 0;
  #dataHint = 0;

  /** Bytes of memory in use. */
  get memoryBytes(): number {
    return this.#table.byteLength + 4 * this.count + this.dataBytes;
  }

  /** Bytes of all values together. */
  get dataBytes(): number {
    return this.count === 0 ? 0 : this.offsets[this.count]!;
  }

  /** All values one after the other; valid until the next call that adds a value. */
  get data(): ByteSource {
    return this.#data;
  }

  /** Code of the value source[start .. end). Throws `invalid_argument` for what is not UTF-8, `too_large` at 2 GiB. */
  intern(source: ByteSource, start: number, end: number): number {
    const hash = hashOf(source, start, end);
    const table = this.#table;
    const mask = (table.length >> 1) - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const entry = table[2 * slot]!;
      if (entry === 0) return this.#add(source, start, end, hash, slot);
      if (table[2 * slot + 1] === hash && this.equals(entry - 1, source, start, end)) return entry - 1;
    }
  }

  /** Code of a text; a lone surrogate becomes U+FFFD. */
  internText(text: string): number {
    if (text.length <= SHORT_TEXT && writeAscii(text, textScratch.bytes))
      return this.intern(textScratch, 0, text.length);
    if (3 * text.length > textScratch.bytes.length) {
      const bytes = encoder.encode(text);
      return this.intern(byteSource(bytes), 0, bytes.length);
    }
    return this.intern(textScratch, 0, encoder.encodeInto(text, textScratch.bytes).written);
  }

  /** Whether `code` is in use and its value is source[start .. end). Any code may be asked, also one of an earlier batch. */
  equals(code: number, source: ByteSource, start: number, end: number): boolean {
    if (code < 0 || code >= this.count) return false;
    const at = this.offsets[code]!;
    const length = end - start;
    return this.offsets[code + 1]! - at === length && equalBytes(this.#data, at, source, start, length);
  }

  /** Forgets the values from `count` on; their codes are given again. */
  truncate(count: number): void {
    while (this.count > count) this.#removeLast();
  }

  /** The dictionary, whose buffers then belong to the caller; the interner is empty afterwards. */
  finish(): StringDictionary {
    const { count, dataBytes } = this;
    const offsets = this.offsets.length === 0 ? new Int32Array(1) : this.offsets;
    const { bytes } = this.#data;
    this.#offsetsHint = count + 1;
    this.#dataHint = dataBytes;
    this.offsets = new Int32Array(0);
    this.#data = byteSource(new Uint8Array(0));
    this.count = 0;
    this.longest = 0;
    this.#table = new Int32Array(2 * slotsFor(Math.min(count, MAX_EXPECTED_VALUES)));
    return { count, offsets: offsets.subarray(0, count + 1), bytes: bytes.subarray(0, dataBytes) };
  }

  #add(source: ByteSource, start: number, end: number, hash: number, slot: number): number {
    checkUtf8(source, start, end);
    const code = this.count;
    const at = this.dataBytes;
    const after = at + end - start;
    if (code === MAX_VALUES || after > MAX_INT32) {
      throw new BridgeError('too_large', 'a dictionary would hold more than 2^31 - 1 bytes or 2^27 values', {
        hint: 'Lower [flush] max_rows or max_bytes.',
      });
    }
    if (after > this.#data.bytes.length) this.#data = byteSource(grow(this.#data.bytes, after, this.#dataHint));
    if (code + 2 > this.offsets.length) this.offsets = grow(this.offsets, code + 2, this.#offsetsHint);
    copyBytes(source, start, this.#data, at, end - start);
    this.offsets[code + 1] = after;
    this.#table[2 * slot] = code + 1;
    this.#table[2 * slot + 1] = hash;
    this.count = code + 1;
    if (end - start > this.longest) this.longest = end - start;
    if (4 * this.count > this.#table.length) this.#rehash();
    return code;
  }

  #rehash(): void {
    const old = this.#table;
    askGrowth(old.byteLength, 2 * old.byteLength);
    const table = new Int32Array(2 * old.length);
    const mask = (table.length >> 1) - 1;
    for (let i = 0; i < old.length; i += 2) {
      if (old[i] === 0) continue;
      let slot = old[i + 1]! & mask;
      while (table[2 * slot] !== 0) slot = (slot + 1) & mask;
      table[2 * slot] = old[i]!;
      table[2 * slot + 1] = old[i + 1]!;
    }
    this.#table = table;
  }

  /** Deletion with backward shift (Knuth 6.4, algorithm R), which leaves no tombstones. */
  #removeLast(): void {
    const table = this.#table;
    const mask = (table.length >> 1) - 1;
    const code = --this.count;
    let hole = hashOf(this.#data, this.offsets[code]!, this.offsets[code + 1]!) & mask;
    while (table[2 * hole] !== code + 1) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; table[2 * slot] !== 0; slot = (slot + 1) & mask) {
      const home = table[2 * slot + 1]! & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      table[2 * hole] = table[2 * slot]!;
      table[2 * hole + 1] = table[2 * slot + 1]!;
      hole = slot;
    }
    table[2 * hole] = 0;
  }
}

/** Writes a text at the start of `bytes`; false where it is not all ASCII. */
function writeAscii(text: string, bytes: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code > 127) return false;
    bytes[i] = code;
  }
  return true;
}

function slotsFor(count: number): number {
  let slots = FIRST_SLOTS;
  while (slots < 2 * count) slots *= 2;
  return slots;
}

/** MurmurHash3 over the whole words and once more over the last four bytes, with multipliers of this process. */
function hashOf({ bytes, view }: ByteSource, start: number, end: number): number {
  const length = end - start;
  let hash = SEED ^ length;
  if (length >= 4) {
    const last = end - 4;
    for (let i = start; i < last; i += 4) hash = mix(hash, view.getInt32(i, true));
    hash = mix(hash, view.getInt32(last, true));
  } else if (length > 0) {
    hash = mix(hash, shortWord(bytes, start, end));
  }
  hash = Math.imul(hash ^ (hash >>> 16), FACTOR_1);
  return hash ^ (hash >>> 13);
}

/** One to three bytes as a word that differs whenever they differ. */
function shortWord(bytes: Uint8Array, start: number, end: number): number {
  return bytes[start]! | (bytes[start + ((end - start) >> 1)]! << 8) | (bytes[end - 1]! << 16);
}

function mix(hash: number, word: number): number {
  const k = Math.imul(word, FACTOR_1);
  const h = hash ^ Math.imul((k << 15) | (k >>> 17), FACTOR_2);
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0;
}

function equalBytes(a: ByteSource, aStart: number, b: ByteSource, bStart: number, length: number): boolean {
  if (length >= 4) {
    const last = length - 4;
    for (let i = 0; i < last; i += 4) {
      if (a.view.getInt32(aStart + i, true) !== b.view.getInt32(bStart + i, true)) return false;
    }
    return a.view.getInt32(aStart + last, true) === b.view.getInt32(bStart + last, true);
  }
  for (let i = 0; i < length; i++) if (a.bytes[aStart + i] !== b.bytes[bStart + i]) return false;
  return true;
}

/** Short values by words: TypedArray.set costs 50 ns before it copies anything, a loop over 64 bytes 22 ns. */
function copyBytes(from: ByteSource, start: number, to: ByteSource, at: number, length: number): void {
  if (length > 128) {
    to.bytes.set(from.bytes.subarray(start, start + length), at);
  } else if (length >= 4) {
    const last = length - 4;
    for (let i = 0; i < last; i += 4) to.view.setInt32(at + i, from.view.getInt32(start + i, true), true);
    to.view.setInt32(at + last, from.view.getInt32(start + last, true), true);
  } else {
    for (let i = 0; i < length; i++) to.bytes[at + i] = from.bytes[start + i]!;
  }
}

function checkUtf8({ bytes, view }: ByteSource, start: number, end: number): void {
  let all = 0;
  let i = start;
  for (; i + 4 <= end; i += 4) all |= view.getInt32(i, true);
  for (; i < end; i++) all |= bytes[i]!;
  if ((all & NON_ASCII) !== 0 && !isUtf8(bytes.subarray(start, end))) {
    throw new BridgeError('invalid_argument', `a string that is not UTF-8 at byte ${start}`);
  }
}

function randomWords(): [number, number, number] {
  const word = () => Number.parseInt(systemRandomness.hex(4), 16) | 0;
  return [word(), word() | 1, word() | 1];
}
