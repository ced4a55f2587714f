/**
 * A request made into plain data: what each row is asked, which columns that takes, which files can hold such rows, and
 * why the others cannot. Nothing is read here but what the catalog knows.
 */
import type { LakeObject } from '../catalog/types.ts';
import { commitIdOfKey } from '../model/commit.ts';
import type { PartitionStrategy } from '../model/layout.ts';
import type { TableSchema } from '../model/table.ts';
import { decodeValue } from '../partition/encode-value.ts';
import { bindFilter } from './filter/bind.ts';
import { ALWAYS, combine, type Predicate, type Source, sourcesOf } from './filter/predicate.ts';
import { type Bounds, prune } from './filter/prune.ts';
import { utf8 } from './filter/text.ts';
import { parseTimestamp } from './filter/timestamp.ts';
import type { ReadRequest } from './request.ts';
import { bindSelection, type OutputColumn } from './selection.ts';

/** The part of a plan that needs no listing. */
export interface BoundRequest {
  readonly predicate: Predicate;
  readonly output: readonly OutputColumn[];
  /** Columns the predicate asks. */
  readonly filterColumns: readonly string[];
  /** Columns the output takes; some may be filter columns too. */
  readonly outputColumns: readonly string[];
}

export interface PlannedFile {
  readonly key: string;
  readonly size: number;
}

export interface ReadPlan extends BoundRequest {
  readonly files: readonly PlannedFile[];
  readonly pruned: {
    /** Of commits that are read from the journal instead, or of other partitions. */
    readonly notAsked: number;
    /** By values in their partition path. */
    readonly partition: number;
    /** By the time range and counts of their commit record. */
    readonly commit: number;
  };
}

export interface PlanContext {
  readonly schema: TableSchema;
  readonly partitioning: readonly PartitionStrategy[];
  /** Commits whose rows come from the journal. */
  readonly fromJournal: ReadonlySet<string>;
}

/** Throws invalid_argument where the filter or the selection does not fit the table. */
export function bindRequest(request: ReadRequest, schema: TableSchema): BoundRequest {
  const filter = request.filter === undefined ? ALWAYS : bindFilter(request.filter, schema);
  const predicate = combine('and', [...timeTerms(request), filter]);
  const output = bindSelection(request.select, schema);
  return {
    predicate,
    output,
    filterColumns: columnsOf(sourcesOf(predicate)),
    outputColumns: columnsOf(output.map(({ source }) => source)),
  };
}

/** `from` inclusive, `to` exclusive, on the event time. */
function timeTerms({ from, to }: ReadRequest): readonly Predicate[] {
  const source: Source = { kind: 'column', column: 'timestamp', type: 'timestamp' };
  const terms: Predicate[] = [];
  for (const [text, op] of [
    [from, '>='],
    [to, '<'],
  ] as const) {
    if (text === undefined) continue;
    const { floor, fraction } = parseTimestamp(text)!;
    // No microsecond lies between the floor and the next one: both bounds move up to that.
    terms.push({ kind: 'test', source, test: { kind: 'int', op, value: fraction ? floor + 1n : floor } });
  }
  return terms;
}

function columnsOf(sources: readonly Source[]): readonly string[] {
  return [...new Set(sources.flatMap((source) => (source.kind === 'attribute' ? source.maps : [source.column])))];
}

export function planRead(request: ReadRequest, objects: readonly LakeObject[], context: PlanContext): ReadPlan {
  return planFiles(request, bindRequest(request, context.schema), objects, context);
}

/** Files in the order of the listing. */
export function planFiles(
  request: ReadRequest,
  bound: BoundRequest,
  objects: readonly LakeObject[],
  context: PlanContext,
): ReadPlan {
  const files: PlannedFile[] = [];
  const pruned = { notAsked: 0, partition: 0, commit: 0 };
  const values = valueSegments(context);
  for (const object of objects) {
    const commitId = commitIdOfKey(object.key);
    const fromJournal = commitId !== undefined && context.fromJournal.has(commitId);
    if (fromJournal || !isUnder(object.partition, request.partition)) {
      pruned.notAsked++;
      continue;
    }
    const path = pathBounds(object, values);
    if (prune(bound.predicate, (column) => path.get(column)) === 'none') {
      pruned.partition++;
      continue;
    }
    const commit = commitBounds(object);
    if (prune(bound.predicate, (column) => path.get(column) ?? commit(column)) === 'none') {
      pruned.commit++;
      continue;
    }
    files.push({ key: object.key, size: object.size });
  }
  return { ...bound, files, pruned };
}

/** Whether a partition path is `prefix` or lies below it; segments count as wholes. */
export function isUnder(partition: string, prefix: string): boolean {
  return prefix === '' || partition === prefix || partition.startsWith(`${prefix}/`);
}

interface ValueSegment {
  readonly prefix: string;
  readonly column: string;
}

/** Keys in paths that hold a text column's value. Only strategies in force are trusted: a key may mean anything. */
function valueSegments({ schema, partitioning }: PlanContext): readonly ValueSegment[] {
  return partitioning.flatMap((strategy) => {
    if (strategy.type !== 'value') return [];
    const column = schema.columns.find((candidate) => candidate.name === strategy.field);
    if (column === undefined || (column.type.kind !== 'string' && column.type.kind !== 'id')) return [];
    return [{ prefix: `${strategy.name}=`, column: column.name }];
  });
}

function pathBounds({ partition }: LakeObject, segments: readonly ValueSegment[]): ReadonlyMap<string, Bounds> {
  const bounds = new Map<string, Bounds>();
  const parts = segments.length === 0 ? [] : partition.split('/');
  for (const { prefix, column } of segments) {
    const part = parts.find((candidate) => candidate.startsWith(prefix));
    const value = part === undefined ? undefined : decodeValue(part.slice(prefix.length));
    if (value === undefined) continue;
    // The null name stands for missing and for empty values.
    const text = utf8(value ?? '');
    bounds.set(column, { min: text, max: text, nullCount: value === null ? undefined : 0 });
  }
  return bounds;
}

function commitBounds({ rows, minTimestamp, maxTimestamp }: LakeObject): (column: string) => Bounds | undefined {
  return (column) => {
    if (column !== 'timestamp') return undefined;
    if (minTimestamp === null) return rows === undefined ? undefined : { rows, nullCount: rows };
    const min = minTimestamp === undefined ? undefined : parseTimestamp(minTimestamp)?.floor;
    const max = maxTimestamp ? parseTimestamp(maxTimestamp)?.floor : undefined;
    return { min, max, rows };
  };
}
