/**
 * Counts and extremes. Without a filter a file is answered by its footer where its statistics are exact for all that is
 * asked; only the other files are read. NaN is no value here, as in statistics.
 */
import { BridgeError } from '../../errors.ts';
import { ahead } from '../ahead.ts';
import { attempt } from '../attempt.ts';
import type { View } from '../columns/view.ts';
import type { Source } from '../filter/predicate.ts';
import type { Value } from '../filter/prune.ts';
import type { Footer } from '../parquet/footer.ts';
import type { BoundRequest } from '../plan.ts';
import type { ScanContext } from '../scan.ts';
import type { ReadType } from '../schema.ts';
import type { SelectedBatch } from '../types.ts';
import { countOfGroup, extremeOfGroup, UNKNOWN } from './exact-statistics.ts';
import { countValues, extremeOf, moreExtreme, plainValue } from './extremes.ts';
import { footerOf } from './open.ts';
import type { Aggregate, AggregateResult, DatasetFile, DatasetObject, DatasetQuery } from './types.ts';

const FOOTERS_AT_ONCE = 16;

export interface AggregateRequest {
  readonly aggregates: readonly Aggregate[];
  readonly filter: string | undefined;
  readonly files: readonly DatasetFile[];
  bind(query: DatasetQuery): BoundRequest;
  scan(query: DatasetQuery, files: readonly DatasetObject[]): AsyncIterable<SelectedBatch>;
}

/** What one aggregate has seen so far. */
type Partial = { readonly kind: 'count'; count: number } | { readonly kind: 'extreme'; value: Value | undefined };

interface Bound {
  readonly name: string;
  readonly aggregate: Aggregate;
  /** Undefined for count(*). */
  readonly column: { readonly name: string; readonly source: Source; readonly type: ReadType } | undefined;
}

export async function aggregateFiles(request: AggregateRequest, context: ScanContext): Promise<AggregateResult> {
  const { filter, files } = request;
  const bound = request.aggregates.map((aggregate) => bindAggregate(aggregate, request));
  const totals = bound.map(({ aggregate }) => emptyPartial(aggregate));
  const open = filter?.trim() ? [...files] : await answerByFooters(files, bound, totals, context);
  if (open.length > 0) {
    const columns = [...new Set(bound.flatMap(({ column }) => (column === undefined ? [] : [quoted(column.name)])))];
    for await (const selected of request.scan({ filter, select: columns }, open)) {
      context.stats.rows += selected.rows.length;
      for (const [i, one] of bound.entries()) merge(totals[i]!, ofRows(one, selected), one);
    }
  }
  const values = bound.map((one, i) => [one.name, result(totals[i]!, one)] as const);
  return { values: Object.fromEntries(values), filesScanned: open.length, stats: context.stats };
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function bindAggregate(aggregate: Aggregate, { bind }: AggregateRequest): Bound {
  if (!('column' in aggregate)) return { name: 'count(*)', aggregate, column: undefined };
  const { field, source } = bind({ select: [aggregate.column] }).output[0]!;
  const { kind } = aggregate;
  if (source.kind === 'nested' && kind !== 'count') {
    throw new BridgeError('invalid_argument', `${kind}(${field.name}): the column holds no single value`, {
      hint: 'Only count can be asked of it.',
    });
  }
  return { name: `${kind}(${field.name})`, aggregate, column: { name: field.name, source, type: field.type } };
}

/** Merges what footers tell; returns the files that have to be read. */
async function answerByFooters(
  files: readonly DatasetFile[],
  bound: readonly Bound[],
  totals: readonly Partial[],
  context: ScanContext,
): Promise<DatasetFile[]> {
  const open: DatasetFile[] = [];
  const isCountOnly = bound.every(({ column }) => column === undefined);
  const bounds = { count: FOOTERS_AT_ONCE, maxWeight: FOOTERS_AT_ONCE, weight: () => 1 };
  const partialsOf = (file: DatasetFile) =>
    attempt({ key: file.key, failed: false }, context, async () => {
      if (isCountOnly && file.rows !== undefined)
        return bound.map(() => ({ kind: 'count', count: file.rows! }) as const);
      return ofFooter(bound, await footerOf(file, context));
    });
  let next = 0;
  for await (const found of ahead(files, bounds, partialsOf)) {
    const file = files[next++]!;
    if (found === undefined) continue;
    if (found.value === undefined) open.push(file);
    else for (const [i, one] of bound.entries()) merge(totals[i]!, found.value[i]!, one);
  }
  return open;
}

/** Undefined where statistics do not suffice. */
function ofFooter(bound: readonly Bound[], footer: Footer): readonly Partial[] | undefined {
  const partials = bound.map(({ aggregate }) => emptyPartial(aggregate));
  for (const [group, { num_rows }] of footer.metadata.row_groups.entries()) {
    if (num_rows === 0n) continue;
    for (const [i, one] of bound.entries()) {
      const partial = ofGroup(one, footer, group, Number(num_rows));
      if (partial === undefined) return undefined;
      merge(partials[i]!, partial, one);
    }
  }
  return partials;
}

function ofGroup({ aggregate, column }: Bound, footer: Footer, group: number, rows: number): Partial | undefined {
  if (column === undefined) return { kind: 'count', count: rows };
  if (column.source.kind !== 'column') return undefined;
  const { kind } = aggregate;
  if (!footer.columns.has(column.name)) return emptyPartial(aggregate);
  if (kind === 'count') {
    const count = countOfGroup(footer, group, column.name);
    return count === undefined ? undefined : { kind: 'count', count };
  }
  const value = extremeOfGroup(footer, group, column.name, column.type, kind);
  return value === UNKNOWN ? undefined : { kind: 'extreme', value };
}

function ofRows({ aggregate, column }: Bound, { batch, rows }: SelectedBatch): Partial {
  if (column === undefined) return { kind: 'count', count: rows.length };
  const view: View = batch.source(column.source);
  if (aggregate.kind === 'count') return { kind: 'count', count: countValues(view, rows) };
  return { kind: 'extreme', value: extremeOf(view, rows, aggregate.kind) };
}

function emptyPartial({ kind }: Aggregate): Partial {
  return kind === 'count' ? { kind: 'count', count: 0 } : { kind: 'extreme', value: undefined };
}

function merge(total: Partial, more: Partial, { aggregate }: Bound): void {
  if (total.kind === 'count' && more.kind === 'count') total.count += more.count;
  if (total.kind === 'extreme' && more.kind === 'extreme' && aggregate.kind !== 'count') {
    total.value = moreExtreme(total.value, more.value, aggregate.kind);
  }
}

function result(total: Partial, { column }: Bound): AggregateResult['values'][string] {
  if (total.kind === 'count') return total.count;
  return total.value === undefined ? null : plainValue(total.value, column!.type);
}
