/**
 * What is in the lake, asked from the store itself: there is no other list of it that could be wrong.
 *
 * An object is visible when its name is no commit id (another writer put it there), or when the commit of that id has
 * its record. A commit is seen whole or not at all: its record is written after its last object, so an object that is
 * missing from a list made before the record was read may only have come later, and the list is made again.
 */
import pLimit from 'p-limit';
import { BridgeError } from '../errors.ts';
import { commitIdOfKey } from '../model/commit.ts';
import { type LakeTable, SIGNAL_LIST } from '../model/signal.ts';
import { type Clock, type Randomness, systemClock, systemRandomness } from '../platform/clock.ts';
import type { ObjectInfo, ObjectStore } from '../store/store.ts';
import { createCommitCache, type KnownCommit } from './commit-cache.ts';
import { createCommits } from './commits.ts';
import { decodeReceipt, deletionId, encodeReceipt } from './deletion-receipt.ts';
import { checkPartitionPath, DELETIONS_PREFIX, deletionKey, isWithin, partitionOfKey, tablePrefix } from './keys.ts';
import { addKnown, groupByPartition } from './partitions.ts';
import type { DeletionReceipt, LakeObject, Partition } from './types.ts';

/** About 100 MB of memory at the most. */
const MAX_CACHED_OBJECTS = 200_000;
const MAX_REMEMBERED_PROBLEMS = 10_000;
const GETS_AT_ONCE = 16;

export interface CatalogOptions {
  readonly clock?: Clock;
  readonly randomness?: Randomness;
  /** Hears of what was left out (a zero-byte file, a broken record), once for each key. */
  readonly onProblem?: (key: string, error: BridgeError) => void;
  /** Objects of commit records that are kept in memory. */
  readonly maxCachedObjects?: number;
}

