/** Counts of one request: rows taken, rows refused and why. */

export type RefusalKind = 'trace_id' | 'span_id' | 'parent_span_id' | 'link_id' | 'attribute_count' | 'nesting';

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

  reset(): void {
    this.#accepted = 0;
    this.#rejected = 0;
    this.#minTimeMs = Number.POSITIVE_INFINITY;
    this.#maxTimeMs = Number.NEGATIVE_INFINITY;
    this.#reason = undefined;
    this.#byKind = new Map();
  }

  /** A row was taken; its event time in milliseconds, NaN where it has none. */
  accept(timeMs: number): void {
    this.#accepted++;
    if (timeMs < this.#minTimeMs) this.#minTimeMs = timeMs;
    if (timeMs > this.#maxTimeMs) this.#maxTimeMs = timeMs;
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
