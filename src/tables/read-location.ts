import { type Connection, openPlaces } from './location.ts';

/** The bytes of one object, as they come. */
export async function* readLocation(
  location: string,
  connection: Connection,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const places = openPlaces(connection);
  try {
    const { store, key } = await places.object(location);
    yield* store.read(key, { signal });
  } finally {
    places.close();
  }
}
