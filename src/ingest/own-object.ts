/**
 * An object was found where a commit wanted to create its own. Whose is it?
 *
 * The rule: it is the commit's own where commit id and number of rows are equal. Nobody else has the id (it is random for
 * each lane and start), a key with it names one partition, and an object is visible only when it is whole; so it is what
 * an earlier try of the same commit wrote. Its bytes need not be equal: since then the bridge may have come to encode
 * otherwise, or compress otherwise. The commit record then tells of the object that is there.
 *
 * Anything else is a stranger's and is never overwritten: the commit fails and its segment stays, until somebody moves
 * the object away. Id and rows are in the object's metadata; where a store keeps none, they are read from the footer.
 */
import { readIdentity } from '../encode/identity.ts';
import { BridgeError } from '../errors.ts';
import type { ObjectHead, ObjectStore } from '../store/store.ts';

/** Of an object with our id and other rows: the one thing that must not happen to it is that it is thrown away. */
const OF_DAMAGED =
  'An earlier try stored it, and its segment was damaged since; or a bridge did that went on from a copy of the journal. ' +
  'Move it out of the lake and keep it, because it may hold rows that are nowhere else';

export interface ObjectIdentity {
  readonly commitId: string;
  readonly rows: number;
}

/** Metadata an object of a commit is stored with. */
export function identityMetadata({ commitId, rows }: ObjectIdentity): Record<string, string> {
  return { 'commit-id': commitId, rows: String(rows) };
}

/**
 * The object under `key`, which was met there a moment ago. Throws `already_exists` where it is not the one that is
 * expected, and `conflict` where it is gone again: somebody has moved it away, and the key is free.
 */
export async function findOwn(
  store: ObjectStore,
  key: string,
  expected: ObjectIdentity,
  signal: AbortSignal,
): Promise<ObjectHead> {
  const head = await store.head(key, { signal }).catch((error: unknown) => {
    if (BridgeError.from(error).code !== 'not_found') throw error;
    throw new BridgeError('conflict', `object ${key} was there and is gone`, { cause: error });
  });
  const found = await identityOf(store, head, signal);
  if (found?.commitId === expected.commitId && found.rows === expected.rows) return head;
  const isOfCommit = found?.commitId === expected.commitId;
  const what = isOfCommit
    ? `holds ${found?.rows} rows of commit ${expected.commitId}, which has ${expected.rows} for it`
    : `is not of commit ${expected.commitId}, whose name it has`;
  throw new BridgeError('already_exists', `object ${key} in ${store.location} ${what}; it was left as it is`, {
    hint: `${isOfCommit ? OF_DAMAGED : 'Find out who wrote it and move it away'}: the commit is tried again by itself.`,
  });
}

async function identityOf(store: ObjectStore, { key, size, metadata }: ObjectHead, signal: AbortSignal) {
  const commitId = metadata['commit-id'];
  if (commitId !== undefined) return { commitId, rows: Number(metadata.rows) };
  return readIdentity(size, (start, end) => store.get(key, { range: { start, end }, signal }));
}
