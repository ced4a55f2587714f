/** What an answer says: rows refused in a partial success, and the google.rpc.Status of a refusal. */
import { SERVICE_MESSAGES } from '../decode/messages.ts';
import { decode, type PlainMessage } from '../decode/protobuf-writer.ts';
import type { Signal } from '../model/signal.ts';

/** What any receiver's answer must fit in (OTLP: limits on the size of responses). */
export const MAX_ANSWER_BYTES = 4 * 1024 * 1024;

export interface PartialSuccess {
  readonly rejected: number;
  readonly message: string;
}

/** Throws `invalid_argument` where the bytes are no such answer. */
export function readPartialSuccess(signal: Signal, answer: Uint8Array): PartialSuccess {
  const message = decode(SERVICE_MESSAGES[signal.name].response, answer);
  const partial = (message.partialSuccess ?? {}) as PlainMessage;
  return { rejected: Number(partial[signal.rejectedField] ?? 0n), message: String(partial.errorMessage ?? '') };
}

export interface StatusInfo {
  readonly message: string | undefined;
  /** Of RetryInfo. */
  readonly retryAfterMs: number | undefined;
}

/** Nothing is known where the bytes are no Status: proxies answer with pages of their own. */
export function readStatus(bytes: Uint8Array): StatusInfo {
  try {
    const { message, details } = decode('google.rpc.Status', bytes) as {
      message?: string;
      details?: readonly { typeUrl?: string; value?: Uint8Array }[];
    };
    const info = details?.find(({ typeUrl }) => typeUrl?.endsWith('/google.rpc.RetryInfo'))?.value;
    return { message, retryAfterMs: info === undefined ? undefined : retryDelayMs(info) };
  } catch {
    return { message: undefined, retryAfterMs: undefined };
  }
}

function retryDelayMs(info: Uint8Array): number {
  const { retryDelay } = decode('google.rpc.RetryInfo', info) as { retryDelay?: { seconds?: bigint; nanos?: number } };
  return Math.max(0, Number(retryDelay?.seconds ?? 0n) * 1000 + (retryDelay?.nanos ?? 0) / 1e6);
}
