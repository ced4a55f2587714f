/**
 * A row group as it is scanned: what its statistics say of all its rows is not asked of each, and columns that are asked
 * for nothing else are not read first. The time range of a request holds for all rows of most files it leaves.
 */
import { type Predicate, sourcesOf } from './filter/predicate.ts';
import type { Knowledge } from './filter/prune.ts';
import { residual } from './filter/residual.ts';
import type { OpenGroup } from './open.ts';
import { rowGroupBounds } from './parquet/statistics.ts';
import type { ReadPlan } from './plan.ts';

export interface ScanGroup extends OpenGroup {
  /** Asked of its rows. */
  readonly predicate: Predicate;
  /** Columns that are read first, to be filtered; none where there is nothing to filter by. */
  readonly first: ReadonlySet<string>;
  /** Columns read for rows that passed. */
  readonly rest: ReadonlySet<string>;
}

export function scanGroupOf(group: OpenGroup, plan: ReadPlan): ScanGroup {
  const { file, index } = group;
  const { footer, schema } = file;
  const known: Knowledge = (source) => {
    const isHere = source.kind !== 'attribute' && footer.columns.has(source.column);
    return isHere ? rowGroupBounds(footer, index, schema, source.column) : undefined;
  };
  const predicate = residual(plan.predicate, known);
  const asked = new Set(
    sourcesOf(predicate).flatMap((source) => (source.kind === 'attribute' ? source.maps : [source.column])),
  );
  // What is answered from other columns than its own keeps all of them.
  const isDirect = [...asked].every((name) => footer.columns.has(name));
  const first = isDirect ? new Set([...file.first].filter((name) => asked.has(name))) : file.first;
  const rest = new Set(file.rest);
  const isFree = plan.outputColumns.every((name) => footer.columns.has(name));
  for (const name of file.first) {
    if (!first.has(name) && (!isFree || plan.outputColumns.includes(name))) rest.add(name);
  }
  return { ...group, predicate, first, rest };
}
