/**
 * A bridge in front of an S3 server of which a share of all calls fails: it is fed until it has stored so many objects,
 * flushed while the faults go on, and the lake is judged from its Parquet files.
 */
import { once } from 'node:events';
import { appendFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { segmentsFolder } from '../../src/journal/journal.ts';
import { launchBridge, type TestBridge } from '../support/daemon.ts';
import { type FaultProxy, startFaultProxy } from '../support/fault-proxy.ts';
import { createJudge, type Verdict } from './judge.ts';
import { readWithPyarrow } from './lake-reader.ts';
import { openTortureLake } from './lakes.ts';
import { createLedger } from './ledger.ts';
import { startSenders } from './senders.ts';

export interface S3RunOptions {
  /** For the journal, the ledger and the bridge's log. */
  readonly folder: string;
  /** Share of calls that fail, 0 to 1. */
  readonly rate: number;
  /** Ends after about so many, rather more. */
  readonly objects: number;
  readonly seed: number;
  readonly log: (line: string) => void;
}

export interface S3Report {
  readonly rate: number;
  readonly calls: number;
  readonly retries: number;
  readonly faults: ReadonlyMap<string, number>;
  /** Tries of commits that failed, by error. */
  readonly failedCommits: ReadonlyMap<string, number>;
  readonly requests: number;
  readonly bytes: number;
  /** Objects that went in parts. */
  readonly inParts: number;
  readonly seconds: number;
  readonly verdict: Verdict;
  /** Broken promises beside those of the verdict. */
  readonly problems: readonly string[];
}

/** Many small objects a commit, some over the threshold of 1 MiB, and calls that are given up soon. */
const TOML = `[partitioning]
type = "time"
granularity = "minute"
format = "date=%Y-%m-%d/minute=%H%M"
[flush]
max_age_seconds = 5
max_rows = 400
[operations]
lanes = 2
encoders = 4
parallelism = 16
retry_attempts = 4
timeout_seconds = 3
`;
const SENDERS = 4;
/** No fault is on the senders' side: they wait for every answer. */
const ANSWER_MS = 120_000;
/** Objects with such rows go in one part, or in two. */
const BULK_PAD_BYTES = [64, 64, 64, 64, 256].map((kib) => kib * 1024);
/** Senders pause while more segments than this wait, so that the backlog at the end is small. */
const MAX_WAITING = 8;
/** About so many objects does a waiting segment become. */
const OBJECTS_OF_SEGMENT = 100;
const POLL_MS = 100;
const REPORT_MS = 15_000;
const DRAIN_MS = 15 * 60_000;
const STOP_MS = 60_000;

export async function runS3(options: S3RunOptions): Promise<S3Report> {
  const { folder, rate, seed, log } = options;
  const started = performance.now();
  let proxy!: FaultProxy;
  const lake = await openTortureLake('s3', folder, async (upstream) => {
    proxy = await startFaultProxy(upstream, { seed, rate });
    return proxy;
  });
  const ledger = createLedger(join(folder, 'ledger.txt'));
  const { process: child, listening } = launchBridge(folder, TOML + lake.toml);
  child.stderr!.on('data', (text) => appendFileSync(join(folder, 'bridge.txt'), text));
  const problems: string[] = [];
  let kept = false;
  try {
    const bridge = await listening;
    const senders = startSenders({
      senders: SENDERS,
      seed,
      ledger,
      bulkOneIn: 3,
      bulkPadBytes: BULK_PAD_BYTES,
      maxPauseMs: 10,
      answerMs: ANSWER_MS,
    });
    await feed(bridge, senders.aim);
    senders.aim(bridge);
    await senders.stop();
    await drain(bridge);
    const metrics = await metricsOf(bridge);
    const exit = once(child, 'exit');
    child.kill('SIGTERM');
    await Promise.race([exit, sleep(STOP_MS, undefined, { ref: false })]);
    if (child.exitCode !== 0) problems.push(`stopped by SIGTERM the bridge ended with ${child.exitCode}`);
    const segments = readdirSync(segmentsFolder(join(folder, 'journal')));
    if (segments.length > 0) problems.push(`segments are left: ${segments.join(' ')}`);
    const uploads = await lake.openUploads();
    if (uploads.length > 0) problems.push(`${uploads.length} uploads are left open, such as ${uploads[0]}`);
    const seconds = Math.round((performance.now() - started) / 1000);
    const verdict = await createJudge(readWithPyarrow(lake.location), ledger).finish();
    const report: S3Report = {
      rate,
      calls: proxy.calls,
      retries: proxy.retries,
      faults: proxy.faults,
      failedCommits: labelled(metrics, 'commit_failures_total', 'code'),
      requests: ledger.count('acknowledged'),
      bytes: sum(labelled(metrics, 'object_bytes_total', 'table')),
      inParts: proxy.multipartObjects,
      seconds,
      verdict,
      problems: [...problems, ...senders.problems],
    };
    kept = isKept(report);
    return report;
  } finally {
    child.kill('SIGKILL');
    ledger.close();
    if (!kept) await lake.keep();
    await lake.close();
  }

  /** Lets senders go on until there are enough objects; they wait while commits do. */
  async function feed(bridge: TestBridge, aim: (target: TestBridge | undefined) => void): Promise<void> {
    let toldMs = performance.now();
    for (;;) {
      const metrics = await metricsOf(bridge);
      const objects = sum(labelled(metrics, 'objects_total', 'table'));
      const waiting = single(metrics, 'waiting_commits');
      if (objects + waiting * OBJECTS_OF_SEGMENT >= options.objects) return;
      aim(waiting > MAX_WAITING ? undefined : bridge);
      if (performance.now() - toldMs > REPORT_MS) {
        toldMs = performance.now();
        log(`  ${objects} objects, ${proxy.calls} calls, ${sum(proxy.faults)} faults`);
      }
      await sleep(POLL_MS);
    }
  }

  /** Asks for a flush until one succeeds, under the same faults. */
  async function drain(bridge: TestBridge): Promise<void> {
    const deadline = performance.now() + DRAIN_MS;
    for (;;) {
      const error = await bridge.flush().then(
        () => undefined,
        (thrown: Error) => thrown,
      );
      if (!error) return;
      if (!error.message.includes('safe in the journal')) problems.push(`a failed flush says: ${error.message}`);
      if (performance.now() > deadline) throw new Error('the journal was not emptied in time', { cause: error });
      await sleep(500);
    }
  }
}

async function metricsOf({ api }: TestBridge): Promise<string> {
  const response = await fetch(`${api}/metrics`);
  return response.text();
}

function labelled(metrics: string, name: string, label: string): Map<string, number> {
  const lines = metrics.matchAll(new RegExp(`^otel_lake_${name}\\{${label}="(\\w+)"\\} (\\d+)$`, 'gm'));
  return new Map([...lines].map(([, value, count]) => [value!, Number(count)]));
}

function single(metrics: string, name: string): number {
  return Number(new RegExp(`^otel_lake_${name} (\\d+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN);
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

export function isKept({ verdict, problems }: S3Report): boolean {
  return problems.length === 0 && Object.values(verdict.findings).every((times) => times === 0);
}

export function describeS3Report(report: S3Report): string {
  const { rate, calls, retries, faults, failedCommits, requests, bytes, inParts, seconds, verdict, problems } = report;
  const list = (counts: Iterable<readonly [string, number]>) =>
    [...counts].map(([name, times]) => `${times} ${name}`).join(', ') || 'none';
  const found = list(Object.entries(verdict.findings));
  return [
    ...verdict.examples,
    ...problems,
    `${Math.round(rate * 100)} % of calls: ${calls} calls, ${sum(faults)} faults, ${retries} retries, ${seconds} s`,
    `  faults: ${list([...faults].sort(([, a], [, b]) => b - a))}`,
    `  tries of commits that failed: ${list(failedCommits)}`,
    `  ${requests} requests, ${verdict.commitIds.length} commits, ${verdict.objects} objects (${inParts} in parts), ${verdict.rows} rows, ${Math.round(bytes / 1e6)} MB`,
    `  found: ${found}; ${problems.length} other problems`,
  ].join('\n');
}
