/** What a partition path says about the rows under it, for pruning. Where it says nothing sure, the answer is undefined: keep. */
import type { PartitionStrategy, Range } from '../model/layout.ts';
import { decodeValue } from './encode-value.ts';
import { parseTime, parseTimeFormat } from './time-format.ts';

export type PartitionValue =
  /** The null name. Value and range: rows whose field is missing or the empty text; time and hash: missing. */
  | { readonly type: 'missing' }
  /** The field as text: the text itself, hex of an id, `numberText` of a number. */
  | { readonly type: 'value'; readonly text: string }
  /** Times from inclusive, to exclusive. */
  | { readonly type: 'time'; readonly fromMs: number; readonly toMs: number }
  | { readonly type: 'hash'; readonly bucket: number }
  /** The ranges under the label; none for the default label: what is outside of all ranges, or no number. */
  | { readonly type: 'range'; readonly label: string; readonly ranges: readonly Range[] };

/** Segments of a path the strategy gives. */
export function segmentCount(strategy: PartitionStrategy): number {
  return strategy.type === 'time' ? parseTimeFormat(strategy.format).length : 1;
}

/** The keys a strategy puts into paths; time segments without a key have none. */
export function partitionKeys(strategy: PartitionStrategy): readonly string[] {
  if (strategy.type !== 'time') return [strategy.name];
  return parseTimeFormat(strategy.format).flatMap(({ key }) => key ?? []);
}

/** One entry a strategy, in their order. A path of another shape (another layout wrote it) is undefined throughout. */
export function parsePartitionPath(
  path: string,
  strategies: readonly PartitionStrategy[],
): readonly (PartitionValue | undefined)[] {
  const segments = path === '' ? [] : path.split('/');
  const counts = strategies.map(segmentCount);
  if (segments.length !== counts.reduce((sum, count) => sum + count, 0)) return strategies.map(() => undefined);
  let at = 0;
  return strategies.map((strategy, i) => {
    const own = segments.slice(at, at + counts[i]!);
    at += counts[i]!;
    return parseSegments(own, strategy);
  });
}

function parseSegments(segments: readonly string[], strategy: PartitionStrategy): PartitionValue | undefined {
  if (strategy.type === 'time') {
    const range = parseTime(parseTimeFormat(strategy.format), segments, strategy.granularity);
    if (range === null) return { type: 'missing' };
    return range && { type: 'time', ...range };
  }
  const prefix = `${strategy.name}=`;
  if (!segments[0]!.startsWith(prefix)) return undefined;
  const text = decodeValue(segments[0]!.slice(prefix.length));
  if (text === null) return { type: 'missing' };
  if (text === undefined) return undefined;
  switch (strategy.type) {
    case 'value':
      return { type: 'value', text };
    case 'hash':
      return isBucket(text, strategy.numPartitions) ? { type: 'hash', bucket: Number(text) } : undefined;
    case 'range': {
      const ranges = strategy.ranges.filter(({ label }) => label === text);
      return ranges.length > 0 || text === strategy.default ? { type: 'range', label: text, ranges } : undefined;
    }
  }
}

function isBucket(text: string, numPartitions: number): boolean {
  return /^(0|[1-9]\d*)$/.test(text) && Number(text) < numPartitions;
}
