import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchBridge, spawnBridge } from '../support/daemon.ts';
import { tempFolder } from '../support/temp.ts';
import { NO_FINDINGS } from './judge.ts';
import { readWithHyparquet } from './lake-reader.ts';
import { openTortureLake } from './lakes.ts';
import { runNeighbours, runTakeOver } from './takeover-run.ts';

test('a second bridge on a journal in use ends at once, names the owner, and leaves the first at work', async (t) => {
  const folder = tempFolder(t);
  const first = await spawnBridge(folder);
  t.after(() => first.process.kill('SIGKILL'));
  await assert.rejects(launchBridge(folder).listening, ({ message }: Error) => {
    assert.match(message, new RegExp(`ended with 1: .*journal .* is in use by process ${first.process.pid}`, 's'));
    assert.match(message, /journal\.path/);
    return true;
  });
  assert.equal((await fetch(`${first.api}/readyz`)).status, 200);
});

test('a bridge that was paused through a take-over of its journal stops, acknowledges nothing, overwrites nothing', async (t) => {
  const folder = tempFolder(t);
  const lake = await openTortureLake('file', folder);
  t.after(() => lake.close());
  const report = await runTakeOver({ folder, lake, readLake: readWithHyparquet(`${folder}/lake`), seed: 1 });
  const { verdict, acknowledgedLate, exitCode, said } = report;
  assert.equal(acknowledgedLate, 0);
  assert.equal(exitCode, 1);
  assert.match(said, /the journal of .* was taken over by process \d+; this bridge ends/);
  assert.deepEqual(verdict.findings, NO_FINDINGS, verdict.examples.join('\n'));
});

test('two bridges with journals of their own write one lake, whatever becomes of one of them', async (t) => {
  const folder = tempFolder(t);
  const lake = await openTortureLake('file', folder);
  t.after(() => lake.close());
  const meet = { folder, lake, readLake: readWithHyparquet(`${folder}/lake`), seed: 2 };
  const { verdict, failedCommits, uploadsLeft } = await runNeighbours(meet, ['upload', 'publish', 'record']);
  assert.deepEqual(verdict.findings, NO_FINDINGS, verdict.examples.join('\n'));
  assert.equal(failedCommits, 0);
  assert.deepEqual(uploadsLeft, []);
});
