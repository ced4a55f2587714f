/**
 * A process of its own that watches a daemon from outside: its resident memory as the kernel counts it, and how long
 * `/healthz` takes over one kept connection, each every 20 ms. How late its own timer comes is measured too: on a busy
 * machine that is the part of a slow answer for which the daemon is not to blame.
 *
 * Forked by memory-run.ts; the message `{ phase }` ends a phase and is answered with its figures.
 */
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../../bench/support.ts';

export interface ProbeOptions {
  readonly pid: number;
  readonly host: string;
  readonly port: number;
}

export interface ProbeFigures {
  /** Highest resident memory seen in the phase, and at its end, bytes. */
  readonly peakBytes: number;
  readonly endBytes: number;
  readonly healthP99Ms: number;
  readonly healthMaxMs: number;
  /** Lateness of the probe's own timer. */
  readonly lagP99Ms: number;
  readonly lagMaxMs: number;
  readonly healthSamples: number;
  /** Answers other than 200, and connections lost. */
  readonly healthFailures: number;
}

const EVERY_MS = 20;
const GIVE_UP_MS = 5000;

const { pid, host, port } = JSON.parse(process.argv[2]!) as ProbeOptions;
let resident: number[] = [];
let health: number[] = [];
let lag: number[] = [];
let failures = 0;

function residentBytes(): number {
  return Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) * 1024;
}

function open(): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, host, () => resolve(socket));
    socket.setNoDelay(true);
    socket.once('error', reject);
  });
}

function ask(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, GIVE_UP_MS, false);
    function done(ok: boolean): void {
      clearTimeout(timer);
      socket.removeAllListeners();
      socket.on('error', () => {});
      if (!ok) socket.destroy();
      resolve(ok);
    }
    socket.once('data', (data: Buffer) => done(data.toString('latin1').startsWith('HTTP/1.1 200')));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
    socket.write('GET /healthz HTTP/1.1\r\nHost: probe\r\n\r\n');
  });
}

async function watchHealth(): Promise<never> {
  let socket: Socket | undefined;
  for (;;) {
    const plannedMs = performance.now() + EVERY_MS;
    await sleep(EVERY_MS);
    lag.push(Math.max(0, performance.now() - plannedMs));
    const start = performance.now();
    if (socket === undefined || socket.destroyed) socket = await open().catch(() => undefined);
    if (socket === undefined || !(await ask(socket))) failures++;
    health.push(performance.now() - start);
  }
}

function figures(): ProbeFigures {
  const max = (values: readonly number[]) => values.reduce((most, value) => Math.max(most, value), 0);
  return {
    peakBytes: max(resident),
    endBytes: resident.at(-1) ?? 0,
    healthP99Ms: quantile(health, 0.99),
    healthMaxMs: max(health),
    lagP99Ms: quantile(lag, 0.99),
    lagMaxMs: max(lag),
    healthSamples: health.length,
    healthFailures: failures,
  };
}

setInterval(() => resident.push(residentBytes()), EVERY_MS);
void watchHealth();
process.on('message', () => {
  process.send!(figures());
  resident = [residentBytes()];
  health = [];
  lag = [];
  failures = 0;
});
process.on('disconnect', () => process.exit(0));
