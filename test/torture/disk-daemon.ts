/**
 * A real daemon under senders while its disk is made to fail: what it must go on doing meanwhile, and the verdict on its
 * lake afterwards.
 */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { launchBridge, type TestBridge } from '../support/daemon.ts';
import { createJudge } from './judge.ts';
import { readWithHyparquet } from './lake-reader.ts';
import { createLedger } from './ledger.ts';
import { startSenders } from './senders.ts';
import { until, untilReady } from './wait.ts';

export interface FaultOptions {
  /** For the configuration, the ledger and what the bridge says; holds the lake where `toml` names no other. */
  readonly folder: string;
  readonly lakePath: string;
  readonly toml: string;
  readonly seed: number;
  /** Breaks the disk and mends it again. */
  readonly fault: (machine: Machine) => Promise<void>;
}

export interface Machine {
  readonly bridge: TestBridge;
  readonly process: ChildProcess;
  /** Waits until so many requests more were acknowledged, or refused. */
  more(outcome: 'acknowledged' | 'refused', count: number): Promise<void>;
  /** Senders are told to try again: reads, admin, health and metrics answer, and `/readyz` says why it is not ready. */
  checkAlive(reason: RegExp): Promise<void>;
  untilReady(): Promise<void>;
  /** Kills the bridge and starts it again. */
  restart(): Promise<void>;
}

export interface FaultReport {
  readonly acknowledged: number;
  readonly refused: number;
  readonly unknown: number;
  readonly rows: number;
  readonly problems: readonly string[];
}

const SENDERS = 4;
/** Alive, not fast: other work may have the processors. */
const MAX_ANSWER_MS = 10_000;

export async function runFault({ folder, lakePath, toml, seed, fault }: FaultOptions): Promise<FaultReport> {
  const ledger = createLedger(join(folder, 'ledger.txt'));
  const problems: string[] = [];
  let bridge: TestBridge;
  let process: ChildProcess;
  const senders = startSenders({
    senders: SENDERS,
    seed,
    ledger,
    bulkOneIn: undefined,
    maxPauseMs: 10,
    answerMs: 20_000,
  });

  async function start(): Promise<void> {
    const launched = launchBridge(folder, toml);
    launched.process.stderr!.on('data', (text) => appendFileSync(join(folder, 'bridge.txt'), text));
    process = launched.process;
    bridge = await launched.listening;
    senders.aim(bridge);
  }

  async function end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const gone = once(process, 'close');
    process.kill(signal);
    await gone;
  }

  const machine: Machine = {
    get bridge() {
      return bridge;
    },
    get process() {
      return process;
    },
    async more(outcome, count) {
      const wanted = ledger.count(outcome) + count;
      await until(`${count} requests more ${outcome}`, () => ledger.count(outcome) >= wanted);
    },
    async checkAlive(reason) {
      for (const path of ['/healthz', '/metrics', '/api/v1/tables/logs/rows?limit=3', '/admin/v1/partitions']) {
        const started = performance.now();
        const response = await fetch(bridge.api + path);
        await response.arrayBuffer();
        const ms = performance.now() - started;
        if (response.status !== 200) problems.push(`${path} answered ${response.status} while the disk failed`);
        if (ms > MAX_ANSWER_MS) problems.push(`${path} took ${Math.round(ms)} ms while the disk failed`);
      }
      await until(`/readyz saying ${reason}`, async () => {
        const response = await fetch(`${bridge.api}/readyz`);
        return reason.test(await response.text()) && response.status === 503;
      });
    },
    untilReady: () => untilReady(bridge),
    async restart() {
      senders.aim(undefined);
      await end('SIGKILL');
      await start();
    },
  };

  try {
    await start();
    await machine.more('acknowledged', 50);
    await fault(machine);
    await machine.more('acknowledged', 50);
    await machine.untilReady();
    await senders.stop();
    await bridge!.flush();
    await end('SIGTERM');
  } finally {
    process!.kill('SIGKILL');
    senders.aim(undefined);
  }
  const verdict = await createJudge(readWithHyparquet(lakePath), ledger).finish();
  ledger.close();
  return {
    acknowledged: ledger.count('acknowledged'),
    refused: ledger.count('refused'),
    unknown: ledger.count('unknown'),
    rows: verdict.rows,
    problems: [...problems, ...senders.problems, ...verdict.examples],
  };
}

export function describeFault(name: string, { acknowledged, refused, unknown, rows, problems }: FaultReport): string {
  const counts = `${acknowledged} requests acknowledged, ${refused} refused, ${unknown} unknown, ${rows} rows in the lake`;
  return [`${name}: ${counts}, ${problems.length} problems`, ...problems.map((text) => `BROKEN ${text}`)].join('\n');
}
