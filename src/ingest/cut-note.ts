/**
 * A note in the store, `_lake/cuts/{commit id}.json`, of how many bytes of a segment count.
 *
 * It is written where a disk has failed in the middle of a group and does not let its refused requests be taken off the
 * segment's end either. The rows that were acknowledged then go to the lake from memory, since such a disk may be about
 * to fail for good; but if the bridge ends in the middle of that, and the disk comes back with the refused requests, a
 * replay would find other rows than those of the objects that are there. With the note it finds the same.
 */
import { cutNoteKey } from '../catalog/keys.ts';
import { BridgeError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';

interface CutNote {
  readonly journalBytes: number;
}

/** To be in the store before the first object of the commit. */
export async function noteCut(store: ObjectStore, commitId: string, journalBytes: number): Promise<void> {
  const note: CutNote = { journalBytes };
  await store.put(cutNoteKey(commitId), Buffer.from(JSON.stringify(note)), { contentType: 'application/json' });
}

/** Undefined where there is none. Throws `corrupt` for one that says nothing. */
export async function readCutNote(store: ObjectStore, commitId: string): Promise<number | undefined> {
  const key = cutNoteKey(commitId);
  let text: string;
  try {
    text = new TextDecoder().decode(await store.get(key));
  } catch (error) {
    if (BridgeError.from(error).code === 'not_found') return undefined;
    throw error;
  }
  const bytes = /^\{"journalBytes":(\d+)\}$/.exec(text)?.[1];
  if (bytes !== undefined) return Number(bytes);
  throw new BridgeError('corrupt', `${key} does not say how many bytes of its segment count: ${text.slice(0, 100)}`, {
    hint: 'Move it away: the segment is then committed with all that its file holds.',
  });
}

/** Once the commit is complete. One that stays does no harm, and `lake check` names it. */
export async function removeCutNote(store: ObjectStore, commitId: string): Promise<void> {
  await store.delete([cutNoteKey(commitId)]).catch(() => {});
}
