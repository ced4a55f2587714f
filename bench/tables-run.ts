/** A command as a process of its own, with what it took. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { peakBytesOf } from './support.ts';

export const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));
const TICKS = 100;
const POLL_MS = 50;

export interface Run {
  readonly stdout: string;
  readonly stderr: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
}

export function show(name: string, { seconds, cpuSeconds, peakBytes }: Run, bytes: number): void {
  const speed = `${(bytes / 1e6 / seconds).toFixed(1)} MB/s`;
  const memory = `${Math.round(peakBytes / 1e6)} MB at most`;
  console.log(`${name.padEnd(38)} ${seconds.toFixed(1)} s, ${speed}, ${cpuSeconds.toFixed(1)} s CPU, ${memory}`);
}

export async function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  input: Iterable<string> = [],
): Promise<Run> {
  const start = performance.now();
  const child = spawn(command, args, { stdio: 'pipe', env: { ...process.env, ...env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const figures = watch(child);
  const fed = pipeline(Readable.from(input), child.stdin).catch(() => {}); // its exit status says why
  const [code] = (await once(child, 'close')) as [number];
  await fed;
  const seconds = (performance.now() - start) / 1000;
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${code}\n${stdout}${stderr}`);
  return { stdout, stderr, seconds, ...figures() };
}

/** Memory and CPU as the kernel counts them, until the process is gone. */
function watch(child: ChildProcess): () => Pick<Run, 'cpuSeconds' | 'peakBytes'> {
  let last = { cpuSeconds: 0, peakBytes: 0 };
  const timer = setInterval(() => {
    try {
      const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
      last = { cpuSeconds: (Number(fields[11]) + Number(fields[12])) / TICKS, peakBytes: peakBytesOf(child.pid!) };
    } catch {
      clearInterval(timer); // it has ended
    }
  }, POLL_MS);
  child.once('exit', () => clearInterval(timer));
  return () => last;
}
