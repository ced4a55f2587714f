/** Plain bytes, in pieces of any size, to the pieces of an envelope. */
import { CHUNK_BYTES, type NewEnvelope, SEALED_CHUNK_BYTES, sealChunk, TAG_BYTES } from './envelope.ts';

export interface Sealer {
  /** The envelope's next bytes; a copy of what is not yet a full chunk is kept. */
  seal(plain: Uint8Array): Uint8Array[];
  /** The last chunk, which only the end tells to be that. To be called once. */
  end(): Uint8Array[];
}

export function createSealer({ header, dataKey }: NewEnvelope): Sealer {
  const held = new Uint8Array(CHUNK_BYTES);
  let heldBytes = 0;
  let index = 0;
  let isBegun = false;

  function begin(): Uint8Array[] {
    const pieces = isBegun ? [] : [header];
    isBegun = true;
    return pieces;
  }

  function hold(plain: Uint8Array): void {
    held.set(plain, heldBytes);
    heldBytes += plain.length;
  }

  return {
    seal(plain) {
      // A full chunk stays until another byte comes: it might be the last one.
      const count = Math.max(0, Math.ceil((heldBytes + plain.length) / CHUNK_BYTES) - 1);
      if (count === 0) {
        hold(plain);
        return [];
      }
      const sealed = new Uint8Array(count * SEALED_CHUNK_BYTES);
      let used = 0;
      for (let i = 0; i < count; i++) {
        let chunk: Uint8Array;
        if (heldBytes > 0) {
          const missing = CHUNK_BYTES - heldBytes;
          hold(plain.subarray(0, missing));
          used += missing;
          heldBytes = 0;
          chunk = held;
        } else {
          chunk = plain.subarray(used, used + CHUNK_BYTES);
          used += CHUNK_BYTES;
        }
        sealChunk(dataKey, index++, false, chunk, sealed, i * SEALED_CHUNK_BYTES);
      }
      hold(plain.subarray(used));
      return [...begin(), sealed];
    },
    end() {
      const sealed = new Uint8Array(heldBytes + TAG_BYTES);
      sealChunk(dataKey, index, true, held.subarray(0, heldBytes), sealed, 0);
      return [...begin(), sealed];
    },
  };
}
