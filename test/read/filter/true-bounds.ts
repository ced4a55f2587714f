/** What statistics would say of rows of the table of the cases. */
import type { Bounds, Knowledge } from '../../../src/read/filter/prune.ts';
import { compareText, utf8 } from '../../../src/read/filter/text.ts';
import type { Row } from '../rows.ts';

/** True bounds of the rows, as statistics would have them. */
function boundsOf(rows: readonly Row[], column: string): Bounds {
  const values = rows.map((candidate) => candidate[column] ?? null);
  const present = values.filter((value) => value !== null) as (string | bigint | number | boolean)[];
  // As writers of statistics have it, NaN is in no order.
  const sorted = present
    .filter((value) => !Number.isNaN(value))
    .sort((a, b) => {
      return typeof a === 'string' ? compareText(a, b as string) : a < b ? -1 : a > b ? 1 : 0;
    });
  const shape = (value: (typeof sorted)[number] | undefined) => {
    return typeof value === 'string' ? utf8(value) : typeof value === 'boolean' ? Number(value) : value;
  };
  return {
    min: shape(sorted[0]),
    max: shape(sorted.at(-1)),
    nullCount: values.length - present.length,
    rows: rows.length,
  };
}

/** Columns that have statistics. */
const SCALARS = new Set(['s', 't', 'i', 'j', 'd', 'b', 'timestamp']);

export function knowledgeOf(rows: readonly Row[]): Knowledge {
  return (source) => {
    return source.kind === 'column' && SCALARS.has(source.column) ? boundsOf(rows, source.column) : undefined;
  };
}
