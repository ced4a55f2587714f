/**
 * Paces senders to what the encoders can take. Rows wait in memory between decoding and their commit; where they come
 * faster than they are encoded, every request is held back a little, more the fuller the memory is, until both rates
 * meet. Without it the memory fills, sealed batches are let go and decoded a second time from the journal: more work
 * for the part that was too slow already.
 *
 * While commits fail nobody is held back: rows then go to the journal alone, for as long as it has room.
 */

/** Nobody waits below this share of the budget. */
const START_FILL = 0.5;
/** Longest delay, at a full budget; senders usually give up after 5 to 10 seconds. */
const MAX_DELAY_MS = 400;

/** Milliseconds to hold a request back. `fill` is the share of the budget for rows that is used. */
export function paceDelayMs(fill: number, commitsFail: boolean): number {
  if (commitsFail || fill <= START_FILL) return 0;
  const over = Math.min(1, (fill - START_FILL) / (1 - START_FILL));
  return MAX_DELAY_MS * over * over;
}
