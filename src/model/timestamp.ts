import type { NumberData } from './batch.ts';
import type { CommitObject } from './commit.ts';

/** Microseconds since the epoch as ISO 8601 with six decimals; null where there is no time. */
export function isoMicros(micros: bigint | undefined): string | null {
  if (micros === undefined) return null;
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (micros - fraction) / 1_000_000n;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(fraction).padStart(6, '0')}Z`;
}

/** The range of these rows' times in a column of timestamps. */
export function timestampRange(
  column: NumberData,
  rows: Int32Array,
): Pick<CommitObject, 'minTimestamp' | 'maxTimestamp'> {
  const values = column.values as BigInt64Array;
  let min: bigint | undefined;
  let max: bigint | undefined;
  for (const row of rows) {
    if (column.valid && column.valid[row] === 0) continue;
    const value = values[row]!;
    if (min === undefined || value < min) min = value;
    if (max === undefined || value > max) max = value;
  }
  return { minTimestamp: isoMicros(min), maxTimestamp: isoMicros(max) };
}
