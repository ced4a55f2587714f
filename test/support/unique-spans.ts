/** Spans that can be told apart, for counting which rows came how often. */

/** A request in OTLP/JSON with `count` spans named `{prefix}-{first}` and so on. */
export function uniqueSpans(prefix: string, first: number, count: number): string {
  const spans = Array.from({ length: count }, (_, i) => ({
    traceId: (first + i + 1).toString(16).padStart(32, '0'),
    spanId: (first + i + 1).toString(16).padStart(16, '0'),
    name: `${prefix}-${first + i}`,
    startTimeUnixNano: String(1_764_000_000_000_000_000n + BigInt(first + i) * 60_000_000_000n),
    endTimeUnixNano: String(1_764_000_000_000_000_000n + BigInt(first + i) * 60_000_000_000n + 5n),
  }));
  return JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
}

/** Names of the rows in NDJSON, sorted; a last line that is still on its way is left out. */
export function namesIn(ndjson: string): string[] {
  const lines = ndjson.split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { name: string }).name).sort();
}
