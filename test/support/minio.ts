/**
 * A real S3 server for tests: MinIO on a free port of the loopback address, with its data in a temporary folder.
 *
 * The binary is looked for on PATH and in Go's bin folder; where Go is there, it is built once. Where neither is there
 * the tests that need it are skipped with one loud line, but with CI=true in the environment that is an error: a CI
 * that silently tests less is worse than a red one.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Minio {
  /** `http://127.0.0.1:port`. */
  readonly endpoint: string;
  readonly accessKey: string;
  readonly secretKey: string;
  /** Stops the server and removes its data. */
  close(): Promise<void>;
}

const MODULE = 'github.com/minio/minio@latest';
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;

let binary: string | undefined | null = null;

/** Undefined where there is no MinIO and none can be built; pass it to `skip` as `skip: !minioBinary()`. */
export function minioBinary(): string | undefined {
  if (binary !== null) return binary;
  binary = findBinary() ?? buildBinary();
  if (binary === undefined) {
    const message = 'MinIO is not installed and Go is not there to build it: the tests against a real S3 server';
    if (process.env.CI === 'true') throw new Error(`${message} cannot run, but in CI they must`);
    console.error(`\n*** SKIPPED: ${message} do not run. Install "minio" on PATH or Go. ***\n`);
  }
  return binary;
}

export async function startMinio(): Promise<Minio> {
  const command = minioBinary();
  if (!command) throw new Error('there is no MinIO to start');
  const folder = await mkdtemp(join(tmpdir(), 'otel-lake-minio-'));
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const [accessKey, secretKey] = ['lake-test-user', 'lake-test-secret'];
  const env = { ...process.env, MINIO_ROOT_USER: accessKey, MINIO_ROOT_PASSWORD: secretKey, MINIO_BROWSER: 'off' };
  const args = ['server', '--quiet', '--address', `127.0.0.1:${port}`, folder];
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (text) => (output = (output + text).slice(-4000)));
  const killOnExit = () => void child.kill('SIGKILL');
  process.once('exit', killOnExit);

  const close = async () => {
    process.off('exit', killOnExit);
    await stop(child);
    await rm(folder, { recursive: true, force: true });
  };
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await isReady(endpoint))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await close();
      throw new Error(`MinIO did not start:\n${output}`);
    }
    await sleep(50);
  }
  return { endpoint, accessKey, secretKey, close };
}

async function isReady(endpoint: string): Promise<boolean> {
  try {
    const answer = await fetch(`${endpoint}/minio/health/cluster`, { signal: AbortSignal.timeout(2000) });
    return answer.ok;
  } catch {
    return false;
  }
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(timer);
}

function findBinary(): string | undefined {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return [...folders, ...goBinFolders()].map((folder) => join(folder, 'minio')).find((path) => existsSync(path));
}

function buildBinary(): string | undefined {
  const folders = goBinFolders();
  if (folders.length === 0) return undefined;
  console.error(`building MinIO once (go install ${MODULE}), which takes some minutes`);
  try {
    execFileSync('go', ['install', MODULE], { stdio: ['ignore', 'ignore', 'inherit'] });
  } catch (error) {
    console.error(`go install ${MODULE} failed: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
  return findBinary();
}

/** Empty where Go is not installed. */
function goBinFolders(): string[] {
  try {
    const text = execFileSync('go', ['env', 'GOBIN', 'GOPATH'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [bin = '', path = ''] = text.split('\n');
    return [
      bin,
      ...path
        .split(delimiter)
        .filter(Boolean)
        .map((folder) => join(folder, 'bin')),
    ].filter(Boolean);
  } catch {
    return [];
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
