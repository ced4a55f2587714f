/** What benchmarks share: a daemon of their own, its CPU and memory as the kernel counts them, medians, the machine. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
/** Clock ticks a second in /proc/…/stat; 100 on every Linux that Node runs on. */
const TICKS = 100;

export interface BenchDaemon {
  readonly grpc: string;
  readonly http: string;
  readonly api: string;
  readonly folder: string;
  /** Seconds of CPU of the whole process so far, user and system. */
  cpuSeconds(): number;
  /** Highest resident memory so far, bytes. */
  peakBytes(): number;
  stop(): Promise<void>;
}

/** Starts `otel-lake serve` on free ports over an empty file lake; `toml` is added to the configuration. */
export async function startDaemon(toml = ''): Promise<BenchDaemon> {
  const folder = mkdtempSync(join(tmpdir(), 'otel-lake-bench-'));
  const file = join(folder, 'bench.toml');
  writeFileSync(
    file,
    `[server]
otlp_grpc = "127.0.0.1:0"
otlp_http = "127.0.0.1:0"
api = "127.0.0.1:0"
[storage]
path = "${join(folder, 'lake')}"
[journal]
path = "${join(folder, 'journal')}"
[telemetry]
log_level = "warn"
log_format = "json"
${toml}`,
  );
  const child = spawn(
    process.execPath,
    [...(process.env.DAEMON_ARGS?.split(' ') ?? []), join(ROOT, 'src/main.ts'), 'serve', '--config', file],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const lines = await new Promise<string>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
      if (text.includes('api')) resolve(text);
    });
    child.once('exit', (code) => reject(new Error(`the daemon ended with ${code}: ${text}`)));
  });
  const address = (name: string) => new RegExp(`${name}\\s+(?:http://)?(127\\.0\\.0\\.1:\\d+)`).exec(lines)![1]!;
  const proc = (name: string) => readFileSync(`/proc/${child.pid}/${name}`, 'utf8');
  return {
    grpc: address('OTLP/gRPC'),
    http: `http://${address('OTLP/HTTP')}`,
    api: `http://${address('api')}`,
    folder,
    cpuSeconds() {
      const fields = proc('stat').split(') ')[1]!.split(' ');
      return (Number(fields[11]) + Number(fields[12])) / TICKS;
    },
    peakBytes: () => peakBytesOf(child.pid!),
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Highest resident memory of a process so far, bytes. */
export function peakBytesOf(pid: number | 'self'): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))![1]) * 1024;
}

/** Bytes of all files below a folder whose name ends so. */
export function folderBytes(folder: string, ending: string): number {
  let bytes = 0;
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith(ending)) bytes += statSync(join(entry.parentPath, entry.name)).size;
  }
  return bytes;
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

/** Machine and commit, the first line of every report. */
export function describeMachine(): string {
  const commit = execFileSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: ROOT, encoding: 'utf8' }).trim();
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  return `${cpus().length} x ${cpu?.model ?? 'unknown CPU'}, ${memory} GiB, Node ${process.version}, commit ${commit}`;
}
