/**
 * The body of an export request as it came, to protobuf bytes: decompression within a bound, then JSON to protobuf.
 * Synchronous, for worker threads.
 */
import { constants, gunzipSync, inflateSync, type ZlibOptions, type ZstdOptions, zstdDecompressSync } from 'node:zlib';
import { BridgeError } from '../errors.ts';
import type { RowLimits } from '../model/layout.ts';
import type { ContentEncoding, ContentType, SignalName } from '../model/signal.ts';
import { collectGarbage, releaseMade } from '../platform/memory.ts';
import { otlpJsonToProtobuf } from './json.ts';
import { decompressSnappy } from './snappy.ts';

export interface BodyOptions {
  readonly signal: SignalName;
  readonly contentType: ContentType;
  readonly contentEncoding: ContentEncoding;
  /** Bound on the body after decompression, and on its protobuf form. */
  readonly maxBytes: number;
  readonly limits: Pick<RowLimits, 'maxNesting'>;
}

/** Collecting a lane's garbage takes about as long as unpacking so much. */
const LARGE_OUTPUT_BYTES = 16 * 1024 * 1024;
const MIN_CHUNK_BYTES = 64 * 1024;
/** Telemetry shrinks to an eighth or more; what is over this guess costs one more copy. */
const EXPECTED_RATIO = 8;
/** Frames of one zstd body; senders write one, parallel compressors a few dozen. */
const MAX_ZSTD_FRAMES = 1024;
const ZSTD_MAGIC = 0xfd2fb528;
/** Skippable frames have the magic numbers 0x184D2A50 to 0x184D2A5F (RFC 8878, 3.1.2). */
const ZSTD_SKIPPABLE_MAGIC = 0x184d2a50;
/** Every decoder must have room for 8 MiB of window (RFC 8878, 3.1.1.1.2); above 128 MiB encoders must be forced. */
const MIN_WINDOW_LOG = 23;
const MAX_WINDOW_LOG = 27;

/**
 * Returns protobuf bytes; of an uncompressed protobuf body it is the body itself. Peak memory is about twice `maxBytes`,
 * whatever the body claims to become. Throws `too_large` and `invalid_argument`.
 */
export function toProtobuf(body: Uint8Array, options: BodyOptions): Uint8Array {
  const { signal, contentType, contentEncoding, maxBytes, limits } = options;
  const raw = decompress(body, contentEncoding, maxBytes);
  if (contentType !== 'json') return raw;
  try {
    return otlpJsonToProtobuf(signal, raw, limits, maxBytes);
  } finally {
    releaseMade(raw, body);
  }
}

/** The body without its Content-Encoding, at most `maxBytes` of it. */
export function decompress(body: Uint8Array, encoding: ContentEncoding, maxBytes: number): Uint8Array {
  try {
    switch (encoding) {
      case 'identity':
        if (body.length > maxBytes) throw tooLarge(maxBytes);
        return body;
      case 'gzip':
        return gunzipSync(body, outputBounds(body, maxBytes, gzipSize(body))); // takes several members, and zeros behind them
      case 'deflate':
        return inflateZlib(body, maxBytes);
      case 'zstd':
        return decompressZstd(body, maxBytes);
      case 'snappy':
        return decompressSnappy(body, maxBytes, () => tooLarge(maxBytes));
    }
  } catch (cause) {
    const error = cause instanceof BridgeError ? cause : decompressionError(cause, encoding, maxBytes);
    // What was unpacked before the limit was met is garbage of up to `maxBytes`, of which the collector sees little.
    if (error.code === 'too_large' && body.length < maxBytes && maxBytes >= LARGE_OUTPUT_BYTES) collectGarbage();
    throw error;
  }
}

/** Output that fits into one chunk is handed out as it is; of several chunks a copy is made, and both stay for a while. */
function outputBounds(
  body: Uint8Array,
  maxBytes: number,
  claimedBytes = body.length * EXPECTED_RATIO,
): { maxOutputLength: number; chunkSize: number } {
  // One byte more: a chunk that is exactly full makes zlib ask for another one.
  const chunkSize = Math.max(MIN_CHUNK_BYTES, Math.min(maxBytes, claimedBytes) + 1);
  return { maxOutputLength: Math.max(1, maxBytes), chunkSize };
}

