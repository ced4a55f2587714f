/** A lake with all that a check has to make sense of, in memory, over a real journal. */
import type { TestContext } from 'node:test';
import { checkLake } from '../../src/check/check.ts';
import type { CheckOptions, CheckSummary, Finding } from '../../src/check/types.ts';
import type { LifecycleRule } from '../../src/config/types.ts';
import type { CommitRecord } from '../../src/model/commit.ts';
import { type Clock, systemClock } from '../../src/platform/clock.ts';
import { systemFiles } from '../../src/platform/files.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { type Bench, createBench, SAMPLE } from '../ingest/support.ts';

export interface CheckBench extends Bench {
  /** Sends, seals and commits; the record. */
  write(): Promise<CommitRecord>;
  check(options?: Partial<CheckOptions>, more?: CheckMore): Promise<Checked>;
}

export interface CheckMore {
  readonly store?: ObjectStore;
  readonly maxIndexedKeys?: number;
  readonly clock?: Clock;
  readonly lifecycle?: readonly LifecycleRule[];
}

export interface Checked {
  readonly summary: CheckSummary;
  readonly findings: readonly Finding[];
  /** Kinds of the problems. */
  readonly problems: readonly string[];
}

export const ROWS = SAMPLE.items;

/** Every row in one of four partitions. */
export function createCheckBench(t: TestContext): CheckBench {
  const bench = createBench(t, '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 4');
  return {
    ...bench,
    async write() {
      bench.clock.now += 1000;
      bench.send(SAMPLE.body);
      bench.lane.seal('request');
      return (await bench.commit(bench.sealed.at(-1)!)).record!;
    },
    async check(options = {}, { store = bench.deps.store, maxIndexedKeys, clock = systemClock, lifecycle = [] } = {}) {
      const findings: Finding[] = [];
      const deps = { store, files: systemFiles, clock, journalPath: bench.journalPath, lifecycle };
      const hooks = {
        onFinding: (finding: Finding) => void findings.push(finding),
        onProgress() {},
        signal: new AbortController().signal,
      };
      const all = { deep: false, repair: false, minAgeMs: 0, ...options };
      const summary = await checkLake(deps, all, hooks, maxIndexedKeys);
      const problems = findings.filter(({ severity }) => severity === 'problem').map(({ kind }) => kind);
      return { summary, findings, problems };
    },
  };
}

export function traces(summary: CheckSummary) {
  return summary.tables.find(({ table }) => table === 'traces')!;
}

export async function keysOf(store: ObjectStore, prefix = ''): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}
