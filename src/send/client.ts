/** An OTLP client: one try a call. What may be tried again is what the specification says (retry.ts does it). */
import type { Signal } from '../model/signal.ts';
import { createGrpcClient } from './grpc.ts';
import { createHttpClient } from './http.ts';
import type { Target } from './target.ts';

export interface OtlpClient {
  /**
   * Sends an export request in protobuf; resolves with the serialized answer. Rejects with a BridgeError, `retryable`
   * where the specification lets senders try again, with `retryAfterMs` where the receiver names a delay.
   */
  send(signal: Signal, body: Uint8Array, abort: AbortSignal): Promise<Uint8Array>;
  close(): void;
}

export interface ClientOptions {
  readonly target: Target;
  /** Sent with each request, as HTTP headers or gRPC metadata. */
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
  /** Bound on one request, its answer included. */
  readonly timeoutMs: number;
}

export function createClient(options: ClientOptions): OtlpClient {
  return options.target.protocol === 'grpc' ? createGrpcClient(options) : createHttpClient(options);
}
