/** Bridges for tests: in this process, or as a process of their own that can be killed. */
import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type Daemon, startDaemon } from '../../src/app/serve.ts';
import { parseConfig } from '../../src/config/load.ts';
import type { TableName } from '../../src/model/signal.ts';
import { tempFolder } from './temp.ts';

/** Of what a process says, kept to find its addresses and to tell why it ended. */
const MAX_SEEN_CHARACTERS = 64 * 1024;

export const MAIN = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

export interface TestBridge {
  /** `http://127.0.0.1:…` of OTLP/HTTP. */
  readonly otlp: string;
  /** `127.0.0.1:…` of OTLP/gRPC. */
  readonly grpc: string;
  /** `http://127.0.0.1:…` */
  readonly api: string;
  readonly folder: string;
  readonly configFile: string;
  flush(): Promise<void>;
  /** Rows as objects; 64-bit numbers that do not fit stay text. */
  rows(query?: Record<string, string>, table?: TableName): Promise<Record<string, unknown>[]>;
}

/** A configuration over a folder, with all ports free and without noise; `toml` is added to it, key by key. */
export function testToml(folder: string, toml = ''): string {
  const base = `[server]
otlp_grpc = "127.0.0.1:0"
otlp_http = "127.0.0.1:0"
api = "127.0.0.1:0"
${toml.includes('[storage]') || toml.includes('[s3]') ? '' : `[storage]\npath = "${join(folder, 'lake')}"\n`}
[journal]
path = "${join(folder, 'journal')}"
[telemetry]
log_level = "error"
`;
  const sections = toml.split(/^(?=\[)/m).filter((section) => section.trim() !== '');
  return sections.reduce(addSection, base);
}

/** Keys of a section that is there already take the place of its own. */
function addSection(text: string, section: string): string {
  const header = section.split('\n', 1)[0]!;
  const keys = section.slice(header.length).trim();
  const names = keys.split('\n').map(keyName);
  let found = false;
  const sections = text.split(/^(?=\[)/m).map((one) => {
    const [first, ...lines] = one.trimEnd().split('\n');
    if (first !== header) return one;
    found = true;
    return `${[header, keys, ...lines.filter((line) => !names.includes(keyName(line)))].join('\n')}\n`;
  });
  return found ? sections.join('') : `${text}${section.trimEnd()}\n`;
}

function keyName(line: string): string {
  return line.split('=', 1)[0]!.trim();
}

/** A bridge in this process, stopped when the test is over. */
export async function startBridge(
  t: Pick<TestContext, 'after'>,
  toml = '',
): Promise<TestBridge & { readonly daemon: Daemon }> {
  let removeFolder = () => {};
  let daemon: Daemon | undefined;
  // In this order: what is left is committed into the folder while the daemon stops.
  t.after(async () => {
    await daemon?.stop(10_000);
    removeFolder();
  });
  const folder = tempFolder({
    after: (remove) => {
      removeFolder = remove as () => void;
    },
  });
  const configFile = join(folder, 'test.toml');
  const text = testToml(folder, toml);
  writeFileSync(configFile, text);
  daemon = await startDaemon(parseConfig(text, configFile), 'test');
  return { ...bridgeAt(daemon.http, daemon.grpc, daemon.api, folder, configFile), daemon };
}

/** A bridge as a process of its own over an existing folder. */
export async function spawnBridge(folder: string, toml = ''): Promise<TestBridge & { readonly process: ChildProcess }> {
  const { process, listening } = launchBridge(folder, toml);
  return { ...(await listening), process };
}

export interface LaunchOptions {
  /** Added to the environment of the process. */
  readonly env?: Readonly<Record<string, string>>;
}

/** The same, with the process in hand from its first moment; `listening` rejects where it ends before it listens. */
export function launchBridge(
  folder: string,
  toml = '',
  { env = {} }: LaunchOptions = {},
): { readonly process: ChildProcess; readonly listening: Promise<TestBridge> } {
  const configFile = join(folder, 'test.toml');
  writeFileSync(configFile, testToml(folder, toml));
  const child = spawn(process.execPath, [MAIN, 'serve', '--config', configFile], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
  });
  const listening = new Promise<TestBridge>((resolve, reject) => {
    let seen = '';
    const take = (chunk: Buffer) => {
      seen = `${seen}${chunk}`.slice(-MAX_SEEN_CHARACTERS);
      if (!seen.includes('Ctrl-C')) return;
      const address = (name: string) =>
        new RegExp(`${name} +(?:http://)?(127\\.0\\.0\\.1:\\d+|unix:\\S+)`).exec(seen)![1]!;
      resolve(bridgeAt(address('OTLP/HTTP'), address('OTLP/gRPC'), address('api'), folder, configFile));
    };
    child.stdout!.on('data', take);
    child.stderr!.on('data', take);
    child.once('close', (code, signal) => reject(new Error(`the bridge ended with ${code ?? signal}: ${seen}`)));
  });
  listening.catch(() => {}); // who kills it before it listens does not wait for it
  return { process: child, listening };
}

function bridgeAt(http: string, grpc: string, apiAddress: string, folder: string, configFile: string): TestBridge {
  const api = `http://${apiAddress}`;
  return {
    otlp: `http://${http}`,
    grpc,
    api,
    folder,
    configFile,
    async flush() {
      const response = await fetch(`${api}/admin/v1/flush`, { method: 'POST' });
      if (!response.ok) throw new Error(`flush: ${response.status} ${await response.text()}`);
      await response.arrayBuffer();
    },
    async rows(query = {}, table = 'traces') {
      const response = await fetch(`${api}/api/v1/tables/${table}/rows?${new URLSearchParams(query)}`);
      const text = await response.text();
      if (!response.ok) throw new Error(`rows: ${response.status} ${text}`);
      return parseNdjson(text);
    },
  };
}

/** NDJSON with whole numbers over 2^53 as text, so that no digit is lost. */
export function parseNdjson(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line, exactNumbers as never) as Record<string, unknown>);
}

function exactNumbers(_key: string, value: unknown, context?: { source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && /^-?\d+$/.test(context?.source ?? '')
    ? context!.source
    : value;
}
