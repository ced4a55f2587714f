import assert from 'node:assert/strict';
import { test } from 'node:test';
import { minioBinary } from '../support/minio.ts';
import { tempFolder } from '../support/temp.ts';
import { CLOCK_STEPS, runClock } from './clock-run.ts';
import { NO_FINDINGS } from './judge.ts';
import { describeReport, isKept, runKill } from './kill-run.ts';
import { readWithPyarrow } from './lake-reader.ts';
import { openTortureLake } from './lakes.ts';
import { runNeighbours, runTakeOver } from './takeover-run.ts';

const skip = !minioBinary();

async function setUp(t: { after(clean: () => unknown): void }) {
  const folder = tempFolder(t);
  const lake = await openTortureLake('s3', folder);
  t.after(() => lake.close());
  return { folder, lake, readLake: readWithPyarrow(lake.location), seed: 11 };
}

test('requests acknowledged between kills are in a bucket once and whole, any others once or not at all', {
  skip,
}, async (t) => {
  const run = await setUp(t);
  const bounds = { maxUpMs: 800, maxRestartMs: 60_000, maxRunMs: Number.POSITIVE_INFINITY };
  const limits = { cycles: 5, senders: 8, checkEvery: 3, ...bounds, log: () => {} };
  const report = await runKill({ ...run, ...limits });
  assert.ok(report.acknowledged > 50, describeReport(report));
  assert.ok(isKept(report), describeReport(report));
});

test('a bridge paused through a take-over overwrites no object of the bucket and doubles none', { skip }, async (t) => {
  const { verdict, acknowledgedLate, exitCode } = await runTakeOver(await setUp(t));
  assert.deepEqual([acknowledgedLate, exitCode], [0, 1]);
  assert.deepEqual(verdict.findings, NO_FINDINGS, verdict.examples.join('\n'));
});

test('uploads of a bridge at work are not aborted when another one on the same bucket starts', { skip }, async (t) => {
  const moments = ['part-answered', 'complete', 'record'];
  const { verdict, failedCommits, uploadsLeft } = await runNeighbours(await setUp(t), moments);
  assert.deepEqual(verdict.findings, NO_FINDINGS, verdict.examples.join('\n'));
  assert.equal(failedCommits, 0);
  assert.deepEqual(uploadsLeft, []);
});

test('a clock a day off the server loses and doubles nothing: signatures follow the clock of the server', {
  skip,
}, async (t) => {
  const { verdict, uploadsLeft } = await runClock(await setUp(t), CLOCK_STEPS);
  assert.deepEqual(verdict.findings, NO_FINDINGS, verdict.examples.join('\n'));
  assert.deepEqual(uploadsLeft, []);
});
