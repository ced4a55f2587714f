/** What a row group's statistics say exactly, not only as bounds. */
import type { Statistics } from 'hyparquet';
import type { Value } from '../filter/prune.ts';
import { typedBound } from '../parquet/bounds.ts';
import type { Footer } from '../parquet/footer.ts';
import { flatLeaf } from '../parquet/statistics.ts';
import type { ReadType } from '../schema.ts';

export const UNKNOWN = Symbol('not told by statistics');

/** Values that are not null. */
export function countOfGroup(footer: Footer, group: number, column: string): number | undefined {
  const { columns, num_rows } = footer.metadata.row_groups[group]!;
  const nulls = columns[flatLeaf(footer, column)]?.meta_data?.statistics?.null_count;
  return nulls === undefined ? undefined : Number(num_rows) - Number(nulls);
}

/** Undefined where every value is null. */
export function extremeOfGroup(
  footer: Footer,
  group: number,
  column: string,
  type: ReadType,
  side: 'min' | 'max',
): Value | undefined | typeof UNKNOWN {
  if (countOfGroup(footer, group, column) === 0) return undefined;
  const leaf = flatLeaf(footer, column);
  const statistics = footer.metadata.row_groups[group]!.columns[leaf]?.meta_data?.statistics;
  const element = footer.leaves[leaf];
  if (statistics === undefined || element === undefined || !isExact(statistics, type, side)) return UNKNOWN;
  const raw = side === 'min' ? statistics.min_value : statistics.max_value;
  if (type.kind === 'decimal') return exactDecimal(raw, type.scale);
  return typedBound(raw, type, element, side) ?? UNKNOWN;
}

function isExact(statistics: Statistics, type: ReadType, side: 'min' | 'max'): boolean {
  const told = side === 'min' ? statistics.is_min_value_exact : statistics.is_max_value_exact;
  switch (type.kind) {
    // Writers may cut what is long, and older ones do not say so.
    case 'string':
    case 'id':
    case 'bytes':
      return told === true;
    // hyparquet's statistics are microseconds here (footer.ts).
    case 'instant':
      return told !== false && type.unit !== 'ns';
    default:
      return told !== false;
  }
}

/** Statistics of decimals come as doubles: they are exact up to 2^53 times 10^-scale. */
function exactDecimal(value: unknown, scale: number): Value | typeof UNKNOWN {
  if (typeof value !== 'number') return UNKNOWN;
  const scaled = Math.round(value * 10 ** scale);
  return Math.abs(scaled) < 2 ** 50 ? BigInt(scaled) : UNKNOWN;
}
