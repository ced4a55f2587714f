/** What a transport needs to know of OTLP: how an outcome and an error are written. Handed in by main.ts. */
import type { BridgeError } from '../errors.ts';
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
