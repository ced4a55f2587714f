/** One commit: its record held against itself, against what was listed, and against the objects. */
import { BridgeError } from '../errors.ts';
import type { CommitObject, CommitRecord } from '../model/commit.ts';
import type { CheckContext } from './context.ts';
import type { IndexedObject, KeyState } from './object-index.ts';
import { faultsOf } from './records.ts';
import { moveAside, recoverCommit, type WholeOrphan } from './repair.ts';

/** An object that a record names and that was found neither by listing nor by asking for it. */
export interface Gap {
  readonly commitId: string;
  readonly object: CommitObject;
}

/** Returns the gaps, which a receipt written meanwhile may still explain. */
export async function checkCommit(
  context: CheckContext,
  record: CommitRecord,
  recordKey: string,
  keys: Map<string, KeyState>,
): Promise<Gap[]> {
  const { commitId } = record;
  const { ledger } = context;
  ledger.addRecord(record);
  for (const fault of faultsOf(record)) context.problem('rows', recordKey, `the record of ${commitId} ${fault}`);
  if (record.recovered) {
    context.note('record', recordKey, 'recovered by an earlier check: how many rows it should have is not known');
  }
  const gaps: Gap[] = [];
  for (const object of record.objects) {
    const state = keys.get(object.key);
    keys.delete(object.key);
    if (state === undefined && isExpired(context, record, object)) continue;
    const found = state?.found ?? (state?.deletedMs === undefined ? await lookAgain(context, object) : undefined);
    if (!found && state?.deletedMs !== undefined) ledger.addRows(object.table, 'deleted', object.rows);
    else if (!found) gaps.push({ commitId, object });
    else if (state?.deletedMs !== undefined) await checkUndeleted(context, object, found, state.deletedMs);
    else if ((await checkObject(context, commitId, object, found)) === 'gone') gaps.push({ commitId, object });
  }
  for (const { found } of keys.values()) if (found) await checkDuplicate(context, commitId, found);
  return gaps;
}

/** Counted as deleted: nobody wrote a receipt, but the configuration says that they go. */
function isExpired({ expiry, clock, ledger }: CheckContext, record: CommitRecord, object: CommitObject): boolean {
  if (!expiry.isExpired(object.key, clock.nowMs() - Date.parse(record.committedAt))) return false;
  expiry.objects++;
  expiry.rows += object.rows;
  ledger.addRows(object.table, 'deleted', object.rows);
  return true;
}

/** It may have come, with its record, after the listing was made. */
async function lookAgain(context: CheckContext, object: CommitObject): Promise<IndexedObject | undefined> {
  const { table, partition, key } = object;
  try {
    return { ...(await context.store.head(key, { signal: context.hooks.signal })), table, partition };
  } catch (error) {
    if (BridgeError.from(error).code === 'not_found') return undefined;
    throw error;
  }
}

async function checkObject(
  context: CheckContext,
  commitId: string,
  object: CommitObject,
  found: IndexedObject,
): Promise<'gone' | undefined> {
  const { key, rows, bytes } = object;
  if (found.size !== bytes) context.problem('size', key, `has ${found.size} bytes; its record says ${bytes}`);
  const examined = await context.examine(found);
  if (examined === 'gone') return examined;
  if (examined === 'damaged') return undefined;
  context.ledger.addRows(object.table, 'inFiles', examined.rows);
  if (examined.rows !== rows) context.problem('rows', key, `has ${examined.rows} rows; its record says ${rows}`);
  if (examined.commitId !== commitId) {
    context.problem('content', key, `says that it is of commit ${examined.commitId ?? '(none)'}, not of ${commitId}`);
  }
  if (examined.crc32 !== undefined && object.crc32 !== undefined && examined.crc32 !== object.crc32) {
    context.problem('content', key, `has the checksum ${examined.crc32}; its record says ${object.crc32}`);
  }
  return undefined;
}

async function checkUndeleted(context: CheckContext, object: CommitObject, found: IndexedObject, deletedMs: number) {
  const { store, clock, options, hooks, ledger } = context;
  ledger.addRows(object.table, 'deleted', object.rows);
  if (!(await lookAgain(context, object))) return; // it went away since it was listed
  const message = 'is there although a receipt says that it was deleted: the deletion was broken off';
  if (context.isYoung(deletedMs)) {
    context.note('pending', object.key, 'is being deleted');
    return;
  }
  const repaired = options.repair ? await moveAside(store, found, message, clock, hooks.signal) : undefined;
  context.problem('undeleted', object.key, message, repaired);
}

async function checkDuplicate(context: CheckContext, commitId: string, found: IndexedObject): Promise<void> {
  const { store, clock, options, hooks } = context;
  const message = `carries the id of commit ${commitId}, whose record does not name it: its rows are read twice or wrongly`;
  const isMoved = options.repair && !context.isYoung(found.modifiedMs);
  const repaired = isMoved ? await moveAside(store, found, message, clock, hooks.signal) : undefined;
  context.problem('duplicate', found.key, message, repaired);
}

/** Objects of a commit that has no record, and no segment in this journal. */
export async function checkOrphans(
  context: CheckContext,
  commitId: string,
  found: readonly IndexedObject[],
): Promise<void> {
  const { store, commits, clock, options, hooks } = context;
  if (found.some(({ modifiedMs }) => context.isYoung(modifiedMs))) {
    const message = `${found.length} objects without a record: perhaps a commit of another bridge, under way`;
    context.note('pending', found[0]!.key, message);
    return;
  }
  const whole: WholeOrphan[] = [];
  for (const object of found) {
    const examined = await context.examine(object);
    if (examined === 'gone') continue;
    if (examined !== 'damaged' && examined.commitId === commitId) {
      whole.push({ object, examined });
      continue;
    }
    const message = `belongs to commit ${commitId}, which has no record, and is not a whole file of it`;
    const repaired = options.repair ? await moveAside(store, object, message, clock, hooks.signal) : undefined;
    context.problem('orphan', object.key, message, repaired);
  }
  const repaired =
    options.repair && whole.length > 0 ? await recoverCommit(commits, commitId, whole, clock) : undefined;
  for (const { object, examined } of whole) {
    const message = `${examined.rows} rows of commit ${commitId}, which has neither record nor segment: engines see them, reads do not`;
    context.problem('orphan', object.key, message, repaired);
  }
}
