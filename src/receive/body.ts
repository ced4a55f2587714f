/** Bodies on their way in: into buffers of their own, charged to the memory budget as their bytes come. */
import type { IncomingMessage } from 'node:http';
import { BridgeError } from '../errors.ts';
import { releaseBuffers } from '../platform/memory.ts';
import type { Room } from './handler.ts';

/** Room is asked for in steps: a sender that says much and sends little holds little. */
const STEP_BYTES = 64 * 1024;
/** Larger bodies begin with a buffer of this size: a thousand of them that do not come must not drive the collector. */
const FIRST_BYTES = 256 * 1024;

export interface GrowingBody {
  /** Copies the bytes; throws what `room` throws. */
  add(chunk: Uint8Array): void;
  readonly length: number;
  /** All bytes, in an ArrayBuffer that holds nothing else. */
  finish(): Uint8Array<ArrayBuffer>;
}

/** A body of `expectedBytes`, or about, that will not be larger than `maxBytes`. */
export function createGrowingBody(expectedBytes: number, maxBytes: number, room: Pick<Room, 'grow'>): GrowingBody {
  let bytes = allocate(Math.min(expectedBytes, FIRST_BYTES));
  let length = 0;
  let heldBytes = 0;
  return {
    add(chunk) {
      const end = length + chunk.byteLength;
      if (end > heldBytes) {
        const step = Math.max(end - heldBytes, Math.min(STEP_BYTES, Math.max(0, expectedBytes - heldBytes)));
        room.grow(step);
        heldBytes += step;
      }
      if (end > bytes.byteLength) {
        const wanted = Math.max(end, 2 * bytes.byteLength);
        const grown = allocate(Math.min(wanted, end <= expectedBytes ? expectedBytes : maxBytes));
        grown.set(bytes.subarray(0, length));
        releaseBuffers([bytes.buffer]);
        bytes = grown;
      }
      bytes.set(chunk, length);
      length = end;
    },
    get length() {
      return length;
    },
    finish: () => (length === bytes.byteLength ? bytes : bytes.slice(0, length)),
  };
}

/**
 * Reads a request's body. Throws `too_large` as soon as the limit is passed, `invalid_argument` where the connection
 * ended before the body did, and what `room` throws.
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  room: Pick<Room, 'grow'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const body = createGrowingBody(Number.isNaN(declared) ? STEP_BYTES : declared, maxBytes, room);
  try {
    for await (const chunk of request as AsyncIterable<Buffer<ArrayBuffer>>) {
      if (body.length + chunk.byteLength > maxBytes) throw tooLarge(maxBytes);
      body.add(chunk);
      // A chunk from the socket has its memory to itself, and at full speed the collector comes too late for it.
      if (chunk.buffer.byteLength === chunk.byteLength) releaseBuffers([chunk.buffer]);
    }
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw new BridgeError('invalid_argument', `the body ended early, after ${body.length} bytes`, { cause: error });
  }
  return body.finish();
}

/** Bytes that are not zeroed first, in an ArrayBuffer of their own. */
function allocate(bytes: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.allocUnsafeSlow(bytes).buffer);
}

function tooLarge(maxBytes: number): BridgeError {
  return new BridgeError('too_large', `the request is larger than ${maxBytes} bytes`, {
    hint: 'Send smaller batches, or raise server.max_request_bytes.',
  });
}
