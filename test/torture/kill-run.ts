/**
 * Kills a bridge again and again while senders go on, and judges the lake: now and then, and in the end from nothing.
 * The run is in `folder`, which holds the journal, the ledger and, in a file lake, the lake.
 */
import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { segmentsFolder } from '../../src/journal/journal.ts';
import { Random } from '../fuzz/random.ts';
import { type launchBridge, MAIN } from '../support/daemon.ts';
import { createJudge, type Verdict } from './judge.ts';
import type { ReadLake } from './lake-reader.ts';
import type { TortureLake } from './lakes.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { startSenders } from './senders.ts';
import { stopAll, untilReady, withBridges } from './wait.ts';

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
  /** No further cycle is begun after this time. */
  readonly maxRunMs: number;
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

type Launch = typeof launchBridge;

/** Commits come often, and every part of the write path has more than one of a kind. */
const TOML = `[flush]
max_age_seconds = 1
max_rows = 300
[operations]
lanes = 2
encoders = 2
`;

/** A moment that does not come within this time is not waited for. */
const MAX_WAIT_MS = 6000;

export function runKill(options: KillOptions): Promise<KillReport> {
  return withBridges((launch) => kill(options, launch));
}

interface Life {
  readonly process: ChildProcess;
  readonly died: string;
}

