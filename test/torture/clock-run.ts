/** Bridges whose clock is set a day back and forth, while they work and while they are down. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { launchBridge, TestBridge } from '../support/daemon.ts';
import { createJudge, type Verdict } from './judge.ts';
import { createLedger } from './ledger.ts';
import { startSenders } from './senders.ts';
import type { MeetOptions } from './takeover-run.ts';
import { stopAll, untilAcknowledged, untilReady, withBridges, withTimeout } from './wait.ts';

export const DAY_MS = 86_400_000;
const TOML = '[flush]\nmax_age_seconds = 1\n';
const COMMIT_TIMEOUT_MS = 30_000;

export interface ClockReport {
  readonly verdict: Verdict;
  readonly uploadsLeft: readonly string[];
}

/** The bridge is killed, and its journal replayed, at a time a day before and after that of its commits. */
export const CLOCK_STEPS: readonly ClockStep[] = [
  { startMs: 0, thenMs: DAY_MS },
  { startMs: -DAY_MS, thenMs: 0 },
  { startMs: DAY_MS, thenMs: -DAY_MS },
  { startMs: 0, thenMs: 0 },
];

export interface ClockStep {
  /** Where the clock stands when the bridge starts, in milliseconds off the true time. */
  readonly startMs: number;
  /** Where it is set to while requests come in. */
  readonly thenMs: number;
}

/** Each step is a life of the bridge, ended with SIGKILL in the middle of a commit; the last one is stopped. */
export function runClock(options: MeetOptions, steps: readonly ClockStep[]): Promise<ClockReport> {
  return withBridges((launch) => setClock(options, steps, launch));
}

async function setClock(
  { folder, lake, readLake, seed }: MeetOptions,
  steps: readonly ClockStep[],
  launch: typeof launchBridge,
): Promise<ClockReport> {
  const clock = createSkewedClock(join(folder, 'clock'));
  const ledger = createLedger(join(folder, 'ledger.txt'));
  const settings = { senders: 4, seed, ledger, bulkOneIn: undefined, maxPauseMs: 30, answerMs: 20_000 };
  const senders = startSenders(settings);
  let last: { readonly process: ChildProcess; readonly bridge: TestBridge } | undefined;
  for (const { startMs, thenMs } of steps) {
    await kill(last?.process);
    clock.set(startMs);
    const { process, listening } = launch(folder, TOML + lake.toml, { env: clock.env });
    const bridge = await listening;
    await untilReady(bridge);
    senders.aim(bridge);
    last = { process, bridge };
    await untilAcknowledged(ledger, 40);
    clock.set(thenMs);
    await untilAcknowledged(ledger, 40);
    // The age of rows is measured by the clock that only goes forward: commits go on.
    const { promise, resolve } = Promise.withResolvers<void>();
    lake.moments.at('record', 2, resolve);
    await withTimeout(promise, COMMIT_TIMEOUT_MS, `no commit after the clock was set to ${thenMs}`);
  }
  await stopAll(last!.process, last!.bridge, senders);
  ledger.close();
  return { verdict: await createJudge(readLake, ledger).finish(), uploadsLeft: await lake.openUploads() };

  async function kill(process: ChildProcess | undefined): Promise<void> {
    if (!process) return;
    senders.aim(undefined);
    const gone = once(process, 'close');
    process.kill('SIGKILL');
    await gone;
  }
}

/** Commit ids by the lane that made them, each lane's in the order it made them. */
export function idsOfLanes(commitIds: readonly string[]): string[][] {
  const lanes = Map.groupBy(commitIds, (id) => id.split('-')[1]!);
  const sequence = (id: string) => Number.parseInt(id.split('-')[2]!, 16);
  return [...lanes.values()].map((ids) => ids.sort((a, b) => sequence(a) - sequence(b)));
}

export function createSkewedClock(file: string) {
  const preload = fileURLToPath(new URL('skewed-clock.ts', import.meta.url));
  return {
    env: { NODE_OPTIONS: `--import=${preload}`, OTEL_LAKE_TEST_CLOCK: file },
    set(offsetMs: number) {
      writeFileSync(`${file}.next`, String(offsetMs));
      renameSync(`${file}.next`, file); // a reader sees the old number or the new one
    },
  };
}
