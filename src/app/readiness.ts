/**
 * What `/readyz` says. A reason is why senders should go elsewhere: this bridge refuses requests, or is about to. While
 * the store is away for a short time they need not: the journal takes everything. That, and replaying, is only noted.
 */
import type { BridgeError } from '../errors.ts';
import type { IngestStatus } from '../ingest/ingest.ts';

export interface Readiness {
  /** Empty where the bridge is ready; else each reason as a sentence. */
  readonly reasons: readonly string[];
  /** What passes by itself, or is being worked at. */
  readonly notes: readonly string[];
}

export interface ReadinessState {
  readonly isStopping: boolean;
  /** The last answer of the store where it was none; since when there has been none. */
  readonly store: { readonly failure: BridgeError; readonly awayMs: number } | undefined;
  readonly ingest: IngestStatus;
}

/** A store that does not answer may just be slow, or be started again. Longer than this, people should look. */
export const STORE_AWAY_MS = 60_000;

export function readinessOf({ isStopping, store, ingest }: ReadinessState): Readiness {
  const reasons: string[] = [];
  const notes: string[] = [];
  if (isStopping) reasons.push(`the bridge is stopping; ${ingest.waitingCommits} segments are being committed`);
  if (store) (passes(store.failure, store.awayMs) ? notes : reasons).push(`store: ${store.failure.message}`);
  for (const failure of ingest.failures) {
    (passes(failure, ingest.storeAwayMs) ? notes : reasons).push(`commits wait: ${failure.message}`);
  }
  if (ingest.journalFailure !== undefined) reasons.push(ingest.journalFailure);
  if (ingest.isJournalFull) reasons.push('the journal is full: journal.max_bytes bounds it');
  reasons.push(...ingest.troubles);
  if (ingest.replaying > 0)
    notes.push(`replaying: ${ingest.replaying} segments of an earlier run are not committed yet`);
  return { reasons, notes };
}

/** A refusal (credentials, rights, a missing bucket) does not pass by waiting. */
function passes(failure: BridgeError, awayMs: number): boolean {
  return failure.retryable && awayMs < STORE_AWAY_MS;
}
