import type { Files } from '../platform/files.ts';
import type { ByteRange } from './format.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Copies bytes of a file into a new one, in the place of one that a crash has left there, and syncs it. */
export function copyBytes(files: Files, from: string, { start, end }: ByteRange, to: string): void {
  const source = files.openForRead(from);
  try {
    files.remove(to);
    const target = files.create(to);
    try {
      for (const bytes of chunks(files, source, start, end)) files.append(target, [bytes]);
      files.syncData(target);
    } finally {
      files.close(target);
    }
  } finally {
    files.close(source);
  }
}

/** The bytes in pieces, as far as the file has them. */
export function* chunks(files: Files, fd: number, start: number, end: number): Generator<Uint8Array> {
  for (let position = start; position < end; position += CHUNK_BYTES) {
    const bytes = new Uint8Array(Math.min(CHUNK_BYTES, end - position));
    yield bytes.subarray(0, files.read(fd, bytes, position));
  }
}
