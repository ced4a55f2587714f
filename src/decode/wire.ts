/**
 * Reading the protobuf wire format (https://protobuf.dev/programming-guides/encoding/) without making objects.
 *
 * A reader stands at `pos` of a body. A message is read by a loop over its fields,
 *
 *     while (reader.pos < end) switch (reader.tag()) { case FIELD_1_LEN: ...; default: reader.skip(tag, end); }
 *     reader.endMessage(end, 'Span');
 *
 * in which the whole tag (field number and wire type) is compared, so that a known field of another wire type is skipped
 * like an unknown one, as protobuf says. Scalars may run past `end` by some bytes; `endMessage` finds that.
 */
import { type ByteSource, byteSource } from '../batch/bytes.ts';
import { BridgeError } from '../errors.ts';

export const VARINT = 0;
export const FIXED64 = 1;
export const LEN = 2;
const START_GROUP = 3;
const END_GROUP = 4;
export const FIXED32 = 5;

/** As deep as protobuf's own parsers follow messages. */
const MAX_GROUP_DEPTH = 100;

/** The tag of a field as it is read off the wire. */
export function tagOf(field: number, wireType: number): number {
  return field * 8 + wireType;
}

export class WireReader {
  readonly source: ByteSource;
  readonly bytes: Uint8Array;
  readonly view: DataView;
  pos = 0;
  /** The words of the 64-bit value read last, as signed 32-bit numbers. */
  hi = 0;
  lo = 0;
  readonly #request: string;

  /** `request` is the name of the outermost message, for error messages. */
  constructor(body: Uint8Array, request: string) {
    this.source = byteSource(body);
    this.bytes = body;
    this.view = this.source.view;
    this.#request = request;
  }

  /** The next tag. Throws for field number 0 and for tags over 32 bits. */
  tag(): number {
    const at = this.pos;
    const byte = at < this.bytes.length ? this.bytes[at]! : 0x80;
    if (byte < 0x80 && byte >= 8) {
      this.pos = at + 1;
      return byte;
    }
    const tag = this.varint();
    if (tag < 8) this.fail('field number 0', at);
    if (tag > 0xffffffff) this.fail('field number over 2^29 - 1', at);
    return tag;
  }

  /** An unsigned varint as a number; exact below 2^53, and never smaller than the value above. */
  varint(): number {
    const at = this.pos;
    const byte = at < this.bytes.length ? this.bytes[at]! : 0x80;
    if (byte < 0x80) {
      this.pos = at + 1;
      return byte;
    }
    // Most lengths of spans and events, and the tag of Span.flags, have two bytes.
    const second = at + 1 < this.bytes.length ? this.bytes[at + 1]! : 0x80;
    if (second < 0x80) {
      this.pos = at + 2;
      return (byte & 0x7f) | (second << 7);
    }
    this.varint64();
    return (this.hi >>> 0) * 0x100000000 + (this.lo >>> 0);
  }

  /** A varint into `hi` and `lo`; bits over 64 are dropped, as protobuf does. */
  varint64(): void {
    const { bytes } = this;
    const start = this.pos;
    const limit = Math.min(bytes.length, start + 10);
    let lo = 0;
    let hi = 0;
    let shift = 0;
    for (let at = start; at < limit; at++) {
      const byte = bytes[at]!;
      const bits = byte & 0x7f;
      if (shift < 28) lo |= bits << shift;
      else if (shift === 28) {
        lo |= bits << 28;
        hi = bits >>> 4;
      } else hi |= bits << (shift - 32);
      if (byte < 0x80) {
        this.pos = at + 1;
        this.lo = lo;
        this.hi = hi;
        return;
      }
      shift += 7;
    }
    if (limit === start + 10) this.fail('varint longer than 10 bytes', start);
    this.fail('varint cut off by the end of the request', start);
  }

  /** A varint as int32 or enum: its low 32 bits, signed. */
  int32(): number {
    const at = this.pos;
    const byte = at < this.bytes.length ? this.bytes[at]! : 0x80;
    if (byte < 0x80) {
      this.pos = at + 1;
      return byte;
    }
    this.varint64();
    return this.lo;
  }

  bool(): boolean {
    this.varint64();
    return (this.hi | this.lo) !== 0;
  }

  /** As a signed number. */
  fixed32(): number {
    const at = this.#advance(4, this.bytes.length);
    return this.view.getInt32(at, true);
  }

  fixed64(): void {
    const at = this.#advance(8, this.bytes.length);
    this.lo = this.view.getInt32(at, true);
    this.hi = this.view.getInt32(at + 4, true);
  }

  double(): number {
    return this.view.getFloat64(this.#advance(8, this.bytes.length), true);
  }

  /** Reads a length and returns where its bytes end; they begin at `pos`. Throws where they run past `end`. */
  length(end: number): number {
    const at = this.pos;
    const length = this.varint();
    if (length > end - this.pos) {
      this.fail(`length ${length} runs past the end of its message, ${end - this.pos} bytes are left`, at);
    }
    return this.pos + length;
  }

  /** Skips the value of an unknown field. */
  skip(tag: number, end: number): void {
    switch (tag & 7) {
      case VARINT:
        this.varint();
        break;
      case FIXED64:
        this.#advance(8, end);
        break;
      case LEN:
        this.pos = this.length(end);
        break;
      case FIXED32:
        this.#advance(4, end);
        break;
      default:
        this.#skipGroup(tag, end);
    }
  }

  /** To be called after the loop over a message's fields: they must end exactly where the message does. */
  endMessage(end: number, message: string): void {
    if (this.pos !== end) this.fail(`a field runs past the end of ${message}`, end);
  }

  fail(what: string, at: number): never {
    throw new BridgeError('invalid_argument', `${this.#request}: ${what} at byte ${at}`, {
      hint: 'The body is not the protobuf message that its path and content type promise.',
    });
  }

  /** Moves on by `size` and returns where it was. */
  #advance(size: number, end: number): number {
    const at = this.pos;
    if (size > end - at) this.fail(`a ${size}-byte value is cut off`, at);
    this.pos = at + size;
    return at;
  }

  #skipGroup(startTag: number, end: number): void {
    const at = this.pos;
    if ((startTag & 7) !== START_GROUP) this.fail(`wire type ${startTag & 7} where a field begins`, at);
    const open = [startTag];
    while (open.length > 0) {
      if (this.pos >= end) this.fail('a group that is not closed', at);
      const tag = this.tag();
      if ((tag & 7) === START_GROUP) {
        if (open.push(tag) > MAX_GROUP_DEPTH) this.fail(`groups nested deeper than ${MAX_GROUP_DEPTH}`, at);
      } else if ((tag & 7) === END_GROUP) {
        if (tag - END_GROUP + START_GROUP !== open.pop()) this.fail('the end of a group that was not begun', this.pos);
      } else this.skip(tag, end);
    }
  }
}
