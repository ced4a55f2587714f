import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder } from '../support/temp.ts';
import { describeReport, isKept, runKill } from './kill-run.ts';
import { readWithHyparquet } from './lake-reader.ts';
import { openTortureLake } from './lakes.ts';

test('requests acknowledged between kills are in a file lake once and whole, any others once or not at all', async (t) => {
  const folder = tempFolder(t);
  const lake = await openTortureLake('file', folder);
  t.after(() => lake.close());
  const report = await runKill({
    folder,
    lake,
    readLake: readWithHyparquet(`${folder}/lake`),
    cycles: 5,
    senders: 8,
    seed: 5,
    checkEvery: 3,
    maxUpMs: 800,
    maxRestartMs: 60_000, // the long form times restarts; here other tests run beside this one
    maxRunMs: Number.POSITIVE_INFINITY,
    log: () => {},
  });
  assert.ok(report.acknowledged > 50, describeReport(report));
  assert.ok(isKept(report), describeReport(report));
});
