/** Microseconds since the epoch as ISO 8601 with six decimals; null where there is no time. */
export function isoMicros(micros: bigint | undefined): string | null {
  if (micros === undefined) return null;
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = (micros - fraction) / 1_000_000n;
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, 19)}.${String(fraction).padStart(6, '0')}Z`;
}
