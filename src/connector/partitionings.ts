/**
 * The partitioning strategies as classes: the same rules, names and checks as the TOML's `[[partitioning.by]]`, of
 * which each is one table. What is wrong with one is a ConfigError of its constructor.
 */
import { partitioningOf } from '../config/partitioning.ts';
import type { Granularity, PartitionStrategy } from '../model/layout.ts';
import { withinSync } from './errors.ts';

/** A strategy as the table that the TOML file would hold. */
export type PartitioningEntry = Readonly<Record<string, unknown>>;

/** One folder a value: `service_name=web`. */
export class ValuePartitioning {
  readonly entry: PartitioningEntry;

  /** @param field a column; `name` is the key in the path, the field's own where it is absent */
  constructor(field: string, options: { readonly name?: string } = {}) {
    this.entry = checked({ type: 'value', field, ...options });
  }
}

/** How a time becomes folders. */
export interface TimePartitioningOptions {
  /** A column of timestamps or dates. Default "timestamp". */
  readonly field?: string;
  /** Unit that times are cut to. Default "hour". */
  readonly granularity?: Granularity;
  /** strftime pattern in UTC; "/" separates folders. The default follows the granularity. */
  readonly format?: string;
}

/** One folder an hour, day, …: `date=2026-11-21/hour=08`. */
export class TimePartitioning {
  readonly entry: PartitioningEntry;

  constructor(options: TimePartitioningOptions = {}) {
    this.entry = checked({ type: 'time', ...options });
  }
}

/** A fixed number of folders, by Iceberg's bucket transform: `trace_id_bucket=7`. */
export class HashPartitioning {
  readonly entry: PartitioningEntry;

  /** @param numPartitions 1 to 65536 */
  constructor(field: string, numPartitions: number, options: { readonly name?: string } = {}) {
    this.entry = checked({ type: 'hash', field, num_partitions: numPartitions, ...options });
  }
}

/** From inclusive, to exclusive, and the label in the path. */
export type RangeBounds = readonly [from: number, to: number, label: string];

/** One folder a range of numbers: `status_code_range=success`. */
export class RangePartitioning {
  readonly entry: PartitioningEntry;

  /** @param options `default` is the label of what lies outside of every range ("other") */
  constructor(
    field: string,
    ranges: readonly RangeBounds[],
    options: { readonly name?: string; readonly default?: string } = {},
  ) {
    this.entry = checked({ type: 'range', field, ranges, ...options });
  }
}

/** One strategy; several in order are an array of them. */
export type Partitioning = ValuePartitioning | TimePartitioning | HashPartitioning | RangePartitioning;

/** The strategies in their order; two that would give the same key of a path are a ConfigError. */
export function strategiesOf(partitioning: Partitioning | readonly Partitioning[]): readonly PartitionStrategy[] {
  const entries = [partitioning].flat().map(({ entry }) => entry);
  return withinSync('options', () => partitioningOf(entries, NAME));
}

const NAME = '(partitioning)';

function checked(entry: PartitioningEntry): PartitioningEntry {
  const given = Object.fromEntries(Object.entries(entry).filter(([, value]) => value !== undefined));
  withinSync('options', () => partitioningOf([given], NAME));
  return Object.freeze(given);
}
