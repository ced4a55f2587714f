/**
 * Growing output for protobuf. A length-delimited value of unknown length is written behind one reserved byte of length;
 * `endLength` moves it up where the length needs more, which for small messages is never and for big ones one memmove.
 */
import { BridgeError } from '../errors.ts';

export class ProtobufSink {
  /** Bytes written so far; the bytes themselves are buffer[0 .. length). */
  length = 0;
  buffer: Uint8Array;
  #view: DataView;
  readonly #maxBytes: number;

  /** `maxBytes` bounds the output; past it the methods throw `too_large`. */
  constructor(initialBytes: number, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.buffer = new Uint8Array(Math.max(64, Math.min(initialBytes, maxBytes)));
    this.#view = new DataView(this.buffer.buffer);
  }

  /** A view of what was written; it shares the buffer, which must not be written to after that. */
  finish(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }

  /** Makes room for `count` more bytes. */
  reserve(count: number): void {
    if (this.length + count > this.buffer.length) this.#grow(this.length + count);
  }

  #grow(neededBytes: number): void {
    if (neededBytes > this.#maxBytes) {
      throw new BridgeError('too_large', `the request is over ${this.#maxBytes} bytes as protobuf`, {
        hint: 'Send smaller batches, or raise server.max_request_bytes.',
      });
    }
    const capacity = Math.min(this.#maxBytes, Math.max(neededBytes, this.buffer.length * 2));
    const grown = new Uint8Array(capacity);
    grown.set(this.buffer.subarray(0, this.length));
    this.buffer = grown;
    this.#view = new DataView(grown.buffer);
  }

  /** Field number and wire type; `tag` = number << 3 | wire type. */
  tag(tag: number): void {
    this.varint32(tag);
  }

  /** An unsigned number below 2^32. */
  varint32(value: number): void {
    this.reserve(5);
    const buffer = this.buffer;
    let at = this.length;
    while (value > 127) {
      buffer[at++] = (value & 127) | 128;
      value >>>= 7;
    }
    buffer[at++] = value;
    this.length = at;
  }

  /** The 64 bits high:low, both unsigned. */
  varint64(low: number, high: number): void {
    this.reserve(10);
    const buffer = this.buffer;
    let at = this.length;
    while (high > 0) {
      buffer[at++] = (low & 127) | 128;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    while (low > 127) {
      buffer[at++] = (low & 127) | 128;
      low >>>= 7;
    }
    buffer[at++] = low;
    this.length = at;
  }

  fixed32(value: number): void {
    this.reserve(4);
    this.#view.setUint32(this.length, value, true);
    this.length += 4;
  }

  /** The 64 bits high:low, both unsigned. */
  fixed64(low: number, high: number): void {
    this.reserve(8);
    this.#view.setUint32(this.length, low, true);
    this.#view.setUint32(this.length + 4, high, true);
    this.length += 8;
  }

  double(value: number): void {
    this.reserve(8);
    this.#view.setFloat64(this.length, value, true);
    this.length += 8;
  }

  /** Raw bytes source[start .. end), without a length. */
  bytes(source: Uint8Array, start: number, end: number): void {
    const count = end - start;
    this.reserve(count);
    const buffer = this.buffer;
    let at = this.length;
    if (count < 24) {
      // A loop is faster than a call into native code on the short strings that telemetry is made of.
      for (let i = start; i < end; i++) buffer[at++] = source[i]!;
    } else {
      buffer.set(source.subarray(start, end), at);
    }
    this.length += count;
  }

  /** Starts a length-delimited value; hand the result to endLength when the value is written. */
  beginLength(): number {
    this.reserve(1);
    return this.length++;
  }

  endLength(start: number): void {
    const count = this.length - start - 1;
    if (count < 128) {
      this.buffer[start] = count;
      return;
    }
    const extra = count < 1 << 14 ? 1 : count < 1 << 21 ? 2 : count < 1 << 28 ? 3 : 4;
    this.reserve(extra);
    this.buffer.copyWithin(start + 1 + extra, start + 1, this.length);
    const end = this.length + extra;
    this.length = start;
    this.varint32(count);
    this.length = end;
  }
}
