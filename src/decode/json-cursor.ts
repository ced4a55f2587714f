/**
 * Reads JSON text (RFC 8259) token by token from its UTF-8 bytes, without building values: memory stays at the size of
 * the input whatever the input is, and numbers keep all their digits. `JSON.parse` can promise neither (64 MB of `{},`
 * become gigabytes of objects).
 */
import { isUtf8 } from 'node:buffer';
import { BridgeError } from '../errors.ts';
import { numberEnd } from './json-number.ts';
import { invalidUtf8At } from './utf8.ts';

export const QUOTE = 0x22;
export const OPEN_OBJECT = 0x7b;
export const CLOSE_OBJECT = 0x7d;
export const OPEN_LIST = 0x5b;
export const CLOSE_LIST = 0x5d;
export const LOWER_N = 0x6e;
export const LOWER_T = 0x74;
export const LOWER_F = 0x66;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const COLON = 0x3a;

const LITERALS: ReadonlyMap<number, string> = new Map([
  [LOWER_N, 'null'],
  [LOWER_T, 'true'],
  [LOWER_F, 'false'],
]);

/** What stands behind a backslash, and what it means; `u` is apart. */
const ESCAPES: ReadonlyMap<number, number> = new Map([
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
]);

export class JsonCursor {
  readonly bytes: Uint8Array;
  readonly end: number;
  at = 0;

  /** The last string or number read: text[textStart .. textEnd), in the input or, with escapes resolved, in a scratch. */
  text: Uint8Array;
  textStart = 0;
  textEnd = 0;
  /** 31-hash of the last string read. */
  hash = 0;

  /** Objects and lists open around the current position. */
  depth = 0;
  /** Key (text) or index inside the container at each depth; for messages. */
  readonly path: (string | number)[] = [];
  readonly #maxDepth: number;
  #scratch = new Uint8Array(0);

  /** Throws `invalid_argument` where the bytes are no UTF-8. */
  constructor(bytes: Uint8Array, maxDepth: number) {
    this.bytes = bytes;
    this.end = bytes.length;
    this.text = bytes;
    this.#maxDepth = maxDepth;
    if (!isUtf8(bytes)) {
      throw new BridgeError('invalid_argument', `the JSON text is not valid UTF-8 at byte ${invalidUtf8At(bytes)}`);
    }
    const byteOrderMark = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
    if (byteOrderMark) this.at = 3;
  }

