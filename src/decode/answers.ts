/** Answers to export requests: Export…ServiceResponse and google.rpc.Status, in protobuf and OTLP/JSON. */
import { type BridgeError, STATUS } from '../errors.ts';
import type { ContentType, Signal } from '../model/signal.ts';
import { toOtlpJson } from './json-writer.ts';
import { type MessageName, SERVICE_MESSAGES } from './messages.ts';
import { encode, type PlainMessage } from './protobuf-writer.ts';

/**
 * The answer to an accepted request. Without refused rows it is empty: `partial_success` is then left unset
 * (https://opentelemetry.io/docs/specs/otlp/#full-success-1).
 */
export function encodeSuccess(
  signal: Signal,
  contentType: ContentType,
  outcome: { readonly rejected: number; readonly reason: string | undefined },
): Uint8Array {
  const partialSuccess = { [signal.rejectedField]: BigInt(outcome.rejected), errorMessage: outcome.reason ?? '' };
  const message = outcome.rejected === 0 ? {} : { partialSuccess };
  return encodeAs(contentType, SERVICE_MESSAGES[signal.name].response, message);
}

/** google.rpc.Status; with RetryInfo in protobuf where the error knows a delay (HTTP says it in Retry-After too). */
export function encodeStatus(contentType: ContentType, error: BridgeError): Uint8Array {
  const message = error.hint ? `${error.message}. ${error.hint}` : error.message;
  const status: PlainMessage = { code: STATUS[error.code].grpc, message };
  if (error.retryable && error.retryAfterMs !== undefined && contentType === 'protobuf') {
    status.details = [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: retryInfo(error.retryAfterMs) }];
  }
  return encodeAs(contentType, 'google.rpc.Status', status);
}

function retryInfo(delayMs: number): Uint8Array {
  const seconds = Math.floor(delayMs / 1000);
  const nanos = Math.round((delayMs - seconds * 1000) * 1e6);
  return encode('google.rpc.RetryInfo', { retryDelay: { seconds: BigInt(seconds), nanos } });
}

function encodeAs(contentType: ContentType, name: MessageName, message: PlainMessage): Uint8Array {
  return contentType === 'protobuf' ? encode(name, message) : Buffer.from(toOtlpJson(name, message));
}
