/**
 * Kills a bridge again and again while senders go on, and judges the lake: now and then, and in the end from nothing.
 * The run is in `folder`, which holds the journal, the ledger and, in a file lake, the lake.
 */
import { once } from 'node:events';
import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { segmentsFolder } from '../../src/journal/journal.ts';
import { Random } from '../fuzz/random.ts';
import { launchBridge, type TestBridge } from '../support/daemon.ts';
import { createJudge, type Verdict } from './judge.ts';
import type { ReadLake } from './lake-reader.ts';
import type { TortureLake } from './lakes.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { startSenders } from './senders.ts';
import { untilReady, withTimeout } from './wait.ts';

export interface KillOptions {
  readonly folder: string;
  readonly lake: TortureLake;
  readonly readLake: ReadLake;
  readonly cycles: number;
  readonly senders: number;
  readonly seed: number;
  /** The lake is judged after so many cycles. */
  readonly checkEvery: number;
  /** Longest life of a bridge. */
  readonly maxUpMs: number;
  readonly maxRestartMs: number;
  readonly log: (line: string) => void;
}

export interface KillReport {
  readonly cycles: number;
  /** How many kills came at which moment. */
  readonly kills: Readonly<Record<string, number>>;
  /** From the start of the process to the first 200 of `/readyz`, sorted. */
  readonly restartMs: readonly number[];
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  readonly verdict: Verdict;
  /** Broken promises beside those of the verdict. */
  readonly problems: readonly string[];
}

/** Commits come often, and every part of the write path has more than one of a kind. */
const TOML = `[flush]
max_age_seconds = 1
max_rows = 400
[operations]
lanes = 2
encoders = 2
`;

/** A moment that does not come within this time is not waited for. */
const MAX_WAIT_MS = 2500;
const STOP_TIMEOUT_MS = 60_000;

export async function runKill(options: KillOptions): Promise<KillReport> {
  const { folder, lake, readLake, log } = options;
  const ledger = createLedger(join(folder, 'ledger.txt'));
  const judge = createJudge(readLake, ledger);
  const senders = startSenders({
    senders: options.senders,
    seed: options.seed,
    ledger,
    bulkOneIn: lake.hasParts ? 12 : undefined,
    maxPauseMs: 30,
    answerMs: 20_000,
  });
  const kills: Record<string, number> = {};
  const restartMs: number[] = [];
  const problems: string[] = [];

  for (let cycle = 1; cycle <= options.cycles; cycle++) {
    const random = new Random(options.seed, cycle);
    const isCheck = cycle % options.checkEvery === 0;
    const moment = isCheck ? 'check' : chooseMoment(random, lake);
    const started = performance.now();
    const { process, listening } = launch();
    if (moment === 'start') {
      await sleep(random.below((restartMs.at(-1) ?? 1000) * 1.1));
    } else {
      const bridge = await listening;
      await untilReady(bridge);
      restartMs.push(performance.now() - started);
      senders.aim(bridge);
      if (isCheck) await checkLake(bridge);
      await momentToKill(moment, random);
    }
    senders.aim(undefined);
    const gone = once(process, 'close');
    process.kill('SIGKILL');
    await gone;
    kills[moment] = (kills[moment] ?? 0) + 1;
    if (isCheck) log(progress(cycle));
  }
  const verdict = await end();
  const slow = restartMs.filter((ms) => ms > options.maxRestartMs).length;
  if (slow > 0) problems.push(`${slow} restarts took longer than ${options.maxRestartMs} ms`);
  ledger.close();
  return {
    cycles: options.cycles,
    kills,
    restartMs: restartMs.sort((a, b) => a - b),
    ...counts(ledger),
    verdict,
    problems: [...problems, ...senders.problems, ...judge.verdict.examples],
  };

  /** With compiled code kept: hundreds of starts would else spend most of their time on the compiler. */
  function launch() {
    const started = launchBridge(folder, TOML + lake.toml, { env: { NODE_COMPILE_CACHE: join(folder, 'compiled') } });
    started.process.stderr!.on('data', (text) => appendFileSync(join(folder, 'bridge.txt'), text));
    return started;
  }

  /** Resolves at the moment; a few milliseconds are added half of the times, so that no step is hit at one place only. */
  async function momentToKill(moment: string, random: Random): Promise<void> {
    if (moment === 'random') return void (await sleep(random.below(options.maxUpMs)));
    if (moment === 'replay') return void (await sleep(random.below(60)));
    if (moment === 'check') return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const delayMs = random.oneIn(2) ? random.below(8) : 0;
    const cancel = lake.moments.at(moment, 1 + random.below(6), resolve);
    await Promise.race([promise, sleep(MAX_WAIT_MS)]);
    cancel();
    if (delayMs > 0) await sleep(delayMs);
  }

  async function checkLake(bridge: TestBridge): Promise<void> {
    const acknowledged = ledger.acknowledged();
    await bridge.flush();
    await judge.check(acknowledged);
  }

  function progress(cycle: number): string {
    const { findings, commits, objects, rows } = judge.verdict;
    const found = Object.values(findings).reduce((sum, times) => sum + times, 0);
    const last = Math.round(restartMs.at(-1) ?? 0);
    return `cycle ${cycle}: ${ledger.count('acknowledged')} requests acknowledged, ${commits} commits, ${objects} objects, ${rows} rows, restart ${last} ms; ${found} findings`;
  }

  /** Once more a bridge, which is left alone and stopped as people stop it. */
  async function end(): Promise<Verdict> {
    const { process, listening } = launch();
    try {
      const bridge = await listening;
      await untilReady(bridge);
      senders.aim(bridge);
      await withTimeout(senders.stop(), STOP_TIMEOUT_MS, 'the senders did not come to an end');
      await bridge.flush();
      const exit = once(process, 'exit');
      process.kill('SIGTERM');
      const [code] = await withTimeout(exit, STOP_TIMEOUT_MS, 'the bridge did not stop');
      if (code !== 0) problems.push(`stopped by SIGTERM the bridge ended with ${code}`);
    } finally {
      process.kill('SIGKILL');
    }
    const segments = readdirSync(segmentsFolder(join(folder, 'journal')));
    if (segments.length > 0) problems.push(`segments are left: ${segments.join(' ')}`);
    const quarantined = readdirSync(join(folder, 'journal/quarantine'));
    if (quarantined.length > 0) log(`in quarantine: ${quarantined.join(' ')}`);
    const uploads = await lake.openUploads();
    if (uploads.length > 0) problems.push(`${uploads.length} uploads are left open, such as ${uploads[0]}`);
    return createJudge(readLake, ledger).finish();
  }
}

