/** A file read from its beginning to its end, in chunks. */
import { open } from 'node:fs/promises';
import { BridgeError } from '../errors.ts';
import { isErrno } from '../platform/files.ts';
import { changed, notFound, READ_CHUNK_BYTES, throwIfCancelled } from './common.ts';
import { fileError } from './file-errors.ts';
import { etagOf } from './file-upload.ts';
import type { ReadOptions } from './store.ts';

/** A file is replaced by another one, which leaves the open one as it is; only what writes into it is a conflict. */
export async function* readFileChunks(file: string, { etag, signal }: ReadOptions): AsyncGenerator<Uint8Array> {
  throwIfCancelled(signal, `reading ${file}`);
  try {
    await using handle = await open(file, 'r');
    const found = await handle.stat({ bigint: true });
    if (!found.isFile()) throw notFound(file);
    if (etag !== undefined && etag !== etagOf(found)) throw changed(file);
    for (let left = Number(found.size); left > 0; ) {
      throwIfCancelled(signal, `reading ${file}`);
      const chunk = new Uint8Array(Math.min(left, READ_CHUNK_BYTES));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length);
      if (bytesRead === 0) throw new BridgeError('unavailable', `${file} was cut short while it was read`);
      left -= bytesRead;
      yield bytesRead === chunk.length ? chunk : chunk.subarray(0, bytesRead);
    }
    // Written into meanwhile, it may be neither what it was nor what it is.
    if (etagOf(await handle.stat({ bigint: true })) !== etagOf(found)) throw changed(file);
  } catch (error) {
    throw isErrno(error, 'ENOTDIR', 'EISDIR') ? notFound(file, error) : fileError(error, 'reading', file);
  }
}
