/**
 * Uploads that a commit's earlier tries have left open: their keys carry the commit's id. One that tries a commit again
 * is alone with it (the journal's lock says that an earlier run is gone, and one encoder at a time has a segment), so
 * none of them is still written to. Uploads of other commits are never touched: they may be another bridge's.
 */
import { commitIdOfUpload } from '../catalog/uploads.ts';
import { BridgeError } from '../errors.ts';
import type { ObjectStore, OpenUpload } from '../store/store.ts';

/** Aborts all of a commit, of its objects and its record, wherever they lie; returns how many there were. */
export function abortLeftUploads(store: ObjectStore, commitId: string): Promise<number> {
  return abortUploads(store, '', ({ key }) => commitIdOfUpload(key) === commitId);
}

/**
 * Aborts those of one object of a commit, after it was stored: where the answer to the creation of an upload was lost,
 * the client created another one, and nobody else knows of the first.
 */
export function abortUploadsOf(store: ObjectStore, key: string): Promise<number> {
  return abortUploads(store, key, (upload) => upload.key === key);
}

async function abortUploads(
  store: ObjectStore,
  prefix: string,
  isLeft: (upload: OpenUpload) => boolean,
): Promise<number> {
  let uploads: readonly OpenUpload[];
  try {
    uploads = await store.listUploads(prefix);
  } catch (error) {
    // A server that cannot list uploads, or credentials that may not, must not hold rows back; a lifecycle rule for
    // incomplete uploads then does this work. What may pass is tried again with the commit.
    if (['permission_denied', 'unprocessable'].includes(BridgeError.from(error).code)) return 0;
    throw error;
  }
  const left = uploads.filter(isLeft);
  for (const upload of left) await store.abortUpload(upload);
  return left.length;
}
