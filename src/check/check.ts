/**
 * Reconciles commit records, objects and journal, while a bridge may be writing.
 *
 * The order of looking makes that safe. A bridge stores objects, then the record, then removes the segment; a deletion
 * writes its receipt, then deletes. So: receipts, objects, records; an object that a record names and the listing has not
 * is asked for by its key, and what is still missing is looked for in the receipts again; of objects without a record,
 * first the segments are listed and then the record is asked for again. What is a finding after that was one all along.
 */
import { createCommits } from '../catalog/commits.ts';
import { decodeReceipt } from '../catalog/deletion-receipt.ts';
import {
  COMMITS_PREFIX,
  commitKey,
  DELETIONS_PREFIX,
  idOfRecordKey,
  partitionOfKey,
  tablePrefix,
} from '../catalog/keys.ts';
import type { DeletionReceipt } from '../catalog/types.ts';
import { BridgeError } from '../errors.ts';
import { COMMIT_ID, type CommitRecord, commitIdOfKey } from '../model/commit.ts';
import { SIGNAL_LIST } from '../model/signal.ts';
import { ahead } from '../read/ahead.ts';
import { checkCommit, checkOrphans, type Gap } from './commit.ts';
import { type CheckContext, type CheckDeps, createContext } from './context.ts';
import { checkQuarantine, checkSegments, segmentIds } from './journal.ts';
import { createLedger } from './ledger.ts';
import { createObjectIndex, MAX_INDEXED_KEYS, type ObjectIndex } from './object-index.ts';
import { checkOthers } from './others.ts';
import type { CheckHooks, CheckOptions, CheckSummary } from './types.ts';

/** Commits looked at together; each holds a footer in memory, and with `deep` an object of up to 64 MiB. */
const AT_ONCE = { shallow: 16, deep: 2 };

export async function checkLake(
  deps: Omit<CheckDeps, 'commits'>,
  options: CheckOptions,
  hooks: CheckHooks,
  maxIndexedKeys: number = MAX_INDEXED_KEYS,
): Promise<CheckSummary> {
  const { store, files, journalPath } = deps;
  const commits = createCommits(store);
  const ledger = createLedger();
  const counts = { problems: 0, notes: 0, repaired: 0 };
  const counting: CheckHooks = {
    ...hooks,
    onFinding(finding) {
      counts[finding.severity === 'problem' ? 'problems' : 'notes']++;
      if (finding.repaired !== undefined) counts.repaired++;
      hooks.onFinding(finding);
    },
  };
  const context = createContext({ ...deps, commits }, options, counting, ledger);
  const atOnce = options.deep ? AT_ONCE.deep : AT_ONCE.shallow;
  let parts = 1;
  for (let part = 0; part < parts; part++) parts = await checkPart(context, part, parts, atOnce, maxIndexedKeys);
  await checkOthers(context, atOnce);
  const { expiry } = context;
  if (expiry.objects > 0) {
    const what = `${expiry.objects} files with ${expiry.rows} rows are not there, as a lifecycle rule wants it`;
    context.note('expired', store.location, what);
  }
  const segments = await checkSegments(files, journalPath, commits, ledger, context.report);
  checkQuarantine(files, journalPath, context.report);
  const { commits: records, objects, bytes } = ledger;
  const tables = ledger.tables();
  return { lake: store.location, commits: records, objects, bytes, segments, tables, ...counts };
}