export interface ObjectsOptions {
  /** Only partitions that are this path or lie below it, by whole segments. */
  readonly partition?: string;
  /** Only partitions whose path begins with this text, which may end inside a segment. */
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

export interface PartitionsOptions {
  /** All tables of the bridge where it is left out. */
  readonly table?: LakeTable;
  readonly prefix?: string;
  readonly signal?: AbortSignal;
}

export interface Catalog {
  /** The visible objects of a table, in order of their keys. */
  objects(table: LakeTable, options?: ObjectsOptions): Promise<LakeObject[]>;
  /**
   * Which of these commits have their record. To read journal and lake with each row once, ask this first and list
   * objects then, leaving out those of commits that had no record.
   */
  committed(ids: readonly string[], options?: { readonly signal?: AbortSignal }): Promise<Set<string>>;
  /** In order of table and path. */
  partitions(options?: PartitionsOptions): Promise<Partition[]>;
  /**
   * Deletes the visible objects of all partitions that are `path` or lie below it. `not_found` where there are none. A
   * dry run changes nothing and returns what the receipt would be.
   */
  deletePartition(
    table: LakeTable,
    path: string,
    options?: { readonly dryRun?: boolean; readonly signal?: AbortSignal },
  ): Promise<DeletionReceipt>;
  /** All receipts, oldest first. */
  deletions(options?: { readonly signal?: AbortSignal }): Promise<DeletionReceipt[]>;
}

export function createCatalog(store: ObjectStore, options: CatalogOptions = {}): Catalog {
  const { clock = systemClock, randomness = systemRandomness } = options;
  const onProblem = onceForEachKey(options.onProblem ?? (() => {}));
  const cache = createCommitCache(createCommits(store), options.maxCachedObjects ?? MAX_CACHED_OBJECTS, onProblem);

  async function objects(table: LakeTable, { partition = '', prefix = '', signal }: ObjectsOptions = {}) {
    const scope = scopeOf(checkPartitionPath(partition), prefix);
    const list = () => listTable(store, table, scope, onProblem, signal);
    let listed = await list();
    const { known, fetched } = await cache.lookUp(commitIds(listed), signal);
    if (isIncomplete(listed, fetched, table, scope)) listed = await list();
    return listed.flatMap((found) => toLakeObject(table, found, known) ?? []);
  }

  return {
    objects,

    async committed(ids, { signal } = {}) {
      const { known } = await cache.lookUp(ids, signal);
      return new Set(known.keys());
    },

    async partitions({ table, prefix = '', signal } = {}) {
      const tables = table !== undefined ? [table] : SIGNAL_LIST.map((known) => known.name);
      const found: LakeObject[] = [];
      for (const name of tables) found.push(...(await objects(name, { prefix, ...(signal ? { signal } : {}) })));
      return groupByPartition(found);
    },

    async deletePartition(table, text, { dryRun = false, signal } = {}) {
      const path = checkPartitionPath(text);
      if (path === '') {
        throw new BridgeError('invalid_argument', `an empty partition path would delete all of ${table}`, {
          hint: 'Name a partition, or delete the partitions that partitions list shows one by one.',
        });
      }
      const found = await objects(table, { partition: path, ...(signal ? { signal } : {}) });
      if (found.length === 0) {
        throw new BridgeError('not_found', `table ${table} has no partition ${path}`, {
          hint: `See its partitions: otel-lake partitions list --table ${table}`,
        });
      }
      const nowMs = clock.nowMs();
      const receipt: DeletionReceipt = {
        formatVersion: 1,
        deletionId: deletionId(nowMs, randomness.hex(4)),
        deletedAt: new Date(nowMs).toISOString(),
        dryRun,
        table,
        path,
        files: found.length,
        rows: found.reduce<number | undefined>((sum, { rows }) => addKnown(sum, rows), 0),
        bytes: found.reduce((sum, { size }) => sum + size, 0),
        objects: found.map(({ key, rows, size }) => ({ key, rows, bytes: size })),
      };
      if (dryRun) return receipt;
      const put = { ifAbsent: true, contentType: 'application/json', ...(signal ? { signal } : {}) };
      await store.put(deletionKey(receipt.deletionId), encodeReceipt(receipt), put);
      await store.delete(
        found.map(({ key }) => key),
        signal ? { signal } : {},
      );
      return receipt;
    },

    async deletions({ signal } = {}) {
      const withSignal = signal ? { signal } : {};
      const keys: string[] = [];
      for await (const { key } of store.list(DELETIONS_PREFIX, withSignal)) if (key.endsWith('.json')) keys.push(key);
      const gets = pLimit(GETS_AT_ONCE);
      const read = async (key: string) => {
        const body = await store.get(key, withSignal);
        try {
          return [decodeReceipt(body, key)];
        } catch (error) {
          onProblem(key, BridgeError.from(error));
          return [];
        }
      };
      return (await Promise.all(keys.map((key) => gets(() => read(key))))).flat();
    },
  };
}

/** The part of a table that is asked for. */
interface Scope {
  /** Text all asked paths begin with. */
  readonly prefix: string;
  holds(partition: string): boolean;
}

function scopeOf(path: string, prefix: string): Scope {
  return {
    prefix: path === '' || prefix.startsWith(`${path}/`) ? prefix : `${path}/`,
    holds: (partition) => isWithin(partition, path) && `${partition}/`.startsWith(prefix),
  };
}

interface ListedObject extends ObjectInfo {
  readonly partition: string;
  readonly commitId: string | undefined;
}

type OnProblem = (key: string, error: BridgeError) => void;

async function listTable(
  store: ObjectStore,
  table: LakeTable,
  scope: Scope,
  onProblem: OnProblem,
  signal: AbortSignal | undefined,
): Promise<ListedObject[]> {
  const listed: ListedObject[] = [];
  for await (const info of store.list(tablePrefix(table) + scope.prefix, signal ? { signal } : {})) {
    const partition = partitionOfKey(table, info.key);
    if (partition === undefined || !scope.holds(partition)) continue;
    if (info.size === 0) {
      const hint =
        'No Parquet file is empty: an upload by another writer has failed. Remove it, other engines stumble.';
      onProblem(info.key, new BridgeError('corrupt', `${info.key} has no bytes and is left out`, { hint }));
      continue;
    }
    listed.push({ ...info, partition, commitId: commitIdOfKey(info.key) });
  }
  return listed;
}

function* commitIds(listed: readonly ListedObject[]): Generator<string> {
  for (const { commitId } of listed) if (commitId !== undefined) yield commitId;
}

/** Whether a record that was read after the listing names an object of the asked part that the listing has not. */
function isIncomplete(
  listed: readonly ListedObject[],
  fetched: readonly KnownCommit[],
  table: LakeTable,
  scope: Scope,
): boolean {
  if (fetched.length === 0) return false;
  const keys = new Set(listed.map(({ key }) => key));
  for (const { objects } of fetched) {
    for (const object of objects?.values() ?? []) {
      if (object.table === table && scope.holds(object.partition) && !keys.has(object.key)) return true;
    }
  }
  return false;
}

function toLakeObject(
  table: LakeTable,
  found: ListedObject,
  known: ReadonlyMap<string, KnownCommit>,
): LakeObject | undefined {
  const { key, partition, size, modifiedMs, commitId } = found;
  const commit = commitId === undefined ? undefined : known.get(commitId);
  if (commitId !== undefined && !commit) return undefined; // its commit is under way, or never came to its end
  const recorded = commit?.objects?.get(key);
  return {
    table,
    key,
    partition,
    size,
    modifiedMs,
    commitId,
    ...(recorded && commit?.partitioning && { partitioning: commit.partitioning }),
    rows: recorded?.rows,
    minTimestamp: recorded?.minTimestamp,
    maxTimestamp: recorded?.maxTimestamp,
  };
}

function onceForEachKey(onProblem: OnProblem): OnProblem {
  const told = new Set<string>();
  return (key, error) => {
    if (told.has(key)) return;
    if (told.size >= MAX_REMEMBERED_PROBLEMS) told.clear();
    told.add(key);
    onProblem(key, error);
  };
}
