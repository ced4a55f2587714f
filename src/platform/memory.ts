import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives the memory of buffers back at once; they are detached and read as empty afterwards. The collector sees only the
 * small object in front of a large buffer and is in no hurry: at full ingest hundreds of megabytes would wait for it.
 */
export function releaseBuffers(buffers: Iterable<ArrayBuffer>): void {
  for (const buffer of buffers) if (buffer.byteLength > 0) buffer.transfer(0);
}

/** The parts one after the other. Each must have its memory to itself: it is given back, unless it is the only part. */
export function joinBuffers(parts: readonly Uint8Array<ArrayBuffer>[]): Uint8Array<ArrayBuffer> {
  if (parts.length === 1) return parts[0]!;
  const joined = new Uint8Array(Buffer.allocUnsafeSlow(parts.reduce((sum, part) => sum + part.byteLength, 0)).buffer);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.byteLength;
    releaseBuffers([part.buffer]);
  }
  return joined;
}

/** Below this a Buffer may stand in Node's shared pool, and is not worth the trouble. */
const LARGE_BYTES = 128 * 1024;

/** The same for bytes that were made from `source`, where they are large and not the source itself. */
export function releaseMade(bytes: Uint8Array, source: Uint8Array): void {
  if (bytes.buffer !== source.buffer) releaseLarge(bytes);
}

/** The same for bytes that have their memory to themselves, where they are large. */
export function releaseLarge({ buffer }: Uint8Array): void {
  if (buffer.byteLength >= LARGE_BYTES && buffer instanceof ArrayBuffer) releaseBuffers([buffer]);
}

let collect: (() => void) | undefined;

/**
 * Collects this thread's garbage now. The collector sees only the small objects in front of buffers, so those of a read
 * that was given up may wait for a long time; to be asked for where memory is short and nothing else is to be done.
 */
export function collectGarbage(): void {
  if (collect === undefined) {
    setFlagsFromString('--expose-gc');
    collect = runInNewContext('gc') as () => void;
    setFlagsFromString('--no-expose-gc');
  }
  collect();
}