/** Returns how many parts there are. */
async function checkPart(
  context: CheckContext,
  part: number,
  parts: number,
  atOnce: number,
  maxKeys: number,
): Promise<number> {
  const { store, hooks } = context;
  const index = createObjectIndex(part, parts, maxKeys);
  for await (const receipt of receipts(context, part === 0)) {
    const deletedMs = Date.parse(receipt.deletedAt);
    for (const { key } of receipt.objects) {
      const commitId = commitIdOfKey(key);
      if (commitId !== undefined) index.add(commitId, key, { deletedMs });
    }
  }
  for (const { name: table } of SIGNAL_LIST) {
    for await (const info of store.list(tablePrefix(table), { signal: hooks.signal })) {
      const partition = partitionOfKey(table, info.key);
      const commitId = commitIdOfKey(info.key);
      if (partition === undefined || commitId === undefined) continue;
      index.add(commitId, info.key, { found: { ...info, table, partition } });
    }
  }
  const gaps: Gap[] = [];
  const bounds = { count: atOnce, maxWeight: Number.POSITIVE_INFINITY, weight: () => 1 };
  const withRecord = (id: string) => checkWithRecord(context, id, index);
  for await (const found of ahead(recordIds(context, index), bounds, withRecord)) gaps.push(...found);
  gaps.push(...(await checkRest(context, index)));
  await explainGaps(context, gaps);
  return index.parts;
}

async function* recordIds({ store, hooks }: CheckContext, index: ObjectIndex): AsyncGenerator<string> {
  for await (const { key } of store.list(COMMITS_PREFIX, { signal: hooks.signal })) {
    const id = idOfRecordKey(key, COMMITS_PREFIX);
    if (id !== undefined && COMMIT_ID.test(id) && index.holds(id)) yield id;
  }
}

async function checkWithRecord(context: CheckContext, commitId: string, index: ObjectIndex): Promise<Gap[]> {
  const record = await readRecord(context, commitId);
  const keys = index.take(commitId);
  if (record) return checkCommit(context, record, commitKey(commitId), keys);
  for (const { found } of keys.values()) if (found) await context.examine(found);
  return [];
}

/** Undefined where it is damaged, which is reported, or not there. */
async function readRecord(context: CheckContext, commitId: string): Promise<CommitRecord | undefined> {
  try {
    return await context.commits.read(commitId, { signal: context.hooks.signal });
  } catch (thrown) {
    const error = BridgeError.from(thrown);
    if (error.code !== 'corrupt') throw error;
    context.problem('record', commitKey(commitId), error.message);
    return undefined;
  }
}

/** Commits that had no record when records were listed. */
async function checkRest(context: CheckContext, index: ObjectIndex): Promise<Gap[]> {
  const gaps: Gap[] = [];
  const open = segmentIds(context.files, context.journalPath);
  for (const [commitId, keys] of index.rest()) {
    const found = [...keys.values()].flatMap((state) => state.found ?? []);
    if (found.length === 0) continue;
    if (open.has(commitId)) {
      context.note('pending', found[0]!.key, `${found.length} objects of a commit whose segment waits in the journal`);
      continue;
    }
    const record = await readRecord(context, commitId);
    if (record) gaps.push(...(await checkCommit(context, record, commitKey(commitId), keys)));
    else await checkOrphans(context, commitId, found);
  }
  return gaps;
}

/** What was deleted after the receipts were read has one now. */
async function explainGaps(context: CheckContext, gaps: readonly Gap[]): Promise<void> {
  if (gaps.length === 0) return;
  const missing = new Map(gaps.map((gap) => [gap.object.key, gap]));
  for await (const receipt of receipts(context, false)) {
    for (const { key } of receipt.objects) {
      const gap = missing.get(key);
      if (gap) context.ledger.addRows(gap.object.table, 'deleted', gap.object.rows);
      missing.delete(key);
    }
  }
  for (const [key, { commitId, object }] of missing) {
    context.problem('gap', key, `is not there: ${object.rows} rows of commit ${commitId}, and no receipt names it`);
  }
}

async function* receipts(context: CheckContext, isFirst: boolean): AsyncGenerator<DeletionReceipt> {
  const { store, hooks } = context;
  for await (const { key } of store.list(DELETIONS_PREFIX, { signal: hooks.signal })) {
    if (idOfRecordKey(key, DELETIONS_PREFIX) === undefined) continue;
    const body = await store.get(key, { signal: hooks.signal });
    try {
      yield decodeReceipt(body, key);
    } catch (thrown) {
      const error = BridgeError.from(thrown);
      if (error.code !== 'corrupt') throw error;
      if (isFirst) context.problem('record', key, error.message);
    }
  }
}
