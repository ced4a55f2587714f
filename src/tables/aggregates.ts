/** Aggregates as text: `count(*), min(at), max("odd name")`. */
import { BridgeError } from '../errors.ts';
import type { Aggregate } from '../read/dataset/types.ts';

const AGGREGATE = /\s*(count|min|max)\s*\(\s*(\*|"(?:[^"]|"")+"|[^()",]+?)\s*\)\s*(,|$)/iy;

/** Throws invalid_argument with what is expected. */
export function parseAggregates(text: string): readonly Aggregate[] {
  const aggregates: Aggregate[] = [];
  AGGREGATE.lastIndex = 0;
  for (let more = true; more; ) {
    const at = AGGREGATE.lastIndex;
    const parts = AGGREGATE.exec(text);
    const [, name = '', column = '', end] = parts ?? [];
    const kind = name.toLowerCase() as 'count' | 'min' | 'max';
    if (parts === null || (column === '*' && kind !== 'count')) {
      throw new BridgeError('invalid_argument', `no aggregate begins at column ${at + 1} of "${text.slice(0, 200)}"`, {
        hint: 'Write count(*), count(column), min(column) or max(column), separated by commas.',
      });
    }
    aggregates.push(column === '*' ? { kind: 'count' } : { kind, column });
    more = end === ',';
  }
  return aggregates;
}
