/** Runs phases against a bridge in a process of its own, over a real S3 server behind a gate, and watches it from outside. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { spawnBridge } from '../support/daemon.ts';
import { startMinio } from '../support/minio.ts';
import { s3Toml } from '../support/s3-toml.ts';
import { tempFolder } from '../support/temp.ts';
import { type Account, createAccount, msUntilAccepted, rowsInLake } from './memory-account.ts';
import { startGate } from './memory-gate.ts';
import { PHASES } from './memory-phases.ts';
import type { ProbeFigures, ProbeOptions } from './memory-probe.ts';

export interface MemoryOptions {
  /** Seconds a phase, about. */
  readonly seconds: number;
  readonly budgetMb: number;
  /** Lanes, encoders and readers, each so many; as the machine has cores where it is left out. */
  readonly threads?: number | undefined;
  /** Names of phases, in order; all of them where it is empty. */
  readonly phases: readonly string[];
  /** What `/healthz` may take (p99), without the delay the probe sees on itself. */
  readonly maxHealthMs: number;
  /** Called after each phase. */
  readonly onPhase: (result: PhaseResult) => void;
}

export interface PhaseResult extends ProbeFigures {
  readonly phase: string;
  readonly answers: string;
  /** Until a good request was accepted afterwards. */
  readonly goodAfterMs: number | undefined;
  /** Broken promises, as sentences. */
  readonly broken: readonly string[];
}

export interface MemoryResult {
  readonly phases: readonly PhaseResult[];
  readonly accepted: number;
  readonly unknown: number;
  readonly inLake: number;
  readonly broken: readonly string[];
}

/** The bridge's time limits in these runs. */
const TIMEOUT_SECONDS = 5;
const GOOD_WITHIN_MS = 30_000;
const FLUSH_WITHIN_MS = 300_000;
const HEADROOM = 1.2;

export async function runMemory(options: MemoryOptions): Promise<MemoryResult> {
  const cleanups: (() => unknown)[] = [];
  const after = { after: (cleanup: () => unknown) => void cleanups.push(cleanup) } as Parameters<typeof tempFolder>[0];
  try {
    const folder = tempFolder(after);
    const minio = await startMinio();
    cleanups.push(() => minio.close());
    const { hostname, port } = new URL(minio.endpoint);
    const gate = await startGate(hostname, Number(port));
    cleanups.push(() => gate.close());
    const s3 = { ...minio, endpoint: `http://127.0.0.1:${gate.port}` };
    const bridge = await spawnBridge(folder, toml(s3, options));
    cleanups.push(() => stop(bridge.process));
    bridge.process.stderr!.pipe(process.stderr);
    const api = new URL(bridge.api);
    const probe = startProbe({ pid: bridge.process.pid!, host: api.hostname, port: Number(api.port) });
    cleanups.push(() => probe.disconnect());

    const account = createAccount();
    const context = { bridge, account, gate, seconds: options.seconds, timeoutMs: TIMEOUT_SECONDS * 1000 };
    const asked = options.phases.length === 0 ? PHASES.map(({ name }) => name) : options.phases;
    const phases: PhaseResult[] = [];
    await phaseFigures(probe);
    for (const name of asked) {
      const phase = PHASES.find((known) => known.name === name);
      if (!phase) throw new Error(`no phase "${name}"; there are ${PHASES.map((known) => known.name).join(', ')}`);
      const before = new Map(account.answers);
      const failed = await phase.run(context);
      const answers = answersSince(account, before);
      const goodAfterMs = await msUntilAccepted(bridge, account, GOOD_WITHIN_MS);
      const figures = await phaseFigures(probe);
      const broken = [...(failed === undefined ? [] : [failed]), ...brokenPromises(figures, goodAfterMs, options)];
      const result = { phase: name, ...figures, answers, goodAfterMs, broken };
      options.onPhase(result);
      phases.push(result);
    }
    const inLake = await flushed(bridge);
    const { accepted, unknown } = account;
    const broken = [...phases.flatMap((phase) => phase.broken.map((text) => `${phase.phase}: ${text}`))];
    if (inLake < accepted) broken.push(`${accepted - inLake} accepted rows are not in the lake`);
    if (inLake > accepted + unknown) broken.push(`${inLake - accepted - unknown} rows in the lake were never accepted`);
    return { phases, accepted, unknown, inLake, broken };
  } finally {
    for (const cleanup of cleanups.reverse()) await cleanup();
  }
}

function toml(
  s3: { endpoint: string; accessKey: string; secretKey: string },
  { budgetMb, threads }: MemoryOptions,
): string {
  return `[server]
header_timeout_seconds = ${TIMEOUT_SECONDS}
request_timeout_seconds = ${TIMEOUT_SECONDS}
response_timeout_seconds = ${TIMEOUT_SECONDS}
${s3Toml(s3, 'memory', 'create_bucket = true')}
[operations]
timeout_seconds = ${TIMEOUT_SECONDS}
${threads === undefined ? '' : `lanes = ${threads}\nencoders = ${threads}\nreaders = ${threads}`}
[limits]
memory_bytes = ${budgetMb * 1024 * 1024}
`;
}

function startProbe(options: ProbeOptions): ChildProcess {
  return fork(fileURLToPath(new URL('./memory-probe.ts', import.meta.url)), [JSON.stringify(options)]);
}

async function phaseFigures(probe: ChildProcess): Promise<ProbeFigures> {
  probe.send({ phase: 'end' });
  const [figures] = (await once(probe, 'message')) as [ProbeFigures];
  return figures;
}

function brokenPromises(
  figures: ProbeFigures,
  goodAfterMs: number | undefined,
  { budgetMb, maxHealthMs }: MemoryOptions,
): string[] {
  const peakMb = Math.round(figures.peakBytes / 2 ** 20);
  const limitMb = Math.floor(budgetMb * HEADROOM);
  const healthMs = figures.healthP99Ms - figures.lagP99Ms;
  return [
    ...(peakMb > limitMb ? [`${peakMb} MiB resident, over ${limitMb}`] : []),
    ...(healthMs > maxHealthMs
      ? [`/healthz took ${Math.round(healthMs)} ms (p99, without the machine's own delay)`]
      : []),
    ...(figures.healthFailures > 0 ? [`/healthz was not answered ${figures.healthFailures} times`] : []),
    ...(goodAfterMs === undefined ? ['good requests are not accepted afterwards'] : []),
  ];
}

function answersSince({ answers }: Account, before: ReadonlyMap<string, number>): string {
  const counts = [...answers].map(([name, times]) => [name, times - (before.get(name) ?? 0)] as const);
  return counts.flatMap(([name, times]) => (times > 0 ? `${times} x ${name}` : [])).join(', ');
}

/** Rows in the lake once all that waits is committed. */
async function flushed(bridge: Awaited<ReturnType<typeof spawnBridge>>): Promise<number> {
  const deadline = performance.now() + FLUSH_WITHIN_MS;
  for (;;) {
    try {
      await bridge.flush();
      return await rowsInLake(bridge);
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}
