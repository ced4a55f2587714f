/**
 * Reads across threads: chunks of output flow over a MessagePort, paced by credit. The reader asks for a number of
 * chunks; the server never has more than that on the way, and then waits. Chunks are transferred, not copied.
 *
 *   reader to server   { type: 'read', request, credit } once, { type: 'credit', chunks }, { type: 'cancel' }
 *   server to reader   { type: 'cursor', cursor } where it is known before the end, { type: 'chunk', bytes }, then { type: 'end', stats } or { type: 'error', error, stats }
 *
 * A closed port counts as a cancellation on the server's side and as a lost reader thread on the other.
 */
import type { MessagePort } from 'node:worker_threads';
import { BridgeError, type ErrorData, errorFromData, errorToData } from '../errors.ts';
import type { ReadRequest } from './request.ts';
import { respond } from './respond.ts';
import { emptyStats, type ReadDeps, type ReadStats } from './types.ts';

/** Chunks on the way at most; each is about EMIT_CHUNK_BYTES. */
const CREDIT = 4;

export interface ReadMessage {
  readonly type: 'read';
  readonly request: ReadRequest;
  readonly credit: number;
}

type ToServer = ReadMessage | { readonly type: 'credit'; readonly chunks: number } | { readonly type: 'cancel' };

type ToReader =
  | { readonly type: 'cursor'; readonly cursor: string }
  | { readonly type: 'chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'end'; readonly stats: ReadStats }
  | { readonly type: 'error'; readonly error: ErrorData; readonly stats: ReadStats };

/** Waits for the one read of a port, carries it out and closes the port. Never rejects: errors go to the reader. */
export function serveRead(port: MessagePort, deps: ReadDeps): Promise<void> {
  return new Promise((resolve) => {
    const onMessage = (message: ToServer) => {
      if (message.type !== 'read') return;
      port.off('message', onMessage);
      port.off('close', resolve);
      pumpRead(message.request, deps, port, message.credit).then(resolve);
    };
    port.on('message', onMessage);
    port.once('close', resolve);
  });
}

/** Carries out a read and sends its output; resolves when the reader has all of it, has cancelled or is gone. */
export async function pumpRead(
  request: ReadRequest,
  deps: ReadDeps,
  port: MessagePort,
  initialCredit = 0,
): Promise<void> {
  const cancel = new AbortController();
  let credit = initialCredit;
  let wake = () => {};
  const giveUp = () => {
    cancel.abort(new BridgeError('cancelled', 'the read was cancelled by its reader'));
    wake();
  };
  const onMessage = (message: ToServer) => {
    if (message.type === 'cancel') return giveUp();
    if (message.type === 'credit') credit += message.chunks;
    wake();
  };
  port.on('message', onMessage);
  port.once('close', giveUp);
  let stats = emptyStats();
  let toldCursor = false;
  try {
    const response = respond(request, deps);
    stats = response.stats;
    for await (const bytes of response.chunks(cancel.signal)) {
      while (credit === 0 && !cancel.signal.aborted) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      cancel.signal.throwIfAborted();
      if (stats.cursor !== undefined && !toldCursor) {
        port.postMessage({ type: 'cursor', cursor: stats.cursor } satisfies ToReader);
        toldCursor = true;
      }
      credit--;
      port.postMessage({ type: 'chunk', bytes } satisfies ToReader, [bytes.buffer]);
    }
    port.postMessage({ type: 'end', stats } satisfies ToReader);
  } catch (error) {
    port.postMessage({ type: 'error', error: errorToData(error), stats } satisfies ToReader);
  } finally {
    port.off('message', onMessage);
    port.off('close', giveUp);
    port.close();
  }
}

export interface ThreadedRead extends AsyncIterable<Uint8Array<ArrayBuffer>> {
  /** Known when the read has ended or failed. */
  readonly stats: ReadStats | undefined;
  /** Of an incremental read without a limit: known with the first rows, and good if the rest comes too. */
  readonly cursor: string | undefined;
}

/**
 * The output of a read that another thread serves. To be gone through once; leaving the loop early, or the signal,
 * cancels the read there. The port is closed at the end.
 */
export function readThroughPort(port: MessagePort, request: ReadRequest, signal?: AbortSignal): ThreadedRead {
  let stats: ReadStats | undefined;
  let cursor: string | undefined;
  return {
    get stats() {
      return stats;
    },
    get cursor() {
      return cursor;
    },
    [Symbol.asyncIterator]() {
      return receive(port, request, signal, (message) => {
        if (message.type === 'cursor') cursor = message.cursor;
        else stats = message.stats;
      });
    },
  };
}

async function* receive(
  port: MessagePort,
  request: ReadRequest,
  signal: AbortSignal | undefined,
  onNews: (news: Exclude<ToReader, { type: 'chunk' }>) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const inbox: ToReader[] = [];
  let closed = false;
  let wake = () => {};
  port.on('message', (message: ToReader) => {
    inbox.push(message);
    wake();
  });
  port.once('close', () => {
    closed = true;
    wake();
  });
  const onAbort = () => wake();
  signal?.addEventListener('abort', onAbort);
  port.postMessage({ type: 'read', request, credit: CREDIT } satisfies ToServer);
  try {
    for (;;) {
      signal?.throwIfAborted();
      const message = inbox.shift();
      if (message === undefined) {
        if (closed) throw new BridgeError('unavailable', 'the reader thread ended in the middle of a read');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if (message.type === 'chunk') {
        yield message.bytes;
        port.postMessage({ type: 'credit', chunks: 1 } satisfies ToServer);
        continue;
      }
      onNews(message);
      if (message.type === 'cursor') continue;
      if (message.type === 'error') throw errorFromData(message.error);
      return;
    }
  } finally {
    signal?.removeEventListener('abort', onAbort);
    port.postMessage({ type: 'cancel' } satisfies ToServer);
    port.close();
  }
}
