/**
 * Commit records in memory. They never change, so each is fetched once; the bound is on the objects they name, since a
 * record has as many as its commit had partitions. What was asked for longest ago goes first.
 */
import pLimit from 'p-limit';
import { BridgeError } from '../errors.ts';
import type { CommitObject } from '../model/commit.ts';
import type { Commits } from './commits.ts';
import { commitKey } from './keys.ts';

const GETS_AT_ONCE = 16;

export interface KnownCommit {
  /** By key; undefined where the record is there but cannot be read: the commit is complete, its counts are unknown. */
  readonly objects: ReadonlyMap<string, CommitObject> | undefined;
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
  const cached = new Map<string, KnownCommit>();
  let objectCount = 0;

  function touch(id: string, commit: KnownCommit): void {
    const before = cached.get(id);
    if (before) objectCount -= weight(before);
    cached.delete(id);
    cached.set(id, commit);
    objectCount += weight(commit);
    for (const [oldId, old] of cached) {
      if (objectCount <= maxObjects) break;
      cached.delete(oldId);
      objectCount -= weight(old);
    }
  }

  async function fetch(id: string, signal: AbortSignal | undefined): Promise<KnownCommit | undefined> {
    try {
      const record = await commits.read(id, signal ? { signal } : {});
      return record && { objects: new Map(record.objects.map((object) => [object.key, object])) };
    } catch (error) {
      if (!(error instanceof BridgeError) || error.code !== 'corrupt') throw error;
      onProblem(commitKey(id), error);
      return { objects: undefined };
    }
  }

  return {
    async lookUp(ids, signal) {
      const known = new Map<string, KnownCommit>();
      const fetched: KnownCommit[] = [];
      const gets = pLimit(GETS_AT_ONCE);
      const asked = [...new Set(ids)].map((id) =>
        gets(async () => {
          const inMemory = cached.get(id);
          const commit = inMemory ?? (await fetch(id, signal));
          if (!commit) return;
          touch(id, commit);
          known.set(id, commit);
          if (!inMemory) fetched.push(commit);
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
