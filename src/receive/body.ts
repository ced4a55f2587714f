/** Bodies on their way in: into buffers of their own, charged to the memory budget as their bytes come. */
import type { IncomingMessage } from 'node:http';
import { BridgeError } from '../errors.ts';
import { releaseBuffers } from '../platform/memory.ts';
import type { Room } from './handler.ts';

/** Room is asked for in steps: a sender that says much and sends little holds little. */
const STEP_BYTES = 64 * 1024;
/** Larger messages begin with a buffer of this size, which is only touched as far as it is filled. */
const FIRST_BYTES = 1024 * 1024;
/** Each time the buffer is full it gets so many times its size, as far as the sender says that so much comes. */
const GROWTH = 4;
/**
 * Bodies up to this size are copied into one buffer as they come. Larger ones are copied into parts, which a lane joins: a
 * buffer that grows is copied again and again, 5 ms a megabyte in all, while this thread has others to answer.
 */
const MAX_JOINED_BYTES = 1024 * 1024;
/** Of a part, after a first one of STEP_BYTES: the allocator gives so large blocks back to the system when they are freed. */
const PART_BYTES = 1024 * 1024;

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
        const isExpected = end <= expectedBytes;
        const wanted = Math.max(end, (isExpected ? GROWTH : 2) * bytes.byteLength);
        const grown = allocate(Math.min(wanted, isExpected ? expectedBytes : maxBytes));
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

/** The parts of a body, each in an ArrayBuffer of its own. */
export type BodyParts = readonly Uint8Array<ArrayBuffer>[];

interface CollectedBody {
  /** Copies the bytes; throws what `room` throws. */
  add(chunk: Uint8Array): void;
  readonly length: number;
  finish(): BodyParts;
}

/** A body of any size in parts that are filled one after the other, charged as its bytes come. */
function createPartedBody(room: Pick<Room, 'grow'>): CollectedBody {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  let last = allocate(STEP_BYTES);
  let lastBytes = 0;

  function closeLast(): void {
    if (lastBytes > 0) parts.push(last.subarray(0, lastBytes));
    lastBytes = 0;
  }

  return {
    add(chunk) {
      room.grow(chunk.byteLength);
      if (lastBytes + chunk.byteLength > last.byteLength) {
        closeLast();
        last = allocate(Math.max(PART_BYTES, chunk.byteLength)); // only touched as far as it is filled
      }
      last.set(chunk, lastBytes);
      lastBytes += chunk.byteLength;
      length += chunk.byteLength;
    },
    get length() {
      return length;
    },
    finish() {
      closeLast();
      return parts;
    },
  };
}

/** A body in one part, of which its sender has said how large it is. */
function createJoinedBody(bytes: number, room: Pick<Room, 'grow'>): CollectedBody {
  const body = createGrowingBody(bytes, bytes, room);
  return {
    add: body.add,
    get length() {
      return body.length;
    },
    finish: () => [body.finish()],
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
): Promise<BodyParts> {
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const body = declared <= MAX_JOINED_BYTES ? createJoinedBody(declared, room) : createPartedBody(room);
  try {
    // The connection stays for the answer, which a sender gets only if what it still sends is read: see http.ts.
    const chunks = request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer<ArrayBuffer>>;
    for await (const chunk of chunks) {
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