/** What a gzip body says it becomes: its last four bytes (RFC 1952, 2.3.1). A guess: it may have several members, or lie. */
function gzipSize(body: Uint8Array): number {
  const at = body.length - 4;
  return at < 0 ? 0 : new DataView(body.buffer, body.byteOffset).getUint32(at, true);
}

/** What node:zlib returns with the option `info`, which its types leave out. */
interface Inflated {
  readonly buffer: Uint8Array;
  readonly engine: { readonly bytesWritten: number };
}

/** HTTP's "deflate" is the zlib format (RFC 9110, 8.4.1.2). */
function inflateZlib(body: Uint8Array, maxBytes: number): Uint8Array {
  const options: ZlibOptions = { ...outputBounds(body, maxBytes), info: true };
  const { buffer, engine } = inflateSync(body, options) as unknown as Inflated;
  if (engine.bytesWritten < body.length) throw trailingBytes('deflate', engine.bytesWritten);
  return buffer;
}

/** Frame by frame, since node:zlib stops silently after the first one. */
function decompressZstd(body: Uint8Array, maxBytes: number): Uint8Array {
  const view = new DataView(body.buffer, body.byteOffset, body.byteLength);
  const windowLog = Math.min(MAX_WINDOW_LOG, Math.max(MIN_WINDOW_LOG, Math.ceil(Math.log2(maxBytes))));
  const params = { [constants.ZSTD_d_windowLogMax]: windowLog };
  const parts: Uint8Array[] = [];
  let at = 0;
  let leftBytes = maxBytes;
  for (let frames = 0; at < body.length; ) {
    if (body.length - at >= 8 && (view.getUint32(at, true) & ~15) >>> 0 === ZSTD_SKIPPABLE_MAGIC) {
      at += 8 + view.getUint32(at + 4, true);
      continue;
    }
    if (body.length - at < 4 || view.getUint32(at, true) !== ZSTD_MAGIC) throw trailingBytes('zstd', at);
    if (++frames > MAX_ZSTD_FRAMES) {
      throw new BridgeError('invalid_argument', `the zstd body has more than ${MAX_ZSTD_FRAMES} frames`, {
        hint: 'Compress each request as one frame.',
      });
    }
    const rest = body.subarray(at);
    const options: ZstdOptions = { ...outputBounds(rest, leftBytes), params, info: true };
    const { buffer, engine } = zstdDecompressSync(rest, options) as unknown as Inflated;
    if (buffer.length > leftBytes) throw tooLarge(maxBytes);
    parts.push(buffer);
    leftBytes -= buffer.length;
    at += engine.bytesWritten;
  }
  if (at > body.length) throw truncated('zstd');
  if (parts.length === 0) throw truncated('zstd');
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function decompressionError(cause: unknown, encoding: ContentEncoding, maxBytes: number): BridgeError {
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge(maxBytes);
  if (code === 'ZSTD_error_frameParameter_windowTooLarge') {
    return new BridgeError('too_large', 'the zstd body asks for a window larger than a request may be', {
      hint: 'Compress with a smaller window (no --long), or raise server.max_request_bytes.',
      cause,
    });
  }
  if (/MEM_ERROR|memory_allocation|INITIALIZATION_FAILED/i.test(code)) {
    return new BridgeError('overloaded', `no memory to decompress the ${encoding} body`, { cause });
  }
  if (code === 'Z_BUF_ERROR') return truncated(encoding, cause);
  const problem = cause instanceof Error ? cause.message : String(cause);
  return new BridgeError('invalid_argument', `the ${encoding} body is damaged: ${problem}`, { cause });
}

function tooLarge(maxBytes: number): BridgeError {
  return new BridgeError('too_large', `the request is over ${maxBytes} bytes, uncompressed`, {
    hint: 'Send smaller batches, or raise server.max_request_bytes.',
  });
}

function truncated(encoding: ContentEncoding, cause?: unknown): BridgeError {
  return new BridgeError('invalid_argument', `the ${encoding} body is cut off`, { cause });
}

function trailingBytes(encoding: ContentEncoding, at: number): BridgeError {
  return new BridgeError('invalid_argument', `the ${encoding} body has something else in it from byte ${at} on`);
}
