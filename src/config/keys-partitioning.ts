/** The keys of `[partitioning]`, which are also those of each `[[partitioning.by]]`. */
import type { TimeStrategy } from '../model/layout.ts';
import { DEFAULT_FORMATS } from '../partition/time-format.ts';
import type { Key } from './key.ts';

export type StrategyType = 'value' | 'time' | 'hash' | 'range';

export const DEFAULT_TIME: TimeStrategy = {
  type: 'time',
  field: 'timestamp',
  granularity: 'hour',
  format: DEFAULT_FORMATS.hour,
};

/** Which strategies use a key, besides `type`. */
export const KEY_USERS: Readonly<Record<string, readonly StrategyType[]>> = {
  field: ['value', 'time', 'hash', 'range'],
  name: ['value', 'hash', 'range'],
  granularity: ['time'],
  format: ['time'],
  num_partitions: ['hash'],
  ranges: ['range'],
  default: ['range'],
};

/** Hash buckets of one strategy; each is a folder and a file a commit. */
const MAX_BUCKETS = 65536;

export const PARTITIONING_KEYS: readonly Key[] = [
  {
    path: 'partitioning.type',
    type: 'string',
    default: 'time',
    values: ['time', 'value', 'hash', 'range', 'none'],
    doc: 'Strategy of the partition path; several in order are `[[partitioning.by]]` tables with these same keys.',
  },
  {
    path: 'partitioning.field',
    type: 'string',
    default: DEFAULT_TIME.field,
    doc: 'Column, or name of an attribute (of the row, else of its resource). Needed but for "time".',
  },
  {
    path: 'partitioning.name',
    type: 'string',
    example: 'service',
    doc: 'Key in the path; absent: the field with other characters than letters, digits and "_" as "_".',
  },
  {
    path: 'partitioning.granularity',
    type: 'string',
    default: DEFAULT_TIME.granularity,
    values: ['year', 'month', 'day', 'hour', 'minute'],
    doc: '"time": unit that times are cut to before they are formatted.',
  },
  {
    path: 'partitioning.format',
    type: 'string',
    default: DEFAULT_TIME.format,
    doc: '"time": strftime pattern in UTC, "/" separates folders; the default follows the granularity.',
  },
  {
    path: 'partitioning.num_partitions',
    type: 'integer',
    min: 1,
    max: MAX_BUCKETS,
    example: 16,
    doc: '"hash": number of buckets (Iceberg\'s bucket transform, murmur3).',
  },
  {
    path: 'partitioning.ranges',
    type: 'ranges',
    doc: '"range": `[[0, 200, "success"], [200, inf, "error"]]`, from inclusive, to exclusive.',
  },
  {
    path: 'partitioning.default',
    type: 'string',
    default: 'other',
    doc: '"range": label of values outside of all ranges.',
  },
  { path: 'partitioning.by', type: 'tables', doc: 'Strategies in order, as `[[partitioning.by]]` tables.' },
];
