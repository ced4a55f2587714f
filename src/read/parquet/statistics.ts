import type { Bounds } from '../filter/prune.ts';
import type { ReadSchema } from '../schema.ts';
import { typedBound } from './bounds.ts';
import type { Footer } from './footer.ts';

/**
 * What a row group's statistics say of a column, for pruning. Only `min_value` and `max_value` are used: the older
 * fields order text by signed bytes. Text bounds may be cut, which leaves them bounds. Undefined where nothing is known.
 */
export function rowGroupBounds(footer: Footer, group: number, schema: ReadSchema, name: string): Bounds | undefined {
  const { columns, num_rows } = footer.metadata.row_groups[group]!;
  const rows = Number(num_rows);
  const index = flatLeaf(footer, name);
  const statistics = columns[index]?.meta_data?.statistics;
  const type = schema.columns.find((column) => column.name === name)?.type;
  const element = footer.leaves[index];
  if (statistics === undefined || type === undefined || element === undefined) return undefined;
  const nullCount = statistics.null_count === undefined ? undefined : Number(statistics.null_count);
  return {
    rows,
    nullCount,
    min: typedBound(statistics.min_value, type, element, 'min'),
    max: typedBound(statistics.max_value, type, element, 'max'),
  };
}

/** The column chunk of a column that is not nested, -1 where there is none. */
export function flatLeaf({ columns, metadata }: Footer, name: string): number {
  const column = columns.get(name);
  const isFlat = column !== undefined && metadata.schema[column.first]!.type !== undefined;
  return isFlat ? column.leaves[0]! : -1;
}
