/** Rows that wait, as they will be written: by partition, and in order inside each. */
import type { RecordBatch } from 'apache-arrow';
import { createGatherer, type Gatherer } from '../batch/gather.ts';
import { orderRows } from '../batch/order.ts';
import type { NumberData } from '../model/batch.ts';
import type { PartitionStrategy } from '../model/layout.ts';
import { WHOLE_LAKE } from '../model/signal.ts';
import type { TableSchema } from '../model/table.ts';
import { type Assignment, combine } from '../partition/assign.ts';
import { createPartitioner } from '../partition/partition.ts';
import { eventTimes, type KeyBatch, partitionKey, sortKey } from './key-columns.ts';

export interface PlannedFile {
  /** Path of the partition; empty where there is none. */
  readonly partition: string;
  /** Row numbers of the gatherer, in the order of the file. */
  readonly rows: Int32Array;
}

export interface FlushPlan {
  readonly gatherer: Gatherer;
  readonly files: readonly PlannedFile[];
  /** Those of the asked columns that the rows have and can be ordered by. */
  readonly sortBy: readonly string[];
  readonly times: NumberData | undefined;
}

/** Batches of one schema. Throws `config` where a strategy cannot work on its column. */
export function planFlush(
  batches: readonly RecordBatch[],
  strategies: readonly PartitionStrategy[],
  sortBy: readonly string[],
): FlushPlan {
  const gatherer = createGatherer(batches);
  const { labels, codes } = assignPartitions(strategies, batches, gatherer);
  const keys = new Map(sortBy.map((name) => [name, sortKey(name, batches, gatherer)]));
  const sorted = sortBy.filter((name) => keys.get(name) !== undefined);
  const { schema, batch } = joined(
    [...keys.values()].filter((key) => key !== undefined),
    gatherer.rows,
  );
  const { rows, partitionStart } = orderRows(batch, schema, codes, labels.length, sorted);
  const files = labels.map((partition, i) => ({
    partition,
    rows: rows.subarray(partitionStart[i]!, partitionStart[i + 1]!),
  }));
  return { gatherer, files, sortBy: sorted, times: eventTimes(batches, gatherer) };
}

/** Each strategy asks its own columns; their paths are joined as those of a table's strategies are. */
function assignPartitions(
  strategies: readonly PartitionStrategy[],
  batches: readonly RecordBatch[],
  gatherer: Gatherer,
): Assignment {
  const [first, ...others] = strategies.map((strategy): Assignment => {
    const { schema, batch } = partitionKey(strategy, batches, gatherer);
    const { paths, partitionOf } = createPartitioner([strategy], schema).assign(batch);
    return { labels: paths, codes: partitionOf };
  });
  if (first === undefined) return { labels: [''], codes: new Int32Array(gatherer.rows) };
  return others.reduce(combine, first);
}

function joined(keys: readonly KeyBatch[], rows: number): KeyBatch {
  const schema: TableSchema = { name: WHOLE_LAKE, columns: keys.flatMap((key) => key.schema.columns) };
  return { schema, batch: { table: WHOLE_LAKE, rows, columns: keys.flatMap((key) => key.batch.columns) } };
}
