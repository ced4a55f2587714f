/** Tries again what may be tried again: exponential backoff with jitter, or the delay the receiver asks for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BridgeError } from '../errors.ts';

export interface RetryPolicy {
  /** Tries after the first one. */
  readonly maxRetries: number;
  readonly firstDelayMs: number;
  /** Bound on a delay, also on one the receiver asks for. */
  readonly maxDelayMs: number;
}

export const DEFAULT_RETRY: RetryPolicy = { maxRetries: 10, firstDelayMs: 1000, maxDelayMs: 60_000 };

/** Rejects with the last error; with the reason of `abort` once that is aborted. */
export async function withRetries<T>(
  call: () => Promise<T>,
  policy: RetryPolicy,
  abort: AbortSignal,
  onRetry: (error: BridgeError, delayMs: number) => void,
): Promise<T> {
  for (let retries = 0; ; retries++) {
    try {
      return await call();
    } catch (thrown) {
      abort.throwIfAborted();
      const error = BridgeError.from(thrown);
      if (!error.retryable || retries >= policy.maxRetries) throw error;
      const delayMs = Math.min(policy.maxDelayMs, error.retryAfterMs ?? backoffMs(policy, retries));
      onRetry(error, delayMs);
      await sleep(delayMs, undefined, { signal: abort }).catch(() => abort.throwIfAborted());
    }
  }
}

function backoffMs({ firstDelayMs }: RetryPolicy, retries: number): number {
  return firstDelayMs * 2 ** retries * (0.5 + Math.random() / 2);
}
