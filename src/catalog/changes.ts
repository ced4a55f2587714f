/** Incremental reads: the commits since a cursor, and the cursor to go on with. The guarantee stands in cursor.ts. */
import { BridgeError } from '../errors.ts';
import { COMMIT_ID } from '../model/commit.ts';
import type { LakeTable } from '../model/signal.ts';
import { type Clock, systemClock } from '../platform/clock.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Catalog } from './catalog.ts';
import { createCommits } from './commits.ts';
import { type Cursor, decodeCursor, encodeCursor, lakeFingerprint, type Position } from './cursor.ts';
import { COMMITS_PREFIX, commitKey, idOfRecordKey, isWithin } from './keys.ts';
import { type ListedCommit, MAX_RECENT, NOTHING_SEEN, unseenCommits } from './seen-commits.ts';
import type { LakeObject } from './types.ts';

/** Between whole looks only commits after the mark are listed: late ones are found once in this time. */
const WHOLE_LOOK_MS = 60_000;
/** One page of S3's: below that a whole look costs no more than any other. */
const CHEAP_LOOK = 1000;

/** Up to so many commits, and folders they stored into, are asked for one by one instead of listing the whole table. */
const FEW_COMMITS = 32;
const FEW_PARTITIONS = 16;

/** Instead of a cursor: every commit there is, or none of them. */
export const BEGIN = 'begin';
export const NOW = 'now';

export interface ChangesRequest {
  readonly table: LakeTable;
  /** A cursor, `begin` or `now`. */
  readonly after: string;
  readonly partition: string;
  /** Fingerprint of what is asked of each row. */
  readonly query: string;
  readonly signal: AbortSignal;
}

export interface Changes {
  /** In the order they are to be given; the one that a limit cut comes first. */
  readonly commitIds: readonly string[];
  readonly position: Position | undefined;
  /** The asked part of what these commits stored in the table and what is still there, commit by commit, by key. */
  objects(signal: AbortSignal): Promise<readonly LakeObject[]>;
  /** The cursor after these commits; `position` is in one that is not among them. */
  cursor(done: Iterable<string>, position?: Omit<Position, 'query'>): string;
}

export interface ChangeSource {
  /** Throws invalid_argument where `after` is no cursor of this table, or was cut by a limit under another query. */
  open(request: ChangesRequest): Promise<Changes>;
}

export function createChangeSource(store: ObjectStore, catalog: Catalog, clock: Clock = systemClock): ChangeSource {
  const lake = lakeFingerprint(store.location);
  const commits = createCommits(store);

  async function list(after: string, signal: AbortSignal): Promise<ListedCommit[]> {
    const listed: ListedCommit[] = [];
    const startAfter = after === '' ? {} : { startAfter: commitKey(after) };
    for await (const { key, modifiedMs } of store.list(COMMITS_PREFIX, { ...startAfter, signal })) {
      const id = idOfRecordKey(key, COMMITS_PREFIX);
      if (id !== undefined && COMMIT_ID.test(id)) listed.push({ id, modifiedMs });
    }
    return listed;
  }

  /** A whole look at `wholeMs`, or one after the mark that becomes a whole one where too much is new. */
  async function look(from: Cursor, wholeMs: number | undefined, signal: AbortSignal) {
    if (wholeMs === undefined) {
      const unseen = unseenCommits(from.seen, await list(from.seen.mark, signal), false);
      const isFew = from.seen.recent.length + unseen.ids.length <= MAX_RECENT;
      if (isFew) return { unseen, checkedMs: from.checkedMs };
    }
    const unseen = unseenCommits(from.seen, await list('', signal), true);
    return { unseen, checkedMs: wholeMs ?? clock.nowMs() };
  }

  /** Paths to list: those few commits speak of, where that saves listing all of `partition`. */
  async function partitionsOf(ids: readonly string[], table: LakeTable, partition: string, signal: AbortSignal) {
    if (ids.length === 0) return [];
    if (ids.length > FEW_COMMITS) return [partition];
    const records = await Promise.all(ids.map((id) => commits.read(id, { signal }).catch(ignoreCorrupt)));
    if (records.some((record) => record === undefined)) return [partition];
    const objects = records.flatMap((record) => record!.objects).filter((object) => object.table === table);
    const paths = new Set(objects.map((object) => object.partition).filter((path) => isWithin(path, partition)));
    return paths.size > FEW_PARTITIONS ? [partition] : [...paths];
  }

  return {
    async open({ table, after, partition, query, signal }) {
      const from: Cursor =
        after === BEGIN || after === NOW
          ? { table, lake, checkedMs: 0, seen: NOTHING_SEEN, position: undefined }
          : decodeCursor(after, { table, lake });
      if (from.position !== undefined && from.position.query !== query) throw otherQuery();
      const nowMs = clock.nowMs();
      const age = nowMs - from.checkedMs;
      // The commit that a limit cut may sort before the mark, and is not to be looked past.
      const isWhole =
        from.position !== undefined || from.seen.older.count < CHEAP_LOOK || age >= WHOLE_LOOK_MS || age < 0;
      const { unseen, checkedMs } = await look(from, isWhole ? nowMs : undefined, signal);
      const commitIds = after === NOW ? [] : inOrder(unseen.ids, from.position);
      const before = after === NOW ? unseen.ids : [];
      return {
        commitIds,
        position: commitIds[0] === from.position?.commitId ? from.position : undefined,
        objects: async (by) => objectsOf(commitIds, table, partition, by),
        cursor(done, position) {
          const seen = unseen.after(new Set([...before, ...done]));
          return encodeCursor({ table, lake, checkedMs, seen, position: position && { ...position, query } });
        },
      };
    },
  };

  async function objectsOf(commitIds: readonly string[], table: LakeTable, partition: string, signal: AbortSignal) {
    const order = new Map(commitIds.map((id, i) => [id, i]));
    const found = new Map<string, LakeObject>();
    for (const path of await partitionsOf(commitIds, table, partition, signal)) {
      for (const object of await catalog.objects(table, { partition: path, signal })) found.set(object.key, object);
    }
    return [...found.values()]
      .filter(({ commitId }) => commitId !== undefined && order.has(commitId))
      .sort((a, b) => order.get(a.commitId!)! - order.get(b.commitId!)! || (a.key < b.key ? -1 : 1));
  }
}

/** What a damaged record names is found by listing. */
function ignoreCorrupt(error: unknown): undefined {
  if (BridgeError.from(error).code !== 'corrupt') throw error;
}

function inOrder(ids: readonly string[], position: Position | undefined): readonly string[] {
  if (position === undefined || !ids.includes(position.commitId)) return ids;
  return [position.commitId, ...ids.filter((id) => id !== position.commitId)];
}

function otherQuery(): BridgeError {
  return new BridgeError('invalid_argument', 'after: the cursor is of a read that a limit ended, with another filter', {
    hint: 'Give the same partition, filter, from and to as then; after the last row of a commit they may change.',
  });
}
