/**
 * What listing and deletion receipts say of each commit's objects, in parts that fit into memory: with `parts` of them,
 * part n holds the commits whose id falls into it. A lake has as many parts as it needs; each costs one listing more,
 * while every record and object is still read once.
 */
import { crc32 } from 'node:zlib';
import type { LakeTable } from '../model/signal.ts';
import type { ObjectInfo } from '../store/store.ts';

/** About 60 MB. */
export const MAX_INDEXED_KEYS = 200_000;
/** For a thousand million keys; ids that fall together beyond that are no use to part. */
const MAX_PARTS = 8192;

export interface IndexedObject extends ObjectInfo {
  readonly table: LakeTable;
  readonly partition: string;
}

/** What is known of one key before its commit record is read. */
export interface KeyState {
  found?: IndexedObject;
  /** When a receipt says that it was deleted. */
  deletedMs?: number;
}

export interface ObjectIndex {
  readonly parts: number;
  holds(commitId: string): boolean;
  add(commitId: string, key: string, state: KeyState): void;
  /** Takes a commit's keys out. */
  take(commitId: string): Map<string, KeyState>;
  /** What was not taken. */
  rest(): Iterable<[string, Map<string, KeyState>]>;
}

/** With `part` 0, how many parts there are is found out on the way: it halves itself whenever it is full. */
export function createObjectIndex(part: number, parts: number, maxKeys: number): ObjectIndex {
  const commits = new Map<string, Map<string, KeyState>>();
  let count = 0;
  let all = parts;
  const holds = (commitId: string) => crc32(commitId) % all === part;

  function halve(): void {
    all *= 2;
    for (const [commitId, keys] of commits) {
      if (holds(commitId)) continue;
      commits.delete(commitId);
      count -= keys.size;
    }
  }

  return {
    get parts() {
      return all;
    },
    holds,
    add(commitId, key, state) {
      if (!holds(commitId)) return;
      let keys = commits.get(commitId);
      if (!keys) {
        keys = new Map();
        commits.set(commitId, keys);
      }
      if (!keys.has(key)) count++;
      keys.set(key, { ...keys.get(key), ...state });
      while (part === 0 && count > maxKeys && all < MAX_PARTS) halve();
    },
    take(commitId) {
      const keys = commits.get(commitId) ?? new Map<string, KeyState>();
      commits.delete(commitId);
      return keys;
    },
    rest: () => commits,
  };
}
