/**
 * Uploads that were begun and neither completed nor aborted, and which of them may be taken away.
 *
 * Nothing in S3 says whether somebody still writes to an upload. Two things are known here. The uploads of this bridge
 * belong to commits whose segments are in its journal: as long as one is there, its commit aborts what it leaves itself.
 * And a writer on its way stores a part again and again: so an upload's age is counted from its last part, not from its
 * start. An upload of a slower writer that is taken away all the same costs it its try: the commit begins anew.
 */
import pLimit from 'p-limit';
import { commitIdOfKey } from '../model/commit.ts';
import type { ObjectStore, OpenUpload } from '../store/store.ts';
import { COMMITS_PREFIX, idOfRecordKey } from './keys.ts';

export interface LakeUpload extends OpenUpload {
  /** When a byte of it was last stored; its start, where none was. */
  readonly lastActiveMs: number;
  /** Of the commit it belongs to; undefined for those of others. */
  readonly commitId: string | undefined;
  /** Its commit waits in the journal of this bridge, or is under way. */
  readonly isLive: boolean;
}

export interface UploadFilter {
  readonly prefix: string;
  /** Commits that are under way, or will be tried again by themselves. */
  readonly liveCommits: ReadonlySet<string>;
}

export interface AbortFilter extends UploadFilter {
  /** Only those without a stored byte for so long. */
  readonly idleMs: number;
  readonly nowMs: number;
  /** Only those that are named by a commit: the prefix may be shared with others. */
  readonly ofCommits?: boolean;
}

/** Uploads asked at the same time for their last part. */
const ASKED_AT_ONCE = 8;

/** The commit a key is named by, be it an object or a record; undefined where another writer named it. */
export function commitIdOfUpload(key: string): string | undefined {
  return commitIdOfKey(key) ?? idOfRecordKey(key, COMMITS_PREFIX);
}

/** All that are open, oldest first. One that ends meanwhile is left out. */
export async function listLakeUploads(store: ObjectStore, filter: UploadFilter): Promise<LakeUpload[]> {
  const uploads = await store.listUploads(filter.prefix);
  return withActivity(store, uploads, filter);
}

/** Aborts those that are idle for long enough and not live; returns them. Throws at the first that cannot be. */
export async function abortIdleUploads(store: ObjectStore, filter: AbortFilter): Promise<LakeUpload[]> {
  const { idleMs, nowMs, ofCommits = false } = filter;
  const isMeant = ({ key }: OpenUpload) => !ofCommits || commitIdOfUpload(key) !== undefined;
  const isIdle = (sinceMs: number) => nowMs - sinceMs >= idleMs;
  // Those that began a moment ago need not be asked for their parts.
  const open = await store.listUploads(filter.prefix);
  const old = open.filter((upload) => isMeant(upload) && isIdle(upload.startedMs));
  const idle = (await withActivity(store, old, filter)).filter(
    ({ isLive, lastActiveMs }) => !isLive && isIdle(lastActiveMs),
  );
  for (const upload of idle) await store.abortUpload(upload);
  return idle;
}

async function withActivity(
  store: ObjectStore,
  uploads: readonly OpenUpload[],
  { liveCommits }: UploadFilter,
): Promise<LakeUpload[]> {
  const limit = pLimit(ASKED_AT_ONCE);
  const found = await Promise.all(
    uploads.map((upload) =>
      limit(async () => {
        const lastActiveMs = await store.lastActivity(upload);
        if (lastActiveMs === undefined) return [];
        const commitId = commitIdOfUpload(upload.key);
        return [{ ...upload, lastActiveMs, commitId, isLive: commitId !== undefined && liveCommits.has(commitId) }];
      }),
    ),
  );
  return found.flat().sort((a, b) => a.startedMs - b.startedMs);
}
