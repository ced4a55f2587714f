/** What is in the lake besides the commits: objects of other writers, and names and uploads that belong to nothing. */
import { COMMITS_PREFIX, DELETIONS_PREFIX, idOfRecordKey, partitionOfKey, tablePrefix } from '../catalog/keys.ts';
import { COMMIT_ID, commitIdOfKey } from '../model/commit.ts';
import { SIGNAL_LIST, type TableName } from '../model/signal.ts';
import { ahead } from '../read/ahead.ts';
import type { ObjectInfo } from '../store/store.ts';
import type { CheckContext } from './context.ts';
import { segmentIds } from './journal.ts';
import { QUARANTINE_PREFIX } from './repair.ts';

export async function checkOthers(context: CheckContext, atOnce: number): Promise<void> {
  for (const { name } of SIGNAL_LIST) await checkForeign(context, name, atOnce);
  await checkBookkeeping(context);
  await checkUploads(context);
}

/** They are part of the table, and in no ledger; reads stumble over damaged ones. */
async function checkForeign(context: CheckContext, table: TableName, atOnce: number): Promise<void> {
  let objects = 0;
  let rows = 0;
  const bounds = { count: atOnce, maxWeight: Number.POSITIVE_INFINITY, weight: () => 1 };
  for await (const examined of ahead(foreignObjects(context, table), bounds, context.examine)) {
    if (examined === 'gone') continue;
    objects++;
    rows += examined === 'damaged' ? 0 : examined.rows;
  }
  context.ledger.addRows(table, 'foreign', rows);
  if (objects > 0) context.note('foreign', tablePrefix(table), `${objects} objects of other writers with ${rows} rows`);
}

async function* foreignObjects(context: CheckContext, table: TableName): AsyncGenerator<ObjectInfo> {
  const { store, hooks } = context;
  for await (const info of store.list(tablePrefix(table), { signal: hooks.signal })) {
    if (partitionOfKey(table, info.key) === undefined) {
      context.note('stray', info.key, 'is no Parquet file by its name: reads and engines skip it');
    } else if (commitIdOfKey(info.key) === undefined) yield info;
  }
}

async function checkBookkeeping(context: CheckContext): Promise<void> {
  const { store, hooks } = context;
  let setAside = 0;
  for await (const { key } of store.list('_lake/', { signal: hooks.signal })) {
    if (key.startsWith(QUARANTINE_PREFIX)) {
      if (key.endsWith('.why.txt')) setAside++;
      continue;
    }
    const isRecord = COMMIT_ID.test(idOfRecordKey(key, COMMITS_PREFIX) ?? '');
    const isReceipt = idOfRecordKey(key, DELETIONS_PREFIX) !== undefined;
    if (!isRecord && !isReceipt) context.note('stray', key, 'is no record that the bridge knows');
  }
  if (setAside > 0)
    context.note('quarantine', QUARANTINE_PREFIX, `${setAside} objects were set aside by earlier checks`);
}

/** Parts of uploads take room that listings do not show. Those of open commits and young ones are under way. */
async function checkUploads(context: CheckContext): Promise<void> {
  const own = segmentIds(context.files, context.journalPath);
  for (const { key, startedMs } of await context.store.listUploads('')) {
    if (own.has(commitIdOfKey(key) ?? '') || context.isYoung(startedMs)) continue;
    const begun = new Date(startedMs).toISOString();
    context.note('stray', key, `an upload begun ${begun} was never ended; DELETE /admin/v1/uploads aborts it`);
  }
}
