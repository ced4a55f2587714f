/** Counts of one request: rows taken, rows refused and why. */
import type { RowLimits } from '../model/layout.ts';

export type RefusalKind =
  | 'trace_id'
  | 'span_id'
  | 'parent_span_id'
  | 'link_id'
  | 'exemplar_id'
  | 'attribute_count'
  | 'nesting'
  | 'time';

/** Why a row is refused alone while the rest of its request is taken. */
export interface Refusal {
  readonly kind: RefusalKind;
  /** What is wrong, as it goes into a sentence to the sender. */
  readonly text: string;
}

export interface DecodeResult {
  readonly accepted: number;
  readonly rejected: number;
  /** English message of the first refusal. */
  readonly reason: string | undefined;
  readonly rejectedByKind: ReadonlyMap<RefusalKind, number>;
  /** Attributes left out because their key came before in the same list; those of a resource or scope count once. */
  readonly duplicateKeys: number;
  /** Range of the event times of the accepted rows, milliseconds; undefined where none has a time. */
  readonly minTimeMs: number | undefined;
  readonly maxTimeMs: number | undefined;
}

export class Tally {
  #accepted = 0;
  #rejected = 0;
  #minTimeMs = Number.POSITIVE_INFINITY;
  #maxTimeMs = Number.NEGATIVE_INFINITY;
  #reason: string | undefined;
  #byKind = new Map<RefusalKind, number>();
  #oldestMs = Number.NEGATIVE_INFINITY;
  #newestMs = Number.POSITIVE_INFINITY;

  /** Begins a request received at `receivedMs` (NaN: not known), of which rows in the window of the limits are taken. */
  begin({ maxPastSeconds, maxFutureSeconds }: RowLimits, receivedMs: number): void {
    this.#oldestMs = receivedMs - (maxPastSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    this.#newestMs = receivedMs + (maxFutureSeconds ?? Number.POSITIVE_INFINITY) * 1000;
    this.#accepted = 0;
    this.#rejected = 0;
    this.#minTimeMs = Number.POSITIVE_INFINITY;
    this.#maxTimeMs = Number.NEGATIVE_INFINITY;
    this.#reason = undefined;
    this.#byKind = new Map();
  }

  /**
   * Counts a row that was read, by its event time in milliseconds (NaN where it has none). False where that is outside
   * of the window: the row is then counted as refused, and must be taken back.
   */
  accept(row: string, timeMs: number): boolean {
    if (timeMs < this.#oldestMs || timeMs > this.#newestMs) {
      this.refuse(row, outsideWindow(timeMs, this.#oldestMs, this.#newestMs));
      return false;
    }
    this.#accepted++;
    if (timeMs < this.#minTimeMs) this.#minTimeMs = timeMs;
    if (timeMs > this.#maxTimeMs) this.#maxTimeMs = timeMs;
    return true;
  }

  /** `row` names it in the message: "span". */
  refuse(row: string, { kind, text }: Refusal): void {
    this.#rejected++;
    this.#byKind.set(kind, (this.#byKind.get(kind) ?? 0) + 1);
    this.#reason ??= `${row} refused: ${text}`;
  }

  result(duplicateKeys: number): DecodeResult {
    const timed = this.#minTimeMs <= this.#maxTimeMs;
    return {
      accepted: this.#accepted,
      rejected: this.#rejected,
      reason: this.#reason,
      rejectedByKind: this.#byKind,
      duplicateKeys,
      minTimeMs: timed ? this.#minTimeMs : undefined,
      maxTimeMs: timed ? this.#maxTimeMs : undefined,
    };
  }
}

function outsideWindow(timeMs: number, oldestMs: number, newestMs: number): Refusal {
  const isOld = timeMs < oldestMs;
  const [bound, key] = isOld ? [oldestMs, 'limits.max_past_seconds'] : [newestMs, 'limits.max_future_seconds'];
  const word = isOld ? 'before' : 'after';
  return { kind: 'time', text: `its time ${timeText(timeMs)} is ${word} ${timeText(bound)}, the bound of ${key}` };
}

/** Times of OTLP reach the year 2554, which Date can say. */
function timeText(ms: number): string {
  return new Date(ms).toISOString();
}
