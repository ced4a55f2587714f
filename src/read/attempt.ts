import { BridgeError, errorToData } from '../errors.ts';
import type { ReadStats } from './types.ts';

/** A file as far as its failures go. */
export interface FileAttempt {
  readonly key: string;
  /** Nothing more of it is read. */
  failed: boolean;
}

export interface AttemptContext {
  readonly stats: ReadStats;
  readonly signal: AbortSignal;
  /** `skip`: files that are damaged or of another kind; `skip_all`: also those that may not be read. */
  readonly onError: 'fail' | 'skip' | 'skip_all';
}

/** With `on_error=skip` the file's failure is reported once, and the rest of the file left out: undefined. */
export async function attempt<T>(
  file: FileAttempt,
  context: AttemptContext,
  run: () => Promise<T>,
): Promise<{ readonly value: T } | undefined> {
  try {
    return { value: await run() };
  } catch (thrown) {
    context.signal.throwIfAborted();
    const error = named(file.key, thrown);
    const isSkipped = SKIPPABLE.has(error.code) || (context.onError === 'skip_all' && DENIED.has(error.code));
    if (context.onError === 'fail' || !isSkipped) throw error;
    if (!file.failed) context.stats.skipped.push({ key: file.key, error: errorToData(error) });
    file.failed = true;
    return undefined;
  }
}

function named(key: string, thrown: unknown): BridgeError {
  const error = BridgeError.from(thrown);
  if (error.message.includes(key)) return error;
  const { code, hint, retryable, retryAfterMs } = error;
  return new BridgeError(code, `${key}: ${error.message}`, { cause: error, hint, retryable, retryAfterMs });
}

/** Faults of one file. A store that does not answer is none: it ends the read. */
const DENIED = new Set<string>(['permission_denied', 'unavailable']);
const SKIPPABLE = new Set(['corrupt', 'conflict', 'unprocessable', 'too_large']);
