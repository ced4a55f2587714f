import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import type { CommitRecord } from '../../src/model/commit.ts';
import { tempFolder } from '../support/temp.ts';
import { createJudge, type Verdict } from './judge.ts';
import type { LakeFile } from './lake-reader.ts';
import { createLedger } from './ledger.ts';
import { expectedRow, type LakeRow, rowId, sendId } from './sent-rows.ts';

const KEY = { sender: 's0', request: 1, attempt: 0, rows: 3, padBytes: 10 };
const SEND = sendId(KEY);
const whole = [0, 1, 2].map((index) => expectedRow('logs', rowId(SEND, index)));

/** The verdict on a lake with one object of these rows, whose record says the same. */
async function judge(t: TestContext, rows: readonly LakeRow[], outcome: 'acknowledged' | 'unknown' | 'refused') {
  const ledger = createLedger(join(tempFolder(t), 'ledger.txt'));
  t.after(() => ledger.close());
  ledger.begin('logs', KEY, 0);
  ledger.end(SEND, outcome);
  const file: LakeFile = { key: 'logs/a.parquet', table: 'logs', bytes: 10, rows };
  const counts = { received: rows.length, written: rows.length, rejected: 0 };
  const record = {
    commitId: 'a',
    objects: [{ key: file.key, table: 'logs', rows: rows.length, bytes: 10 }],
    rows: { logs: counts },
  } as unknown as CommitRecord;
  return createJudge(async (_known, visitor) => {
    visitor.record(record);
    visitor.file(file);
    visitor.objects([file.key]);
  }, ledger).finish();
}

function found({ findings }: Verdict): string[] {
  return Object.entries(findings).flatMap(([kind, times]) => (times > 0 ? [`${times} ${kind}`] : []));
}

test('rows that are there once and as they were sent are no finding', async (t) => {
  assert.deepEqual(found(await judge(t, whole, 'acknowledged')), []);
  assert.deepEqual(found(await judge(t, whole, 'unknown')), []);
  assert.deepEqual(found(await judge(t, [], 'unknown')), []);
});

test('lost, partial, doubled, mangled and foreign rows are found', async (t) => {
  assert.deepEqual(found(await judge(t, [], 'acknowledged')), ['1 lost']);
  assert.deepEqual(found(await judge(t, whole.slice(1), 'acknowledged')), ['1 partial']);
  assert.deepEqual(found(await judge(t, whole.slice(1), 'unknown')), ['1 partial']);
  assert.deepEqual(found(await judge(t, [...whole, whole[0]!], 'unknown')), ['1 doubled']);
  assert.deepEqual(found(await judge(t, [...whole.slice(1), { ...whole[0]!, value: 'x' }], 'acknowledged')), [
    '1 mangled',
  ]);
  assert.deepEqual(found(await judge(t, whole, 'refused')), ['3 stranger']);
  const other = expectedRow('logs', rowId(sendId({ ...KEY, request: 2 }), 0));
  assert.deepEqual(found(await judge(t, [...whole, other], 'acknowledged')), ['1 stranger']);
});
