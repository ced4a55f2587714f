/** What a failed commit means for the others, and for whoever waits for it. */
import { BridgeError, type ErrorCode } from '../errors.ts';

/** With these every other segment would fail alike: the store is away, or refuses this bridge. */
const OF_STORE: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'overloaded',
  'unauthenticated',
  'permission_denied',
  'config',
]);

/** Whether the store is the trouble, and not the segment. */
export function isOfStore(error: BridgeError): boolean {
  return OF_STORE.has(error.code);
}

/**
 * What to answer who asked for a flush. Whatever the store said of this bridge's credentials and rights is not about the
 * caller's: it becomes `unavailable`.
 */
export function flushError(thrown: unknown, next: string): BridgeError {
  const error = BridgeError.from(thrown);
  const hint = `The rows are safe in the journal; ${next}${error.hint === undefined ? '' : ` ${error.hint}`}`;
  const code = isOfStore(error) ? 'unavailable' : error.code;
  return new BridgeError(code, `not everything is committed: ${error.message}`, { hint, cause: error });
}
