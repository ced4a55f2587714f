/**
 * Commit records in memory. They never change, so each is fetched once; the bound is on the objects they name, since a
 * record has as many as its commit had partitions. What was asked for longest ago goes first.
 */
import pLimit from 'p-limit';
import { BridgeError } from '../errors.ts';
import type { CommitObject } from '../model/commit.ts';
import type { PartitionStrategy } from '../model/layout.ts';
import { createLru } from '../platform/lru.ts';
import type { Commits } from './commits.ts';
import { commitKey } from './keys.ts';

const GETS_AT_ONCE = 16;
const MAX_LAYOUTS = 1000;

export interface KnownCommit {
  /** By key; undefined where the record is there but cannot be read: the commit is complete, its counts are unknown. */
  readonly objects: ReadonlyMap<string, CommitObject> | undefined;
  readonly partitioning: readonly PartitionStrategy[] | undefined;
  /** A recovered record, which its commit may still replace: it is not kept in memory. */
  readonly mayChange: boolean;
}

export interface CommitLookup {
  /** Those of the asked ids that have a record. */
  readonly known: ReadonlyMap<string, KnownCommit>;
  /** Those of them that were not in memory. */
  readonly fetched: readonly KnownCommit[];
}

export interface CommitCache {
  lookUp(ids: Iterable<string>, signal: AbortSignal | undefined): Promise<CommitLookup>;
}

export function createCommitCache(
  commits: Commits,
  maxObjects: number,
  onProblem: (key: string, error: BridgeError) => void,
): CommitCache {
  const cached = createLru(maxObjects, weight);
  const layouts = new Map<string, readonly PartitionStrategy[]>();

  /** One array for all commits of a layout: there are few layouts and many commits. */
  function shared(partitioning: KnownCommit['partitioning']): KnownCommit['partitioning'] {
    if (partitioning === undefined) return undefined;
    const text = JSON.stringify(partitioning);
    const known = layouts.get(text);
    if (known !== undefined) return known;
    if (layouts.size >= MAX_LAYOUTS) layouts.clear();
    layouts.set(text, partitioning);
    return partitioning;
  }

  async function fetch(id: string, signal: AbortSignal | undefined): Promise<KnownCommit | undefined> {
    try {
      const record = await commits.read(id, signal ? { signal } : {});
      if (record === undefined) return undefined;
      const objects = new Map(record.objects.map((object) => [object.key, object]));
      return { objects, partitioning: shared(record.partitioning), mayChange: record.recovered === true };
    } catch (error) {
      if (!(error instanceof BridgeError) || error.code !== 'corrupt') throw error;
      onProblem(commitKey(id), error);
      return { objects: undefined, partitioning: undefined, mayChange: false };
    }
  }

  return {
    async lookUp(ids, signal) {
      const known = new Map<string, KnownCommit>();
      const fetched: KnownCommit[] = [];
      const missing: string[] = [];
      for (const id of new Set(ids)) {
        const inMemory = cached.get(id);
        if (inMemory) known.set(id, inMemory);
        else missing.push(id);
      }
      const gets = pLimit(GETS_AT_ONCE);
      const asked = missing.map((id) =>
        gets(async () => {
          const commit = await fetch(id, signal);
          if (!commit) return;
          if (!commit.mayChange) cached.put(id, commit);
          fetched.push(commit);
          known.set(id, commit);
        }),
      );
      try {
        await Promise.all(asked);
      } finally {
        gets.clearQueue();
      }
      return { known, fetched };
    },
  };
}

/** A commit without objects takes its place too. */
function weight(commit: KnownCommit): number {
  return 1 + (commit.objects?.size ?? 0);
}
