import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tempFolder } from '../support/temp.ts';
import { describeFault } from './disk-daemon.ts';
import { runFullJournal } from './disk-full.ts';
import { runSeeds } from './disk-seeds.ts';

test('on simulated disks every acknowledged request survives power cuts, kills and failing calls, once and whole', async () => {
  const { figures, problems } = await runSeeds({ first: 1, count: 60, workers: 1, onProgress() {} });
  assert.deepEqual(problems, []);
  assert.ok(figures.powerCuts > 10 && figures.failedCalls > 10 && figures.acknowledged > 100);
});

for (const forgets of ['sync', 'folder'] as const) {
  test(`the simulation finds a bridge whose calls of the kind "${forgets}" do nothing`, async () => {
    const { problems } = await runSeeds({ first: 1, count: 25, workers: 1, forgets, onProgress() {} });
    assert.notDeepEqual(problems, []);
  });
}

test('a journal at its max_bytes refuses for now, and takes again once the lake is back', async (t) => {
  const report = await runFullJournal(tempFolder(t), 7);
  assert.deepEqual(report.problems, [], describeFault('a full journal', report));
  assert.ok(report.refused > 0);
});
