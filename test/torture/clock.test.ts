import assert from 'node:assert/strict';
import { test } from 'node:test';
import { launchBridge } from '../support/daemon.ts';
import { tempFolder } from '../support/temp.ts';
import { CLOCK_STEPS, createSkewedClock, DAY_MS, idsOfLanes, runClock } from './clock-run.ts';
import { createJudge, NO_FINDINGS } from './judge.ts';
import { readWithHyparquet } from './lake-reader.ts';
import { openTortureLake } from './lakes.ts';
import { createLedger } from './ledger.ts';
import { startSenders } from './senders.ts';
import { FIRST_MS } from './sent-rows.ts';
import { stopAll, untilAcknowledged } from './wait.ts';

test('a clock that is set a day back and forth loses and doubles nothing, and mixes up no ids', async (t) => {
  const folder = tempFolder(t);
  const lake = await openTortureLake('file', folder);
  t.after(() => lake.close());
  const clocks = { folder, lake, readLake: readWithHyparquet(`${folder}/lake`), seed: 3 };
  const { verdict, uploadsLeft } = await runClock(clocks, CLOCK_STEPS);
  assert.deepEqual(verdict.findings, NO_FINDINGS, verdict.examples.join('\n'));
  assert.deepEqual(uploadsLeft, []);
  const { commitIds } = verdict;
  assert.equal(new Set(commitIds.map((id) => id.slice(0, 'yyyymmdd'.length))).size, 3); // the clock was believed
  assert.equal(new Set(commitIds).size, commitIds.length);
  for (const ids of idsOfLanes(commitIds)) assert.deepEqual(ids, ids.toSorted());
});

test('rows are as old as they were when they came, however late they are replayed', async (t) => {
  const folder = tempFolder(t);
  const lake = await openTortureLake('file', folder);
  t.after(() => lake.close());
  const clock = createSkewedClock(`${folder}/clock`);
  // By the clock of the replay, a day ahead, they would be too old.
  const maxPastSeconds = Math.ceil((Date.now() - FIRST_MS + DAY_MS / 2) / 1000);
  const toml = `[limits]\nmax_past_seconds = ${maxPastSeconds}\n[storage]\npath = "${folder}/lake"\n`;
  const ledger = createLedger(`${folder}/ledger.txt`);
  const settings = { senders: 2, seed: 4, ledger, bulkOneIn: undefined, maxPauseMs: 5, answerMs: 20_000 };
  const senders = startSenders(settings);
  clock.set(0);
  const first = launchBridge(folder, toml, { env: clock.env });
  senders.aim(await first.listening);
  await untilAcknowledged(ledger, 60);
  first.process.kill('SIGKILL');
  senders.aim(undefined);

  clock.set(DAY_MS);
  const replaying = launchBridge(folder, toml, { env: clock.env });
  const bridge = await replaying.listening;
  await bridge.flush();
  clock.set(0);
  senders.aim(bridge);
  await stopAll(replaying.process, bridge, senders);
  ledger.close();
  const verdict = await createJudge(readWithHyparquet(`${folder}/lake`), ledger).finish();
  assert.deepEqual(verdict.findings, NO_FINDINGS, verdict.examples.join('\n'));
  assert.deepEqual(senders.problems, []);
});
