/**
 * Row to partition path, purely: the same rows and strategies give the same paths everywhere and for ever (recovery
 * writes under the keys of the first try because of that).
 *
 * A path has one segment a strategy (time: as many as its format), joined by `/` in the strategies' order. Without
 * strategies every row has the empty path.
 */
import type { Batch } from '../model/batch.ts';
import type { PartitionStrategy } from '../model/layout.ts';
import type { TableSchema } from '../model/table.ts';
import { type Assignment, assignField, combine, type Labelling } from './assign.ts';
import { fieldReader } from './field.ts';
import { hashLabelling } from './hash.ts';
import { rangeLabelling } from './range.ts';
import { timeAssigner } from './time.ts';
import { valueLabelling } from './value.ts';

export interface PartitionedRows {
  /** Distinct; each is used by a row; in the order in which rows first use them. */
  readonly paths: readonly string[];
  /** Index into paths, one a row. */
  readonly partitionOf: Int32Array;
}

export interface Partitioner {
  assign(batch: Batch): PartitionedRows;
}

/**
 * `schema` is the table with its promoted columns, as the batches have them. Throws `config` where a strategy cannot
 * work on one of the table's columns; a field that is no column is an attribute's name.
 */
export function createPartitioner(strategies: readonly PartitionStrategy[], schema: TableSchema): Partitioner {
  const assigners = strategies.map((strategy) => createAssigner(strategy, schema));
  return {
    assign(batch) {
      const { labels, codes } = assignAll(assigners, batch);
      return { paths: labels, partitionOf: codes };
    },
  };
}

type Assigner = (batch: Batch) => Assignment;

function assignAll(assigners: readonly Assigner[], batch: Batch): Assignment {
  const [first, ...others] = assigners;
  if (first === undefined) return { labels: batch.rows === 0 ? [] : [''], codes: new Int32Array(batch.rows) };
  return others.reduce((all, assigner) => combine(all, assigner(batch)), first(batch));
}

function createAssigner(strategy: PartitionStrategy, schema: TableSchema): Assigner {
  if (strategy.type === 'time') return timeAssigner(strategy, schema);
  const read = fieldReader(strategy.field, schema);
  const labelling = labellingOf(strategy);
  return (batch) => assignField(read(batch), batch.rows, labelling);
}

/** How a strategy labels single values: what reads ask for, too. */
export function labellingOf(strategy: Exclude<PartitionStrategy, { type: 'time' }>): Labelling {
  switch (strategy.type) {
    case 'value':
      return valueLabelling(strategy);
    case 'hash':
      return hashLabelling(strategy);
    case 'range':
      return rangeLabelling(strategy);
  }
}
