/** Objects summed up by partition. */
import { compareKeys } from '../store/key.ts';
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
