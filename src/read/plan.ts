/**
 * A request made into plain data: what each row is asked, which columns that takes, which files can hold such rows, and
 * why the others cannot. Nothing is read here but what the catalog knows.
 */
import type { LakeObject } from '../catalog/types.ts';
import { commitIdOfKey } from '../model/commit.ts';
import type { PartitionStrategy, Promotion } from '../model/layout.ts';
import { bindFilter } from './filter/bind.ts';
import { ALWAYS, combine, type Predicate, type Source, sourcesOf } from './filter/predicate.ts';
import { type Bounds, type Knowledge, prune } from './filter/prune.ts';
import { parseTimestamp } from './filter/timestamp.ts';
import { partitionKnowledge } from './partition-bounds.ts';
import type { PathTexts } from './path-columns.ts';
import type { ReadRequest } from './request.ts';
import type { ReadSchema } from './schema.ts';
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
  readonly modifiedMs: number;
  /** Of another writer's file: columns its path names, for those it has not. */
  readonly inPath?: PathTexts;
}

export interface ReadPlan extends BoundRequest {
  readonly files: readonly PlannedFile[];
  readonly partitions: {
    /** Distinct paths of the files that were asked for. */
    readonly asked: number;
    readonly pruned: number;
  };
  /** Files. */
  readonly pruned: {
    /** Of commits that are read from the journal instead, or of other partitions. */
    readonly notAsked: number;
    /** By their partition path. */
    readonly partition: number;
    /** By the time range and counts of their commit record. */
    readonly commit: number;
  };
}

export interface PlanContext {
  readonly schema: ReadSchema;
  readonly promotions: readonly Promotion[];
  /** In force: paths that are not known to have been written under others are read by the `value` ones of these. */
  readonly partitioning: readonly PartitionStrategy[];
  /** Commits whose rows come from the journal. */
  readonly fromJournal: ReadonlySet<string>;
  /** Asked for files of other writers; absent where paths are no columns. */
  readonly pathTexts?: ((partition: string) => PathTexts | undefined) | undefined;
}

/** What of a request concerns rows. */
export type Asked = Pick<ReadRequest, 'filter' | 'select' | 'from' | 'to'>;

/** Throws invalid_argument where the filter or the selection does not fit the table. */
export function bindRequest(request: Asked, schema: ReadSchema): BoundRequest {
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
function timeTerms({ from, to }: Asked): readonly Predicate[] {
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

/** Files in the order of the listing. */
export function planFiles(
  request: Pick<ReadRequest, 'partition'>,
  bound: BoundRequest,
  objects: readonly LakeObject[],
  context: PlanContext,
): ReadPlan {
  const files: PlannedFile[] = [];
  const pruned = { notAsked: 0, partition: 0, commit: 0 };
  const partitions = partitionVerdicts(bound.predicate, context);
  for (const object of objects) {
    const commitId = commitIdOfKey(object.key);
    const fromJournal = commitId !== undefined && context.fromJournal.has(commitId);
    if (fromJournal || !isUnder(object.partition, request.partition)) {
      pruned.notAsked++;
      continue;
    }
    const partition = partitions.of(object);
    if (partition.isPruned) {
      pruned.partition++;
      continue;
    }
    const commit = commitBounds(object);
    if (prune(bound.predicate, (source) => commit(source) ?? partition.knowledge(source)) === 'none') {
      pruned.commit++;
      continue;
    }
    const { key, size, modifiedMs } = object;
    const inPath = commitId === undefined ? context.pathTexts?.(object.partition) : undefined;
    files.push({ key, size, modifiedMs, ...(inPath && { inPath }) });
  }
  return { ...bound, files, partitions: partitions.counts(), pruned };
}

interface PartitionVerdict {
  readonly knowledge: Knowledge;
  readonly isPruned: boolean;
}

/** Each partition is asked once, however many files it has. */
function partitionVerdicts(predicate: Predicate, { schema, promotions, partitioning }: PlanContext) {
  const layouts = new Map<readonly PartitionStrategy[], Map<string, PartitionVerdict>>();
  const knowledges = new Map<readonly PartitionStrategy[], (path: string) => Knowledge>();

  /** Where nothing tells which strategies a path was made by, a bucket, a range's label or a day may have meant anything. */
  function knowledgeUnder(written: readonly PartitionStrategy[]): (path: string) => Knowledge {
    const trusts = (strategy: PartitionStrategy) => written !== partitioning || strategy.type === 'value';
    return partitionKnowledge(written, schema, promotions, trusts);
  }

  return {
    of({ partition, partitioning: written = partitioning }: LakeObject): PartitionVerdict {
      const verdicts = layouts.get(written) ?? new Map<string, PartitionVerdict>();
      layouts.set(written, verdicts);
      const known = verdicts.get(partition);
      if (known !== undefined) return known;
      const knowledgeOf = knowledges.get(written) ?? knowledgeUnder(written);
      knowledges.set(written, knowledgeOf);
      const knowledge = knowledgeOf(partition);
      const verdict = { knowledge, isPruned: prune(predicate, knowledge) === 'none' };
      verdicts.set(partition, verdict);
      return verdict;
    },
    counts() {
      const verdicts = [...layouts.values()].flatMap((paths) => [...paths.values()]);
      return { asked: verdicts.length, pruned: verdicts.filter(({ isPruned }) => isPruned).length };
    },
  };
}

/** Whether a partition path is `prefix` or lies below it; segments count as wholes. */
export function isUnder(partition: string, prefix: string): boolean {
  return prefix === '' || partition === prefix || partition.startsWith(`${prefix}/`);
}

function commitBounds({ rows, minTimestamp, maxTimestamp }: LakeObject): Knowledge {
  return (source): Bounds | undefined => {
    if (source.kind !== 'column' || source.column !== 'timestamp') return undefined;
    if (minTimestamp === null) return rows === undefined ? undefined : { rows, nullCount: rows };
    const min = minTimestamp === undefined ? undefined : parseTimestamp(minTimestamp)?.floor;
    const max = maxTimestamp ? parseTimestamp(maxTimestamp)?.floor : undefined;
    return { min, max, rows };
  };
}
