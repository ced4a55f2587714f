/** Objects summed up by partition. */
import { compareKeys } from '../store/key.ts';
import { isWithin } from './keys.ts';
import type { LakeObject, Partition } from './types.ts';

/** In order of table and path. What one object does not know (rows, times), its partition does not know either. */
export function groupByPartition(objects: readonly LakeObject[]): Partition[] {
  const groups = new Map<string, Partition>();
  for (const object of objects) {
    const { table, partition } = object;
    const id = `${table}/${partition}`;
    const sum = groups.get(id);
    const only = { table, partition, files: 1, rows: object.rows, bytes: object.size };
    const { minTimestamp, maxTimestamp } = object;
    groups.set(id, sum ? add(sum, object) : { ...only, minTimestamp, maxTimestamp });
  }
  return [...groups].sort(([a], [b]) => compareKeys(a, b)).map(([, partition]) => partition);
}

function add(sum: Partition, object: LakeObject): Partition {
  return {
    table: sum.table,
    partition: sum.partition,
    files: sum.files + 1,
    rows: addKnown(sum.rows, object.rows),
    bytes: sum.bytes + object.size,
    minTimestamp: pick(sum.minTimestamp, object.minTimestamp, (a, b) => a < b),
    maxTimestamp: pick(sum.maxTimestamp, object.maxTimestamp, (a, b) => a > b),
  };
}

export function addKnown(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? undefined : a + b;
}

type Time = string | null | undefined;

function pick(a: Time, b: Time, isFirst: (a: string, b: string) => boolean): Time {
  if (a === undefined || b === undefined) return undefined;
  if (a === null || b === null) return a ?? b;
  return isFirst(a, b) ? a : b;
}

/** Paths told at most. */
const NEAREST = 3;

/**
 * The paths most like one that was asked for: those that hold its text, then those that begin alike. Undefined where
 * the path is, or leads to, one of the partitions.
 */
export function nearestPartitions(partitions: readonly Partition[], path: string): readonly string[] | undefined {
  const asked = path.replace(/^\/+|\/+$/g, '');
  const paths = partitions.map(({ partition }) => partition);
  if (paths.some((known) => isWithin(known, asked))) return undefined;
  const likeness = (known: string) => (known.includes(asked) ? Number.POSITIVE_INFINITY : commonPrefix(known, asked));
  return paths
    .map((known) => ({ known, like: likeness(known) }))
    .sort((a, b) => (a.like === b.like ? compareKeys(a.known, b.known) : b.like - a.like))
    .slice(0, NEAREST)
    .map(({ known }) => known);
}

function commonPrefix(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}
