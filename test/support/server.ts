/** Servers of others as processes of a test: found or built, started on a free port of the loopback address, ended. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const MAX_OUTPUT_CHARACTERS = 4000;

export interface ServerOptions {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Answers with a status below 500 when the server is ready. */
  readonly readyUrl: string;
}

/** Resolves when the server answers, with what stops it. Whatever happens, it does not outlive this process. */
export async function startServer(options: ServerOptions): Promise<() => Promise<void>> {
  const { name, command, args, env = {}, readyUrl } = options;
  const child = spawn(command, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let failure: Error | undefined;
  child.once('error', (error) => {
    failure = error;
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (text) => (output = (output + text).slice(-MAX_OUTPUT_CHARACTERS)));
  }
  const killOnExit = () => void child.kill('SIGKILL');
  process.once('exit', killOnExit);
  const close = async () => {
    process.off('exit', killOnExit);
    await stop(child);
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady(readyUrl))) {
    if (failure || child.exitCode !== null || Date.now() > deadline) {
      await close();
      throw new Error(`${name} did not start: ${failure?.message ?? ''}\n${output}`);
    }
    await sleep(50);
  }
  return close;
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) });
    await answer.arrayBuffer();
    return answer.status < 500;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}

export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

/**
 * What a test that needs `what` does where it is not there: it is skipped with one loud line, but with CI=true in the
 * environment that is an error: a CI that silently tests less is worse than a red one.
 */
export function tellMissing(what: string, remedy: string): void {
  if (process.env.CI === 'true')
    throw new Error(`${what} is missing: the tests with it cannot run, but in CI they must`);
  console.error(`\n*** SKIPPED: ${what} is missing: the tests with it do not run. ${remedy} ***\n`);
}

/**
 * A program of Go: looked for on PATH and in Go's bin folder; where Go is there, it is built once.
 * @param module its main package with a version: `github.com/minio/minio@latest`
 */
export function findGoProgram(name: string, module: string): string | undefined {
  const binary = findBinary(name) ?? buildBinary(name, module);
  if (binary === undefined) tellMissing(name, 'Install it on PATH, or Go to build it.');
  return binary;
}

function findBinary(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return [...folders, ...goBinFolders()].map((folder) => join(folder, name)).find((path) => existsSync(path));
}

function buildBinary(name: string, module: string): string | undefined {
  if (goBinFolders().length === 0) return undefined;
  console.error(`building ${name} once (go install ${module}), which takes some minutes`);
  try {
    execFileSync('go', ['install', module], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch (error) {
    console.error(`go install ${module} failed: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
  return findBinary(name);
}

/** Empty where Go is not installed. */
function goBinFolders(): string[] {
  try {
    const text = execFileSync('go', ['env', 'GOBIN', 'GOPATH'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [bin = '', path = ''] = text.split('\n');
    const folders = path.split(delimiter).filter(Boolean);
    return [bin, ...folders.map((folder) => join(folder, 'bin'))].filter(Boolean);
  } catch {
    return [];
  }
}
