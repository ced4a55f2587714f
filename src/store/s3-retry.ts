/**
 * When a call to S3 is tried again, and how long after: the SDK asks here after every failed try.
 *
 * Every call has `operations.retry_attempts` further tries. The SDK's own `standard` mode shares a quota between all
 * calls of a client and gives up without a single retry once it is used up; a server that fails one call in three
 * would use it up within a minute, and no commit of many objects would ever get through. Here the bound on load is
 * another one: tries wait longer each time, and while the store is away only one segment is tried (commit-queue.ts).
 */
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import { s3Code } from './s3-errors.ts';

type RetryStrategy = Extract<NonNullable<S3ClientConfig['retryStrategy']>, { acquireInitialRetryToken: unknown }>;

const FIRST_DELAY_MS = 100;
/** For SlowDown and its like: S3 needs seconds to add capacity. */
const FIRST_THROTTLED_DELAY_MS = 1_000;

/**
 * Codes that the SDK takes for mistakes of the caller. The first were damaged on their way; the next met an operation on
 * the same key and did nothing. After RequestTimeTooSkewed the SDK has set its clock by the answer, but tries again only
 * where that leaves it far from the machine's; not where the machine's own clock was put right meanwhile.
 */
const PASSING_CODES = new Set([
  'BadDigest',
  'IncompleteBody',
  'XAmzContentSHA256Mismatch',
  'ConditionalRequestConflict',
  'OperationAborted',
  'RequestTimeTooSkewed',
]);

export function createRetryStrategy(
  retryAttempts: number,
  maxDelayMs: number,
  random: () => number = Math.random,
): RetryStrategy {
  const token = (count: number, delayMs: number) => ({ getRetryCount: () => count, getRetryDelay: () => delayMs });
  return {
    async acquireInitialRetryToken() {
      return token(0, 0);
    },
    async refreshRetryTokenForRetry(last, { error, errorType, retryAfterHint }) {
      const count = last.getRetryCount() + 1;
      if (count > retryAttempts) throw new Error('the tries of this call are used up');
      if (errorType === 'CLIENT_ERROR' && !mayPass(error)) throw new Error('another try would fail alike');
      const firstMs = errorType === 'THROTTLING' ? FIRST_THROTTLED_DELAY_MS : FIRST_DELAY_MS;
      const askedMs = Math.min(maxDelayMs, (retryAfterHint?.getTime() ?? 0) - Date.now());
      // Full jitter (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
      const delayMs = random() * Math.min(maxDelayMs, firstMs * 2 ** (count - 1));
      return token(count, Math.max(delayMs, askedMs));
    },
    recordSuccess() {},
  };
}

function mayPass(error: unknown): boolean {
  if (PASSING_CODES.has(s3Code(error))) return true;
  // Of Node's network layer beyond those the SDK knows (a proxy that speaks no HTTP, a stream that ends too early).
  const { name, code, $metadata } = (error ?? {}) as {
    name?: string;
    code?: unknown;
    $metadata?: { httpStatusCode?: number };
  };
  return name !== 'AbortError' && $metadata?.httpStatusCode === undefined && /^(E|HPE_)[A-Z_]+$/.test(String(code));
}
