/** Content-Encoding of streamed answers, as the client's Accept-Encoding asks. */
import { pipeline } from 'node:stream/promises';
import { constants, createGzip, createZstdCompress } from 'node:zlib';
import { preferred } from '../platform/accept.ts';

export type Encoding = 'gzip' | 'zstd';

/** Rows compress well at the lowest level, and a higher one would be slower than most networks. */
const LEVEL = 1;

/** Undefined: as it is. */
export function acceptedEncoding(acceptEncoding: string | undefined): Encoding | undefined {
  return preferred(acceptEncoding, ['zstd', 'gzip']);
}

/**
 * The chunks compressed, with no more than the coder's window in memory. An error of `chunks` is thrown on, and the
 * stream then lacks its end, so that no client takes it for whole. Leaving the loop early ends `chunks` too.
 */
export async function* compress(chunks: AsyncIterable<Uint8Array>, encoding: Encoding): AsyncGenerator<Uint8Array> {
  const coder =
    encoding === 'gzip'
      ? createGzip({ level: LEVEL })
      : createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: LEVEL } });
  const feeding = pipeline(chunks, coder);
  // Told by the loop below; this keeps an early end from being an unhandled rejection.
  feeding.catch(() => {});
  try {
    yield* coder as AsyncIterable<Uint8Array>;
    await feeding;
  } finally {
    coder.destroy();
  }
}