async function kill(options: KillOptions, launchBridge: Launch): Promise<KillReport> {
  const { folder, lake, readLake, log } = options;
  const ledger = createLedger(join(folder, 'ledger.txt'));
  const judge = createJudge(readLake, ledger);
  const senders = startSenders({
    senders: options.senders,
    seed: options.seed,
    ledger,
    bulkOneIn: lake.hasParts ? 12 : undefined,
    maxPauseMs: 60,
    answerMs: 20_000,
  });
  const kills: Record<string, number> = {};
  const restartMs: number[] = [];
  const problems: string[] = [];

  const endMs = performance.now() + options.maxRunMs;
  let cycles = 0;
  while (cycles < options.cycles && performance.now() < endMs) {
    const cycle = ++cycles;
    const random = new Random(options.seed, cycle);
    const isCheck = cycle % options.checkEvery === 0;
    const { process, died } = isCheck ? await lifeToCheck() : await lifeTo(chooseMoment(random, lake), random);
    senders.aim(undefined);
    const gone = once(process, 'close');
    process.kill('SIGKILL');
    await gone;
    kills[died] = (kills[died] ?? 0) + 1;
    if (isCheck) log(progress(cycle));
  }
  const verdict = await end();
  const slow = restartMs.filter((ms) => ms > options.maxRestartMs).length;
  if (slow > 0) problems.push(`${slow} restarts took longer than ${options.maxRestartMs} ms`);
  ledger.close();
  return {
    cycles,
    kills,
    restartMs: restartMs.sort((a, b) => a - b),
    ...counts(ledger),
    verdict,
    problems: [...problems, ...senders.problems, ...judge.verdict.examples],
  };

  /** With compiled code kept: hundreds of starts would else spend most of their time on the compiler. */
  function launch() {
    const startMs = performance.now();
    const env = { NODE_COMPILE_CACHE: join(folder, 'compiled') };
    const { process, listening } = launchBridge(folder, TOML + lake.toml, { env });
    process.stderr!.on('data', (text) => appendFileSync(join(folder, 'bridge.txt'), text));
    const ready = listening.then(async (bridge) => {
      await untilReady(bridge);
      restartMs.push(performance.now() - startMs);
      senders.aim(bridge);
      return bridge;
    });
    ready.catch(() => {}); // it is killed before that
    return { process, ready };
  }

  /** A bridge at the moment it shall die; `died` names it, or says that the moment did not come. */
  async function lifeTo(moment: string, random: Random): Promise<Life> {
    if (moment === 'start') {
      const { process } = launch();
      await sleep(random.below((restartMs.at(-1) ?? 1000) * 1.1));
      return { process, died: moment };
    }
    // A third of the moments are awaited from the start on: most of those are part of a replay.
    const isEarly = random.oneIn(3);
    const delayMs = random.oneIn(2) ? random.below(8) : 0; // so that no step is hit at one place only
    const nth = 1 + random.below(3);
    const early = isEarly ? comingMoment(moment, nth) : undefined;
    const { process, ready } = launch();
    const up = ready.then(() => (moment === 'random' ? sleep(random.below(options.maxUpMs)) : sleep(MAX_WAIT_MS)));
    if (!early) await ready;
    const coming = early ?? comingMoment(moment, nth);
    const isHit = await Promise.race([coming.promise, up.then(() => moment === 'random')]);
    coming.cancel();
    if (delayMs > 0) await sleep(delayMs);
    return { process, died: isHit ? moment : `${moment} not reached` };
  }

  function comingMoment(moment: string, nth: number) {
    const { promise, resolve } = Promise.withResolvers<true>();
    return { promise, cancel: lake.moments.at(moment, nth, () => resolve(true)) };
  }

  async function lifeToCheck(): Promise<Life> {
    const { process, ready } = launch();
    const bridge = await ready;
    const acknowledged = ledger.acknowledged();
    await bridge.flush();
    senders.aim(undefined); // what comes meanwhile would have to be read by the next look, and makes that longer
    await judge.check(acknowledged);
    return { process, died: 'check' };
  }

  function progress(cycle: number): string {
    const { findings, commitIds, objects, rows } = judge.verdict;
    const found = Object.values(findings).reduce((sum, times) => sum + times, 0);
    const last = Math.round(restartMs.at(-1) ?? 0);
    return `cycle ${cycle}: ${ledger.count('acknowledged')} requests acknowledged, ${commitIds.length} commits, ${objects} objects, ${rows} rows, restart ${last} ms; ${found} findings`;
  }

  /** Once more a bridge, which is left alone and stopped as people stop it. */
  async function end(): Promise<Verdict> {
    const { process, ready } = launch();
    const code = await stopAll(process, await ready, senders);
    if (code !== 0) problems.push(`stopped by SIGTERM the bridge ended with ${code}`);
    const segments = readdirSync(segmentsFolder(join(folder, 'journal')));
    if (segments.length > 0) problems.push(`segments are left: ${segments.join(' ')}`);
    const quarantined = readdirSync(join(folder, 'journal/quarantine'));
    if (quarantined.length > 0) log(`in quarantine: ${quarantined.join(' ')}`);
    const checked = await checkLake(join(folder, 'test.toml'));
    if (checked) problems.push(`lake check found: ${checked}`);
    const uploads = await lake.openUploads();
    if (uploads.length > 0) problems.push(`${uploads.length} uploads are left open, such as ${uploads[0]}`);
    return createJudge(readLake, ledger).finish();
  }
}

/** `start`: before it listens; `random`: some time after; the others as the lake tells them. */
function chooseMoment(random: Random, lake: TortureLake): string {
  const at = random.below(10);
  if (at < 2) return 'random';
  return at === 2 ? 'start' : random.pick(lake.moments.names);
}

/** What the command of the same name finds wrong; undefined where everything adds up. */
function checkLake(configFile: string): Promise<string | undefined> {
  const command = [MAIN, 'lake', 'check', '--json', '--min-age', '0', '--config', configFile];
  return promisify(execFile)(process.execPath, command).then(
    () => undefined,
    ({ message, stdout = '' }: Error & { stdout?: string }) => `${stdout.slice(-2000)} ${message.slice(-2000)}`,
  );
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
    `lake: ${verdict.commitIds.length} commits, ${verdict.objects} objects, ${verdict.rows} rows written, ${verdict.rejected} rejected`,
    `restart: median ${at(0.5)} ms, 99 of 100 ${at(0.99)} ms, longest ${at(1)} ms`,
    `found: ${found.join(', ')}; ${problems.length} other problems`,
  ].join('\n');
}
