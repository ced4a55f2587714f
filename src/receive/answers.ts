/** What a transport needs to know of OTLP: how an outcome and an error are written. Handed in by main.ts. */
import { BridgeError } from '../errors.ts';
import type { ContentType, Signal } from '../model/signal.ts';

export interface Outcome {
  readonly accepted: number;
  readonly rejected: number;
  readonly reason: string | undefined;
}

export interface AnswerCodec {
  /** Export…ServiceResponse; `partial_success` is set only where rows were refused. */
  success(signal: Signal, contentType: ContentType, outcome: Outcome): Uint8Array;
  /** google.rpc.Status with the code, the message and, where a delay is known, RetryInfo. */
  status(contentType: ContentType, error: BridgeError): Uint8Array;
}

/**
 * Characters of a message in an answer. Messages may quote the request; on gRPC they travel in trailers twice, of which
 * clients take 8 KiB at least.
 */
const MAX_MESSAGE_CHARS = 1000;

/** The error to answer with: whatever was thrown as a BridgeError, its texts bounded and fit for headers. */
export function answerable(thrown: unknown): BridgeError {
  const error = BridgeError.from(thrown);
  const message = clip(error.message);
  const hint = error.hint === undefined ? undefined : clip(error.hint);
  if (message === error.message && hint === error.hint) return error;
  const { code, retryable, retryAfterMs } = error;
  return new BridgeError(code, message, { hint, retryable, retryAfterMs, cause: error });
}

/**
 * At most MAX_MESSAGE_CHARS, cut in the middle: where it is stands in front, what is wrong at the end. No half of a
 * surrogate pair is left, which UTF-8 and percent-encoding have no form for.
 */
export function clip(text: string): string {
  if (text.length <= MAX_MESSAGE_CHARS) return text.toWellFormed();
  const half = MAX_MESSAGE_CHARS / 2 - 1;
  return `${text.slice(0, half)}…${text.slice(-half)}`.toWellFormed();
}
