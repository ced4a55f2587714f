/** What was sent and what became of it, and the lake it must be in. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { SenderOptions, SenderResult } from '../../bench/sender.ts';
import { SIGNALS } from '../../src/model/signal.ts';
import type { TestBridge } from '../support/daemon.ts';
import { readAnswer } from '../support/requests.ts';
import { CONTENT_TYPES } from '../support/send.ts';
import { type Body, goodRequest } from './memory-bodies.ts';

/** Rows of a benchmark's request at most. */
const MAX_ROWS_OF_LOAD = 4096;
const ANSWER_MS = 60_000;

export interface Account {
  /** Rows answered as accepted. */
  accepted: number;
  /** Rows of requests whose answer never came: they may be in the lake. */
  unknown: number;
  /** Answers by status; "cut" where none came. */
  readonly answers: Map<string, number>;
}

export function createAccount(): Account {
  return { accepted: 0, unknown: 0, answers: new Map() };
}

/** Sends over OTLP/HTTP and enters what came back; returns the status, or "cut". */
export async function send(bridge: TestBridge, account: Account, body: Body): Promise<string> {
  const status = await post(bridge, body).catch(() => undefined);
  const name = status === undefined ? 'cut' : String(status.code);
  count(account, name, 1);
  if (status === undefined) account.unknown += body.rows;
  else if (status.code === 200) account.accepted += body.rows - status.rejected;
  return name;
}

async function post(bridge: TestBridge, body: Body): Promise<{ code: number; rejected: number }> {
  const encoding: Record<string, string> = body.encoding === 'identity' ? {} : { 'content-encoding': body.encoding };
  const response = await fetch(`${bridge.otlp}/v1/${body.signal}`, {
    method: 'POST',
    body: new Uint8Array(body.bytes),
    headers: { 'content-type': CONTENT_TYPES[body.type], ...encoding },
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { rejected } = response.ok ? readAnswer(SIGNALS[body.signal], body.type, bytes) : { rejected: 0 };
  return { code: response.status, rejected };
}

/** Milliseconds until a good request was accepted; undefined where none was in time. */
export async function msUntilAccepted(
  bridge: TestBridge,
  account: Account,
  withinMs: number,
): Promise<number | undefined> {
  const start = performance.now();
  while (performance.now() - start < withinMs) {
    if ((await send(bridge, account, goodRequest())) === '200') return performance.now() - start;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return undefined;
}

/** Good senders at full speed, in processes of their own, for so many seconds. */
export async function load(bridge: TestBridge, account: Account, seconds: number): Promise<void> {
  const common = { seconds, gzip: false, connections: 4 };
  const runs: SenderOptions[] = [
    { ...common, transport: 'http', target: bridge.otlp, signal: 'traces' },
    { ...common, transport: 'grpc', target: bridge.grpc, signal: 'logs' },
  ];
  for (const result of await Promise.all(runs.map(runSender))) {
    account.accepted += result.rows;
    count(account, '200', result.requests);
    for (const [status, times] of Object.entries(result.refused)) {
      count(account, status, times);
      // What is no number never was an answer.
      if (Number.isNaN(Number(status))) account.unknown += times * MAX_ROWS_OF_LOAD;
    }
  }
}

function runSender(options: SenderOptions): Promise<SenderResult> {
  const file = fileURLToPath(new URL('../../bench/sender.ts', import.meta.url));
  const child = spawn(process.execPath, [file, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] });
  return new Promise((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (chunk: Buffer) => {
      text += chunk;
    });
    child.once('exit', (code) => (code === 0 ? resolve(JSON.parse(text)) : reject(new Error(`sender: ${code}`))));
  });
}

function count({ answers }: Account, name: string, times: number): void {
  answers.set(name, (answers.get(name) ?? 0) + times);
}

/** Rows in the lake's objects. */
export async function rowsInLake(bridge: TestBridge): Promise<number> {
  const response = await fetch(`${bridge.api}/api/v1/tables`);
  const { tables } = (await response.json()) as { tables: { rows: number }[] };
  return tables.reduce((sum, { rows }) => sum + Number(rows), 0);
}
