/** Commit records in the store: written once, read by id, listed in order of their ids, which is order of time. */
import pLimit from 'p-limit';
import { BridgeError } from '../errors.ts';
import { COMMIT_ID, type CommitRecord } from '../model/commit.ts';
import type { ObjectStore } from '../store/store.ts';
import { decodeCommitRecord, encodeCommitRecord, isSameCommit } from './commit-record.ts';
import { COMMITS_PREFIX, commitKey, idOfRecordKey } from './keys.ts';

/** Records fetched at the same time. */
const GETS_AT_ONCE = 16;
const DEFAULT_PAGE = 1_000;

export interface CommitPage {
  /** In order of their ids. */
  readonly records: readonly CommitRecord[];
  /** Records that could not be read; they are left out of `records`. */
  readonly problems: readonly { readonly key: string; readonly error: BridgeError }[];
  /** Id to go on after; undefined at the end. */
  readonly next: string | undefined;
}

export interface ReadCommitsOptions {
  /** Only commits whose id sorts after this one. */
  readonly after?: string;
  /** Most records of one page. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface Commits {
  /**
   * Writes the record, last of all that belongs to a commit. Where an equal record is there already, an earlier try of
   * the same commit has succeeded, and nothing is left to do; one that a check had recovered is replaced; a different
   * one is `already_exists`.
   */
  write(record: CommitRecord): Promise<void>;
  /** Undefined where the commit is not complete. Throws `corrupt` where the record cannot be read. */
  read(commitId: string, options?: { readonly signal?: AbortSignal }): Promise<CommitRecord | undefined>;
  readCommits(options?: ReadCommitsOptions): Promise<CommitPage>;
}

export function createCommits(store: ObjectStore): Commits {
  async function read(commitId: string, options: { readonly signal?: AbortSignal } = {}) {
    const key = commitKey(commitId);
    let body: Uint8Array;
    try {
      body = await store.get(key, options);
    } catch (error) {
      if (BridgeError.from(error).code === 'not_found') return undefined;
      throw error;
    }
    return decodeCommitRecord(body, key, commitId);
  }

  return {
    read,

    async write(record) {
      const key = commitKey(record.commitId);
      try {
        await store.put(key, encodeCommitRecord(record), { ifAbsent: true, contentType: 'application/json' });
      } catch (error) {
        if (BridgeError.from(error).code !== 'already_exists') throw error;
        const found = await read(record.commitId);
        if (found?.recovered) {
          await store.put(key, encodeCommitRecord(record), { contentType: 'application/json' });
          return;
        }
        if (found && isSameCommit(found, record)) return;
        throw new BridgeError('already_exists', `${key} is there already and tells of other objects or counts`, {
          hint: 'Two bridges must not share one journal folder.',
          cause: error,
        });
      }
    },

    async readCommits({ after, limit = DEFAULT_PAGE, signal } = {}) {
      const withSignal = signal ? { signal } : {};
      const ids: string[] = [];
      let next: string | undefined;
      const startAfter = after === undefined ? {} : { startAfter: commitKey(after) };
      for await (const { key } of store.list(COMMITS_PREFIX, { ...startAfter, ...withSignal })) {
        const id = idOfRecordKey(key, COMMITS_PREFIX);
        if (id === undefined || !COMMIT_ID.test(id)) continue;
        if (ids.length === limit) {
          next = ids.at(-1);
          break;
        }
        ids.push(id);
      }
      const records: CommitRecord[] = [];
      const problems: { key: string; error: BridgeError }[] = [];
      const gets = pLimit(GETS_AT_ONCE);
      const results = await Promise.all(ids.map((id) => gets(() => settle(read(id, withSignal)))));
      for (const [i, result] of results.entries()) {
        if (result instanceof BridgeError) problems.push({ key: commitKey(ids[i]!), error: result });
        else if (result) records.push(result);
      }
      return { records, problems, next };
    },
  };
}

/** Damage of one record stops no other; any other error is thrown. */
async function settle<T>(reading: Promise<T>): Promise<T | BridgeError> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof BridgeError && error.code === 'corrupt') return error;
    throw error;
  }
}
