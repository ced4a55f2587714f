/** Compressed input, told by its first bytes and not by its name: gzip (RFC 1952) and Zstandard (RFC 8878). */
import { pipeline, Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CHUNK_BYTES, damaged } from './damaged.ts';
import { peek } from './peek.ts';
import { decompressFrames } from './zstd.ts';

export type InputCompression = 'none' | 'gzip' | 'zstd';

export interface Decompressed {
  readonly compression: InputCompression;
  readonly bytes: AsyncIterable<Uint8Array>;
}

/** Bytes that are enough to tell. */
const MAGIC_BYTES = 4;

/**
 * Undoes the compression, if there is any, as the bytes come; a few chunks are in memory whatever they expand to.
 *
 * @throws BridgeError corrupt, while it is read, where the compressed data is damaged or cut off
 */
export async function decompress(source: AsyncIterable<Uint8Array>): Promise<Decompressed> {
  const { head, all } = await peek(source, (chunks) => sizeOf(chunks) >= MAGIC_BYTES);
  const compression = compressionOf(Buffer.concat(head).subarray(0, MAGIC_BYTES));
  if (compression === 'none') return { compression, bytes: all };
  if (compression === 'gzip') return { compression, bytes: gunzip(all) };
  return { compression, bytes: decompressFrames(all) };
}

function compressionOf(magic: Uint8Array): InputCompression {
  if (magic[0] === 0x1f && magic[1] === 0x8b) return 'gzip';
  if (magic.length < MAGIC_BYTES) return 'none';
  const word = Buffer.from(magic).readUInt32LE();
  // A frame, or one of the frames that are to be skipped, which may come first.
  return word === 0xfd2fb528 || (word & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : 'none';
}

async function* gunzip(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let sourceError: unknown;
  async function* noted() {
    try {
      yield* source;
    } catch (error) {
      sourceError = error;
      throw error;
    }
  }
  const transform = createGunzip({ chunkSize: CHUNK_BYTES });
  let bytes = 0;
  pipeline(Readable.from(noted(), { highWaterMark: 2 }), transform, () => {}); // its error comes out of the loop below
  try {
    for await (const chunk of transform as AsyncIterable<Uint8Array>) {
      bytes += chunk.length;
      yield chunk;
    }
  } catch (cause) {
    throw sourceError ?? damaged('gzip', bytes, cause);
  } finally {
    transform.destroy();
  }
}

function sizeOf(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.length, 0);
}