  /** The next byte that is no white space; -1 at the end. Does not pass it. */
  peek(): number {
    const { bytes, end } = this;
    let at = this.at;
    while (at < end) {
      const byte = bytes[at]!;
      if (byte > 0x20) {
        this.at = at;
        return byte;
      }
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) break;
      at++;
    }
    this.at = at;
    return at < end ? bytes[at]! : -1;
  }

  /** Passes the opening bracket that peek() found; false where the container is empty (and passed). */
  open(close: number): boolean {
    if (++this.depth > this.#maxDepth) {
      throw this.error(
        `nested deeper than ${this.#maxDepth} levels of JSON`,
        'Raise limits.max_nesting, or flatten it.',
      );
    }
    this.path[this.depth] = '';
    this.at++;
    if (this.peek() !== close) return true;
    this.at++;
    this.depth--;
    return false;
  }

  /** Passes a comma (true: one more element follows) or the closing bracket (false). */
  more(close: number): boolean {
    const byte = this.peek();
    this.at++;
    if (byte === COMMA) return true;
    if (byte !== close) throw this.#syntaxError(this.at - 1, `',' or '${String.fromCharCode(close)}'`);
    this.depth--;
    return false;
  }

  /** Reads an object's key, as readString, and passes the colon. */
  readKey(): void {
    if (this.peek() !== QUOTE) throw this.#syntaxError(this.at, 'a key in double quotes');
    this.readString();
    if (this.peek() !== COLON) throw this.#syntaxError(this.at, "':'");
    this.at++;
  }

  /** Reads the string whose opening quote is at the position. */
  readString(): void {
    const { bytes, end } = this;
    const start = this.at + 1;
    let at = start;
    let hash = 0;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte === QUOTE) {
        this.text = bytes;
        this.textStart = start;
        this.textEnd = at;
        this.hash = hash;
        this.at = at + 1;
        return;
      }
      if (byte === BACKSLASH) {
        this.#readEscapedString(start, at);
        return;
      }
      if (byte < 0x20) break;
      hash = (Math.imul(hash, 31) + byte) | 0;
    }
    throw this.#syntaxError(at, at < end ? 'no control character in a string' : "the closing '\"' of a string");
  }

  #readEscapedString(start: number, firstEscape: number): void {
    const { bytes } = this;
    let close = firstEscape;
    while (close < this.end && bytes[close] !== QUOTE) close += bytes[close] === BACKSLASH ? 2 : 1;
    if (close >= this.end) throw this.#syntaxError(this.end, "the closing '\"' of a string");
    if (this.#scratch.length < close - start) this.#scratch = new Uint8Array((close - start) * 2);
    const out = this.#scratch;
    out.set(bytes.subarray(start, firstEscape));
    let length = firstEscape - start;
    for (let at = firstEscape; at < close; ) {
      const byte = bytes[at]!;
      if (byte !== BACKSLASH) {
        if (byte < 0x20) throw this.#syntaxError(at, 'no control character in a string');
        out[length++] = byte;
        at++;
        continue;
      }
      const plain = ESCAPES.get(bytes[at + 1]!);
      if (plain !== undefined) {
        out[length++] = plain;
        at += 2;
        continue;
      }
      let codePoint = this.#unicodeEscape(at);
      at += 6;
      if (codePoint >= 0xd800 && codePoint < 0xe000) {
        const next =
          codePoint < 0xdc00 && bytes[at] === BACKSLASH && bytes[at + 1] === 0x75 ? this.#unicodeEscape(at) : 0;
        if (next >= 0xdc00 && next < 0xe000) {
          codePoint = 0x10000 + ((codePoint - 0xd800) << 10) + (next - 0xdc00);
          at += 6;
        } else {
          // Half of a pair, as SDKs make by cutting strings at a length limit: UTF-8 has no such character.
          codePoint = 0xfffd;
        }
      }
      length = writeUtf8(out, length, codePoint);
    }
    let hash = 0;
    for (let i = 0; i < length; i++) hash = (Math.imul(hash, 31) + out[i]!) | 0;
    this.text = out;
    this.textStart = 0;
    this.textEnd = length;
    this.hash = hash;
    this.at = close + 1;
  }

  /** The code unit of the escape `\uXXXX` at `at`. */
  #unicodeEscape(at: number): number {
    let value = 0;
    if (this.bytes[at + 1] !== 0x75) throw this.#syntaxError(at, 'an escape of JSON');
    for (let i = at + 2; i < at + 6; i++) {
      const digit = hexDigit(this.bytes[i] ?? 0);
      if (digit < 0) throw this.#syntaxError(i, 'four hex digits');
      value = value * 16 + digit;
    }
    return value;
  }

  /** Reads the number at the position; its text is a JSON number then. */
  readNumber(): void {
    const end = numberEnd(this.bytes, this.at, this.end);
    if (end < 0) throw this.#syntaxError(this.at, 'a JSON value');
    this.text = this.bytes;
    this.textStart = this.at;
    this.textEnd = end;
    this.at = end;
  }

  /** Passes `null`, `true` or `false`, whose first letter is at the position. */
  readLiteral(): void {
    const word = LITERALS.get(this.bytes[this.at]!)!;
    for (let i = 1; i < word.length; i++) {
      if (this.bytes[this.at + i] !== word.charCodeAt(i)) throw this.#syntaxError(this.at, 'a JSON value');
    }
    this.at += word.length;
  }

  /** Passes any value, checking its syntax. */
  skipValue(): void {
    const base = this.depth;
    const closers: number[] = [];
    do {
      const byte = this.peek();
      if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
        const close = byte + 2;
        if (this.open(close)) {
          closers.push(close);
          if (close === CLOSE_OBJECT) this.readKey();
          continue;
        }
      } else if (byte === QUOTE) this.readString();
      else if (LITERALS.has(byte)) this.readLiteral();
      else this.readNumber();
      while (this.depth > base) {
        const close = closers[closers.length - 1]!;
        if (this.more(close)) {
          if (close === CLOSE_OBJECT) this.readKey();
          break;
        }
        closers.pop();
      }
    } while (this.depth > base);
  }

  /** Throws unless only white space follows. */
  expectEnd(): void {
    if (this.peek() !== -1) throw this.#syntaxError(this.at, 'nothing after the top-level object');
  }

  /** What kind of value starts at the position, in words. */
  describe(): string {
    const byte = this.peek();
    if (byte === OPEN_OBJECT) return 'an object';
    if (byte === OPEN_LIST) return 'a list';
    if (byte === QUOTE) return 'a string';
    if (LITERALS.has(byte)) return LITERALS.get(byte)!;
    if (numberEnd(this.bytes, this.at, this.end) >= 0) return 'a number';
    throw this.#syntaxError(this.at, 'a JSON value');
  }

  /** An error about the value at the current path; the payload itself is not quoted. */
  error(problem: string, hint?: string): BridgeError {
    let path = '';
    for (let i = 1; i <= this.depth; i++) {
      const step = this.path[i]!;
      if (typeof step === 'number') path += `[${step}]`;
      else if (step !== '') path += path === '' ? step : `.${step}`;
    }
    return new BridgeError('invalid_argument', `${path || 'the request body'}: ${problem}`, { hint });
  }

  #syntaxError(at: number, expected: string): BridgeError {
    const where = at >= this.end ? `the text ends at byte ${this.end}` : `at byte ${at}`;
    return this.error(`invalid JSON, ${where}: expected ${expected}`);
  }
}

/** Value of an ASCII hex digit of either case; -1 for another byte. */
export function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function writeUtf8(out: Uint8Array, at: number, codePoint: number): number {
  if (codePoint < 0x80) out[at++] = codePoint;
  else if (codePoint < 0x800) {
    out[at++] = 0xc0 | (codePoint >> 6);
    out[at++] = 0x80 | (codePoint & 63);
  } else if (codePoint < 0x10000) {
    out[at++] = 0xe0 | (codePoint >> 12);
    out[at++] = 0x80 | ((codePoint >> 6) & 63);
    out[at++] = 0x80 | (codePoint & 63);
  } else {
    out[at++] = 0xf0 | (codePoint >> 18);
    out[at++] = 0x80 | ((codePoint >> 12) & 63);
    out[at++] = 0x80 | ((codePoint >> 6) & 63);
    out[at++] = 0x80 | (codePoint & 63);
  }
  return at;
}
