/** The bytes of an envelope, in pieces of any size, to plain ones. */
import { HEADER_BYTES, openChunks, SEALED_CHUNK_BYTES } from './envelope.ts';

/**
 * Gives plaintext as soon as its chunks are whole and known not to be the last; what was given is authentic, but is the
 * whole object only where the end comes without an error. `dataKeyOf` is given the header, or what there is of it.
 */
export async function* openStream(
  sealed: AsyncIterable<Uint8Array>,
  dataKeyOf: (header: Uint8Array) => Promise<Uint8Array>,
  name: string,
): AsyncGenerator<Uint8Array> {
  let dataKey: Uint8Array | undefined;
  let held: Uint8Array = new Uint8Array();
  let index = 0;
  for await (const piece of sealed) {
    held = held.length === 0 ? piece : Buffer.concat([held, piece]);
    if (!dataKey) {
      if (held.length < HEADER_BYTES) continue;
      dataKey = await dataKeyOf(held);
      held = held.subarray(HEADER_BYTES);
    }
    // A full chunk stays until another byte comes: it might be the last one.
    const count = Math.max(0, Math.ceil(held.length / SEALED_CHUNK_BYTES) - 1);
    if (count === 0) continue;
    yield openChunks(dataKey, held.subarray(0, count * SEALED_CHUNK_BYTES), index, false, name);
    held = held.subarray(count * SEALED_CHUNK_BYTES);
    index += count;
  }
  dataKey ??= await dataKeyOf(held);
  const last = openChunks(dataKey, held, index, true, name);
  if (last.length > 0) yield last;
}
