/** A growing buffer that rows are written into, byte by byte; what is full is taken out as a chunk. */
export interface Sink {
  bytes: Uint8Array<ArrayBuffer>;
  at: number;
  /** Counts the chunks taken: positions are only valid within one. */
  generation: number;
}

/** Bytes after which a chunk is given out; a single row may make one longer. */
export const EMIT_CHUNK_BYTES = 256 * 1024;

export function createSink(): Sink {
  return { bytes: new Uint8Array(EMIT_CHUNK_BYTES + 64 * 1024), at: 0, generation: 0 };
}

/** Makes room for `count` more bytes. */
export function reserve(sink: Sink, count: number): void {
  const needed = sink.at + count;
  if (needed <= sink.bytes.length) return;
  const grown = new Uint8Array(Math.max(needed, 2 * sink.bytes.length));
  grown.set(sink.bytes.subarray(0, sink.at));
  sink.bytes = grown;
}

/** What was written since the last time, as an exact copy; the buffer is used again. */
export function takeChunk(sink: Sink): Uint8Array<ArrayBuffer> {
  // Not filled with zeros first, and with a buffer of its own, which can be transferred.
  const chunk = new Uint8Array(Buffer.allocUnsafeSlow(sink.at).buffer as ArrayBuffer);
  chunk.set(sink.bytes.subarray(0, sink.at));
  sink.at = 0;
  sink.generation++;
  return chunk;
}

export function writeByte(sink: Sink, byte: number): void {
  reserve(sink, 1);
  sink.bytes[sink.at++] = byte;
}

export function writeBytes(sink: Sink, bytes: Uint8Array): void {
  const { length } = bytes;
  reserve(sink, length);
  const { bytes: out, at } = sink;
  // A call to set costs more than it saves on few bytes.
  if (length > 48) out.set(bytes, at);
  else for (let i = 0; i < length; i++) out[at + i] = bytes[i]!;
  sink.at = at + length;
}

/** ASCII text. */
export function writeAscii(sink: Sink, text: string): void {
  reserve(sink, text.length);
  for (let i = 0; i < text.length; i++) sink.bytes[sink.at++] = text.charCodeAt(i);
}

/** Bytes in pieces that own their buffers. */
export function* chunksOf(bytes: Uint8Array): Generator<Uint8Array<ArrayBuffer>> {
  for (let at = 0; at < bytes.length; at += EMIT_CHUNK_BYTES) {
    yield new Uint8Array(bytes.subarray(at, at + EMIT_CHUNK_BYTES));
  }
}
