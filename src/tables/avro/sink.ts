/** A growing piece of memory that values are written into, as Avro's binary encoding has them. */
export interface AvroSink {
  bytes: Buffer;
  at: number;
}

const FIRST_BYTES = 512 * 1024;
/** Copies of so few bytes are faster by hand: `set` alone takes 50 ns. */
const SHORT_BYTES = 32;

export function createAvroSink(): AvroSink {
  return { bytes: Buffer.allocUnsafe(FIRST_BYTES), at: 0 };
}

/** Makes room for so many bytes more. */
export function reserve(sink: AvroSink, more: number): void {
  if (sink.at + more <= sink.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(2 * sink.bytes.length, sink.at + more));
  grown.set(sink.bytes.subarray(0, sink.at));
  sink.bytes = grown;
}

export function putByte(sink: AvroSink, value: number): void {
  if (sink.at === sink.bytes.length) reserve(sink, 1);
  sink.bytes[sink.at++] = value;
}

/** A zigzag varint of a number up to 2^31. */
export function putInt(sink: AvroSink, value: number): void {
  putVarint(sink, ((value << 1) ^ (value >> 31)) >>> 0, 0);
}

/** A zigzag varint of a 64-bit number in two words. */
export function putLong(sink: AvroSink, low: number, high: number): void {
  const sign = high >> 31;
  putVarint(sink, ((low << 1) ^ sign) >>> 0, (((high << 1) | (low >>> 31)) ^ sign) >>> 0);
}

/** A count that may be over 2^31. */
export function putCount(sink: AvroSink, count: number): void {
  putLong(sink, count | 0, Math.floor(count / 2 ** 32));
}

function putVarint(sink: AvroSink, low: number, high: number): void {
  reserve(sink, 10);
  const { bytes } = sink;
  let { at } = sink;
  while (high !== 0 || low > 127) {
    bytes[at++] = (low & 127) | 128;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  bytes[at++] = low;
  sink.at = at;
}

export function putBytes(sink: AvroSink, from: Uint8Array, start: number, end: number): void {
  const length = end - start;
  reserve(sink, length);
  const { bytes, at } = sink;
  if (length <= SHORT_BYTES) for (let i = 0; i < length; i++) bytes[at + i] = from[start + i]!;
  else bytes.set(from.subarray(start, end), at);
  sink.at = at + length;
}

/** Length and bytes, as strings and bytes are. */
export function putSized(sink: AvroSink, from: Uint8Array, start: number, end: number): void {
  putInt(sink, end - start);
  putBytes(sink, from, start, end);
}