/** `start`: before it listens; `replay`: just after that; the others as the lake tells them. */
function chooseMoment(random: Random, lake: TortureLake): string {
  const at = random.below(10);
  if (at < 2) return 'random';
  if (at === 2) return 'start';
  return at === 3 ? 'replay' : random.pick(lake.moments.names);
}

function counts(ledger: Ledger) {
  const [acknowledged, refused, unknown] = (['acknowledged', 'refused', 'unknown'] as const).map(ledger.count);
  return { acknowledged: acknowledged!, refused: refused!, unknown: unknown! };
}

/** Whether every promise was kept. */
export function isKept({ verdict, problems }: KillReport): boolean {
  return problems.length === 0 && Object.values(verdict.findings).every((times) => times === 0);
}

export function describeReport({
  cycles,
  kills,
  restartMs,
  acknowledged,
  refused,
  unknown,
  verdict,
  problems,
}: KillReport): string {
  const at = (share: number) => Math.round(restartMs[Math.floor(share * (restartMs.length - 1))] ?? 0);
  const moments = Object.entries(kills).map(([name, times]) => `${name} ${times}`);
  const found = Object.entries(verdict.findings).map(([kind, times]) => `${times} ${kind}`);
  return [
    ...verdict.examples,
    ...problems,
    `${cycles} kills: ${moments.sort().join(', ')}`,
    `requests: ${acknowledged} acknowledged, ${refused} refused, ${unknown} unknown, of which ${verdict.unknownStored} are stored`,
    `lake: ${verdict.commits} commits, ${verdict.objects} objects, ${verdict.rows} rows written, ${verdict.rejected} rejected`,
    `restart: median ${at(0.5)} ms, 99 of 100 ${at(0.99)} ms, longest ${at(1)} ms`,
    `found: ${found.join(', ')}; ${problems.length} other problems`,
  ].join('\n');
}
