import { addAbortSignal } from 'node:stream';

/** Ctrl-C also ends the wait for a sender that says nothing. */
export function standardInput(signal: AbortSignal): AsyncIterable<Uint8Array> {
  return addAbortSignal(signal, process.stdin);
}
