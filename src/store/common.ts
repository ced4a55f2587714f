/** What all stores do alike. */
import { crc32 } from 'node:zlib';
import { BridgeError } from '../errors.ts';
import type { ByteRange, ObjectWriter, PutResult } from './store.ts';

/** What `read` gives out at once, where the store decides. */
export const READ_CHUNK_BYTES = 1024 * 1024;

export function throwIfCancelled(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw cancelled(what, signal.reason);
}

export function cancelled(what: string, cause: unknown): BridgeError {
  return new BridgeError('cancelled', `${what} was cancelled`, { cause });
}

/** The range as far as an object of `size` bytes has it; the whole object where no range is asked. */
export function cutRange(range: ByteRange | undefined, size: number, where: string): ByteRange {
  if (!range) return { start: 0, end: size };
  checkRange(range, where);
  if (range.start >= size) throw rangePastEnd(range, size, where);
  return { start: range.start, end: Math.min(range.end, size) };
}

export function checkRange({ start, end }: ByteRange, where: string): void {
  if (Number.isSafeInteger(start) && Number.isSafeInteger(end) && start >= 0 && end > start) return;
  throw new BridgeError('invalid_argument', `range ${start} to ${end} of ${where} holds no bytes`);
}

export function rangePastEnd(range: ByteRange, size: number | undefined, where: string): BridgeError {
  const found = size === undefined ? 'past its end' : `past its end at byte ${size}`;
  return new BridgeError('invalid_argument', `range ${range.start} to ${range.end} of ${where} begins ${found}`);
}

export function notFound(where: string, cause?: unknown): BridgeError {
  return new BridgeError('not_found', `there is no object ${where}`, { cause });
}

export function alreadyExists(where: string, cause?: unknown): BridgeError {
  return new BridgeError('already_exists', `object ${where} exists already`, { cause });
}

export function changed(where: string, cause?: unknown): BridgeError {
  const hint = 'Another writer has replaced it: read it again.';
  return new BridgeError('conflict', `${where} is not the object it was a moment ago`, { hint, cause });
}

/** Copies a stream into a writer; whatever fails, the writer is aborted and that error is thrown. */
export async function pour(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  writer: ObjectWriter,
): Promise<PutResult> {
  try {
    for await (const chunk of source) await writer.write(chunk);
    return await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

/** Writes chunks one after another; returns the CRC-32 of all so far, `before` included. */
export async function writeChunks(
  writer: ObjectWriter,
  chunks: readonly Uint8Array[],
  before: number,
): Promise<number> {
  let checksum = before;
  for (const chunk of chunks) {
    checksum = crc32(chunk, checksum); // before the writer may take the buffer over
    await writer.write(chunk);
  }
  return checksum;
}
