/**
 * Uploads an earlier run of this bridge had begun, of objects and of commit records: their keys carry the ids of the segments it left in the journal, and
 * the journal's lock says that it is gone. Uploads of other bridges on the same lake are never touched.
 */
import { COMMITS_PREFIX, idOfRecordKey } from '../catalog/keys.ts';
import { commitIdOfKey } from '../model/commit.ts';
import type { ObjectStore } from '../store/store.ts';

/** Aborts them; returns how many there were. */
export async function abortLeftUploads(store: ObjectStore, commitIds: readonly string[]): Promise<number> {
  const own = new Set(commitIds);
  const uploads = await store.listUploads('');
  const left = uploads.filter(({ key }) => own.has(commitIdOfKey(key) ?? idOfRecordKey(key, COMMITS_PREFIX) ?? ''));
  for (const upload of left) await store.abortUpload(upload);
  return left.length;
}
