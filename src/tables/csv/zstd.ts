/**
 * Zstandard files of any number of frames. Node's decompressor stops at the end of the first one and says nothing of what
 * follows (pzstd and concatenated files have several), so each frame gets a decompressor of its own, which is given what
 * the one before it has left.
 */
import { once } from 'node:events';
import { constants, createZstdDecompress } from 'node:zlib';
import { CHUNK_BYTES, damaged } from './damaged.ts';

/** Windows of up to 128 MiB (`zstd --long`); by default Node takes as much. */
const MAX_WINDOW_LOG = 27;

export async function* decompressFrames(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const chunks = source[Symbol.asyncIterator]();
  let left: Uint8Array = new Uint8Array();
  let bytes = 0;
  try {
    for (;;) {
      if (left.length === 0) {
        const next = await chunks.next();
        if (next.done) return;
        left = next.value;
        continue;
      }
      const frame = openFrame(left, chunks);
      for await (const chunk of frame.content) {
        bytes += chunk.length;
        yield chunk;
      }
      left = frame.left();
    }
  } catch (error) {
    throw error instanceof FrameError ? damaged('zstd', bytes, error.cause) : error;
  } finally {
    await chunks.return?.();
  }
}

/** An error of the decompressor and not of the source. */
class FrameError extends Error {}

interface Frame {
  readonly content: AsyncIterable<Uint8Array>;
  /** When the content is over: what stands behind the frame, of all that was taken from the source. */
  left(): Uint8Array;
}

function openFrame(first: Uint8Array, chunks: AsyncIterator<Uint8Array>): Frame {
  const params = { [constants.ZSTD_d_windowLogMax]: MAX_WINDOW_LOG };
  const stream = createZstdDecompress({ chunkSize: CHUNK_BYTES, params });
  const closed = once(stream, 'close').catch(() => {});
  /** What was given to the decompressor and may not be used up, and where in the frame it began. */
  const given: Uint8Array[] = [];
  let givenFrom = 0;

  async function feed(): Promise<void> {
    for (let chunk: Uint8Array | undefined = first; chunk !== undefined; ) {
      const current = chunk;
      given.push(current);
      // Of a chunk behind the frame's end nobody says that it was written.
      await Promise.race([new Promise<void>((resolve) => stream.write(current, () => resolve())), closed]);
      while (given[0] && givenFrom + given[0].length <= stream.bytesWritten) givenFrom += given.shift()!.length;
      if (stream.destroyed) return;
      const next = await chunks.next();
      chunk = next.done ? undefined : next.value;
      if (stream.destroyed && chunk) given.push(chunk);
      if (stream.destroyed) return;
    }
    stream.end();
  }

  async function* content(): AsyncGenerator<Uint8Array> {
    let sourceError: unknown;
    const fed = feed().catch((error: unknown) => {
      sourceError = error;
      stream.destroy(error as Error);
    });
    try {
      for await (const chunk of stream as AsyncIterable<Uint8Array>) yield chunk;
    } catch (cause) {
      throw sourceError ?? new FrameError('frame', { cause });
    } finally {
      stream.destroy();
      await fed;
    }
  }

  return {
    content: content(),
    left: () => Buffer.concat(given).subarray(stream.bytesWritten - givenFrom),
  };
}
