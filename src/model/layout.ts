/**
 * The layout in force when a segment was opened: all that decides which rows a request becomes and under which keys
 * they are stored. It travels in the segment's header, so that a replay after a restart with another configuration
 * still writes the same rows under the same keys.
 */
import type { TableName } from './signal.ts';

export interface ValueStrategy {
  readonly type: 'value';
  readonly field: string;
  /** Key in the path; the field's name unless configured. */
  readonly name: string;
}

/** Units that times are cut to. */
export type Granularity = 'year' | 'month' | 'day' | 'hour' | 'minute';

export interface TimeStrategy {
  readonly type: 'time';
  readonly field: string;
  readonly granularity: Granularity;
  /** strftime pattern; may hold several path segments. */
  readonly format: string;
}

export interface HashStrategy {
  readonly type: 'hash';
  readonly field: string;
  readonly name: string;
  readonly numPartitions: number;
}

export interface Range {
  /** Inclusive. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  readonly label: string;
}

export interface RangeStrategy {
  readonly type: 'range';
  readonly field: string;
  readonly name: string;
  readonly ranges: readonly Range[];
  /** Label of values outside every range. */
  readonly default: string;
}

export type PartitionStrategy = ValueStrategy | TimeStrategy | HashStrategy | RangeStrategy;

export type PromotedType = 'string' | 'int64' | 'double' | 'bool';

export interface Promotion {
  /** Name of the attribute, looked up on the span or record first, then on the resource. */
  readonly attribute: string;
  readonly type: PromotedType;
  /** Name of the column: the attribute's with `.` and other foreign characters as `_`. */
  readonly column: string;
}

/** Limits on what one row may hold; a row over them is refused alone (partial success). */
export interface RowLimits {
  readonly maxAttributeCount: number;
  readonly maxNesting: number;
  /** A row whose time is longer ago than this when it is received is refused; undefined: none is. */
  readonly maxPastSeconds?: number | undefined;
  /** The same for times ahead. */
  readonly maxFutureSeconds?: number | undefined;
}

export interface Layout {
  readonly schemaVersion: 1;
  readonly partitioning: readonly PartitionStrategy[];
  readonly promote: Readonly<Record<TableName, readonly Promotion[]>>;
  /** Columns rows are ordered by inside a file. */
  readonly sortBy: readonly string[];
  readonly limits: RowLimits;
}

/** Strategies as JSON gives them back: a range without an end has lost its Infinity, which JSON does not know. */
export function strategiesFromJson(strategies: readonly PartitionStrategy[]): readonly PartitionStrategy[] {
  return strategies.map((strategy) => {
    if (strategy.type !== 'range') return strategy;
    const ranges = strategy.ranges.map(({ from, to, label }) => ({
      from: from ?? Number.NEGATIVE_INFINITY,
      to: to ?? Number.POSITIVE_INFINITY,
      label,
    }));
    return { ...strategy, ranges };
  });
}
