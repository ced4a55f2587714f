import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { type Connection, openPlaces, parseLocation } from './location.ts';

export interface Located {
  /** Bytes; undefined where nobody knows before the end: a pipe. */
  readonly size: number | undefined;
  /** As they come. To be gone through once. */
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** The bytes of one object, of a local file, or of what is read once and has no size: a named pipe, `/dev/fd/63`. */
export async function readLocation(location: string, connection: Connection, signal?: AbortSignal): Promise<Located> {
  const { bucket, path } = parseLocation(location);
  if (bucket === undefined && (await isPipe(path))) {
    return { size: undefined, bytes: createReadStream(path, signal ? { signal } : {}) };
  }
  const places = openPlaces(connection);
  try {
    const { store, key } = await places.object(location);
    const { size, etag } = await store.head(key, signal ? { signal } : {});
    return { size, bytes: closing(store.read(key, { etag, signal }), () => places.close()) };
  } catch (error) {
    places.close();
    throw error;
  }
}

/** Neither a file nor a folder, but there. */
export async function isPipe(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found !== undefined && !found.isFile() && !found.isDirectory();
}

async function* closing(bytes: AsyncIterable<Uint8Array>, close: () => void): AsyncGenerator<Uint8Array> {
  try {
    yield* bytes;
  } finally {
    close();
  }
}
