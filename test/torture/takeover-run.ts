/** Two bridges that meet: on one journal, where one must give way, and on one lake, where neither must notice the other. */
import { once } from 'node:events';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { launchBridge } from '../support/daemon.ts';
import { createJudge, type Verdict } from './judge.ts';
import type { ReadLake } from './lake-reader.ts';
import type { TortureLake } from './lakes.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { startSenders } from './senders.ts';
import { stopAll, until, untilAcknowledged, untilReady, withBridges, withTimeout } from './wait.ts';

export interface MeetOptions {
  readonly folder: string;
  readonly lake: TortureLake;
  readonly readLake: ReadLake;
  readonly seed: number;
}

export interface TakeOverReport {
  readonly verdict: Verdict;
  /** Requests acknowledged by the first bridge after it had lost its journal. */
  readonly acknowledgedLate: number;
  /** How the first bridge ended, and what it said. */
  readonly exitCode: number | null;
  readonly said: string;
}

type Launch = typeof launchBridge;

const TOML = `[flush]
max_age_seconds = 1
max_rows = 200
`;
const END_TIMEOUT_MS = 30_000;

/**
 * A bridge is paused in full work. Its lock is removed, as by an operator who takes it for dead, or because its process
 * cannot be seen from another container; a second bridge takes the journal over and works on. Then the first goes on,
 * with requests still in its sockets.
 */
export function runTakeOver(options: MeetOptions): Promise<TakeOverReport> {
  return withBridges((launch) => takeOver(options, launch));
}

async function takeOver({ folder, lake, readLake, seed }: MeetOptions, launch: Launch): Promise<TakeOverReport> {
  const ledger = createLedger(join(folder, 'ledger.txt'));
  const first = launch(folder, TOML + lake.toml);
  let said = '';
  first.process.stderr!.on('data', (text) => (said += text));
  const ended = once(first.process, 'close');
  const bridge = await first.listening;
  const old = startSenders({ ...sendersOf(ledger, seed), name: 'old' });
  old.aim(bridge);
  await untilAcknowledged(ledger, 100);
  first.process.kill('SIGSTOP');
  // Some of these tries are in the sockets of the paused bridge, and are not answered.
  await until('requests wait in vain', () => ledger.count('unknown') > 0);
  rmSync(join(folder, 'journal/lock'));

  const second = launch(folder, TOML + lake.toml);
  const next = await second.listening;
  await untilReady(next);
  const senders = startSenders({ ...sendersOf(ledger, seed + 1), name: 'new' });
  senders.aim(next);
  await untilAcknowledged(ledger, 100);
  const acknowledged = acknowledgedBy(ledger, 'old');
  first.process.kill('SIGCONT');
  const [exitCode] = await withTimeout(ended, END_TIMEOUT_MS, 'the first bridge went on');
  const acknowledgedLate = acknowledgedBy(ledger, 'old') - acknowledged;
  old.aim(next);
  await old.stop();
  await stopAll(second.process, next, senders);
  ledger.close();
  return { verdict: await createJudge(readLake, ledger).finish(), acknowledgedLate, exitCode, said };
}

export interface NeighboursReport {
  readonly verdict: Verdict;
  /** Failures the bridge that was left alone counted. */
  readonly failedCommits: number;
  readonly uploadsLeft: readonly string[];
}

/** Two bridges with a journal each write one lake; one is killed and started again while the other is at work. */
export function runNeighbours(options: MeetOptions, kills: readonly string[]): Promise<NeighboursReport> {
  return withBridges((launch) => neighbours(options, kills, launch));
}

async function neighbours(
  { folder, lake, readLake, seed }: MeetOptions,
  kills: readonly string[],
  launch: Launch,
): Promise<NeighboursReport> {
  const ledger = createLedger(join(folder, 'ledger.txt'));
  const [homeA, homeB] = [join(folder, 'a'), join(folder, 'b')];
  for (const home of [homeA, homeB]) mkdirSync(home);
  const quiet = launch(homeB, TOML + lake.toml);
  const quietBridge = await quiet.listening;
  const bulkOneIn = lake.hasParts ? 4 : undefined;
  const quietSenders = startSenders({ ...sendersOf(ledger, seed), name: 'b', bulkOneIn });
  quietSenders.aim(quietBridge);
  const senders = startSenders({ ...sendersOf(ledger, seed + 1), name: 'a', bulkOneIn });
  let killed = launch(homeA, TOML + lake.toml);
  for (const moment of kills) {
    senders.aim(await killed.listening);
    const { promise, resolve } = Promise.withResolvers<void>();
    lake.moments.at(moment, 3, resolve);
    await withTimeout(promise, END_TIMEOUT_MS, `no ${moment}`);
    const gone = once(killed.process, 'close');
    killed.process.kill('SIGKILL');
    senders.aim(undefined);
    await gone;
    killed = launch(homeA, TOML + lake.toml);
  }
  const bridge = await killed.listening;
  senders.aim(bridge);
  const metrics = await (await fetch(`${quietBridge.api}/metrics`)).text();
  await stopAll(killed.process, bridge, senders);
  await stopAll(quiet.process, quietBridge, quietSenders);
  ledger.close();
  const uploadsLeft = await lake.openUploads();
  const failures = metrics.matchAll(/^otel_lake_commit_failures_total\S* (\d+)$/gm);
  const failedCommits = [...failures].reduce((sum, [, times]) => sum + Number(times), 0);
  return { verdict: await createJudge(readLake, ledger).finish(), failedCommits, uploadsLeft };
}

function sendersOf(ledger: Ledger, seed: number) {
  return { senders: 4, seed, ledger, bulkOneIn: undefined, maxPauseMs: 30, answerMs: 1500 };
}

function acknowledgedBy(ledger: Ledger, name: string): number {
  return ledger.acknowledged().filter((send) => send.startsWith(name)).length;
}
