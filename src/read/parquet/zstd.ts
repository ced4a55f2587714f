/**
 * Pages in zstd, decompressed in one context that is kept: `zstdDecompressSync` makes a stream with a context of its own
 * for each call, which takes 20 microseconds where most pages of codes take 2 to 7, and twice the time of large ones.
 *
 * The context is that of a stream of node:zlib, below its public interface. So it is tried out before it is used, and
 * whatever it does not decompress as promised goes to `zstdDecompressSync`, which also says what is wrong with it.
 */
import { constants, createZstdDecompress, zstdCompressSync, zstdDecompressSync } from 'node:zlib';

/** What node:zlib's own synchronous calls use. */
interface Context {
  readonly handle: {
    onerror: (message: string) => void;
    writeSync(
      flush: number,
      from: Uint8Array,
      fromAt: number,
      fromLength: number,
      to: Uint8Array,
      toAt: number,
      toLength: number,
    ): void;
    reset(): void;
  };
  /** Bytes that were not written to, and not read, by the last call. */
  readonly left: Uint32Array;
}

let context: Context | undefined | 'untried' = 'untried';

/** `size` bytes from one frame that takes all of `body`. Throws where it holds other than that. */
export function decompressZstd(body: Uint8Array, size: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
  if (context === 'untried') context = openContext();
  // Frames of unknown or other size would leave buffers of their window in the context.
  if (context !== undefined && contentSize(body) === size && decompressIn(context, body, out)) return out;
  const found = zstdDecompressSync(body, { chunkSize: Math.max(size, MIN_CHUNK_BYTES), maxOutputLength: size });
  if (found.length !== size) throw new Error(`a page has ${found.length} bytes, its header says ${size}`);
  return new Uint8Array(found.buffer, found.byteOffset, size);
}

/** zlib takes no smaller ones. */
const MIN_CHUNK_BYTES = 64;

function decompressIn({ handle, left }: Context, body: Uint8Array, out: Uint8Array): boolean {
  // Not written where it fails.
  left.fill(1);
  handle.writeSync(constants.ZSTD_e_continue, body, 0, body.length, out, 0, out.length);
  if (left[0] === 0 && left[1] === 0) return true;
  handle.reset();
  return false;
}

function openContext(): Context | undefined {
  try {
    const stream = createZstdDecompress() as unknown as { _handle: Context['handle']; _writeState: Uint32Array };
    const opened = { handle: stream._handle, left: stream._writeState };
    // A failed page is told by what is left.
    opened.handle.onerror = () => {};
    const sample = new Uint8Array(1000).map((_, i) => i % 7);
    const frame = zstdCompressSync(sample, { pledgedSrcSize: sample.length });
    const works = () => {
      const out = new Uint8Array(sample.length);
      return decompressIn(opened, frame, out) && out.every((byte, i) => byte === sample[i]);
    };
    const isRefused = () => !decompressIn(opened, frame.subarray(0, -2), new Uint8Array(sample.length));
    return works() && isRefused() && works() ? opened : undefined;
  } catch {
    return undefined;
  }
}

const MAGIC = 0xfd2fb528;

/**
 * The size that a frame's header promises (RFC 8878, section 3.1.1.1); undefined where it has none, or takes eight bytes
 * to say it.
 */
export function contentSize(frame: Uint8Array): number | undefined {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
  if (frame.length < 5 || view.getUint32(0, true) !== MAGIC) return undefined;
  const descriptor = frame[4]!;
  const isSingle = (descriptor & 0x20) !== 0;
  // Behind the window's descriptor and the dictionary's id.
  const at = 5 + (isSingle ? 0 : 1) + [0, 1, 2, 4][descriptor & 3]!;
  const length = [isSingle ? 1 : 0, 2, 4, 8][descriptor >> 6]!;
  if (at + length > frame.length) return undefined;
  if (length === 1) return frame[at]!;
  if (length === 2) return view.getUint16(at, true) + 256;
  return length === 4 ? view.getUint32(at, true) : undefined;
}
