import type { IncomingMessage } from 'node:http';
import { BridgeError } from '../errors.ts';
import { releaseBuffers } from '../platform/memory.ts';

/**
 * Reads a request's body into an ArrayBuffer of its own, so that it can be moved to another thread. Throws `too_large`
 * as soon as the limit is passed, `invalid_argument` where the connection ended before the body did.
 */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  const declared = Number(request.headers['content-length'] ?? Number.NaN);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  let body = allocate(Number.isNaN(declared) ? 64 * 1024 : declared);
  let length = 0;
  try {
    for await (const chunk of request as AsyncIterable<Buffer<ArrayBuffer>>) {
      const end = length + chunk.byteLength;
      if (end > maxBytes) throw tooLarge(maxBytes);
      if (end > body.byteLength) {
        const grown = allocate(Math.min(maxBytes, Math.max(end, body.byteLength * 2)));
        grown.set(body.subarray(0, length));
        body = grown;
      }
      body.set(chunk, length);
      length = end;
      // A chunk from the socket has its memory to itself, and at full speed the collector comes too late for it.
      if (chunk.buffer.byteLength === chunk.byteLength) releaseBuffers([chunk.buffer]);
    }
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw new BridgeError('invalid_argument', `the body ended early, after ${length} bytes`, { cause: error });
  }
  return length === body.byteLength ? body : body.slice(0, length);
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
