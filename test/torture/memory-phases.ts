/** What is done to the bridge, one after the other or all together. Every phase takes about `seconds`. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestBridge } from '../support/daemon.ts';
import { type Account, load, send } from './memory-account.ts';
import {
  type Body,
  distinctAttributes,
  emptyRecords,
  manyHours,
  nestedJson,
  nestedProtobuf,
  randomBodies,
  sharedAttributes,
  sharedText,
  zeros,
} from './memory-bodies.ts';
import type { Gate } from './memory-gate.ts';
import { rapidReset, type SlowPeers, slowSenders, stoppedReaders } from './memory-sockets.ts';

export interface PhaseContext {
  readonly bridge: TestBridge;
  readonly account: Account;
  /** The way to the store. */
  readonly gate: Gate;
  readonly seconds: number;
  /** Time after which slow peers must be gone, as the bridge is configured. */
  readonly timeoutMs: number;
  /** Senders share this process with so many others that a body may take longer than the bridge gives it. */
  readonly areSendersSlow?: boolean;
}

export interface Phase {
  readonly name: string;
  /** Returns what broke, in a sentence; undefined where all went well. */
  run(context: PhaseContext): Promise<string | undefined>;
}

const SLOW_SOCKETS = 1000;
const ACCEPT_MS = 10_000;
const STOPPED_READERS = 24;
/** A read waits so long for memory, to fetch and again to decode (src/read/room.ts), before it has anything for its reader to take. */
const READ_WAITS_MS = 10_000;
const SENDERS = 4;

export const PHASES: readonly Phase[] = [
  { name: 'full ingest', run: (context) => fullIngest(context) },
  { name: 'store away', run: storeAway },
  { name: 'slow senders', run: slowSendersPhase },
  { name: 'bombs', run: (context) => repeated(context, bombs(), ['413']) },
  {
    name: 'deep values',
    run: (context) => repeated(context, [nestedProtobuf(10_000), nestedJson(10_000)], ['200', '400']),
  },
  { name: 'many attributes', run: (context) => repeated(context, manyAttributes(), ['200', '413']) },
  { name: 'distinct attributes', run: distinct },
  { name: 'many partitions', run: partitions },
  { name: 'random bodies', run: random },
  { name: 'stopped readers', run: stoppedReadersPhase },
  { name: 'all together', run: together },
];

async function fullIngest({ bridge, account, seconds }: PhaseContext): Promise<undefined> {
  await load(bridge, account, seconds);
}

async function storeAway(context: PhaseContext): Promise<undefined> {
  const { gate, seconds } = context;
  const loaded = fullIngest(context);
  gate.set('refusing');
  await sleep((seconds * 1000) / 2);
  gate.set('silent');
  await loaded;
  gate.set('open');
}

async function slowSendersPhase({ bridge, seconds, timeoutMs }: PhaseContext): Promise<string | undefined> {
  const peers = slowSenders(SLOW_SOCKETS, bridge.otlp, bridge.grpc);
  const opened = await rapidReset(bridge.grpc, 1_000_000, Math.min(seconds * 1000, 3000));
  if (opened >= 1_000_000) return 'a million streams were opened and reset on one connection';
  return allCut(peers, timeoutMs, 'slow senders');
}

/** Twice the time the settings give, and some for a busy machine: checks come now and then, and connections wait to be accepted. */
async function allCut(peers: SlowPeers, timeoutMs: number, what: string): Promise<string | undefined> {
  try {
    const deadline = performance.now() + 2 * timeoutMs + ACCEPT_MS;
    while (peers.cut < peers.begun && performance.now() < deadline) await sleep(100);
    return peers.cut < peers.begun
      ? `${peers.begun - peers.cut} of ${peers.begun} ${what} are still connected`
      : undefined;
  } finally {
    peers.close();
  }
}

function bombs(): Body[] {
  const all: Body[] = [];
  for (const encoding of ['gzip', 'zstd'] as const) {
    all.push(zeros(encoding, 256));
    all.push(emptyRecords(encoding, 30_000_000));
    all.push(sharedAttributes(encoding, 1000, 1_000_000));
    all.push(sharedText(encoding, 1_000_000, 100_000));
  }
  return all;
}

function manyAttributes(): Body[] {
  return [distinctAttributes(1, 1_000_000, 1), distinctAttributes(1000, 1000, 2)];
}

/** Sends the bodies over and over, some at a time; every answer must be one of `allowed`, or ask to come again. */
async function repeated(
  context: PhaseContext,
  bodies: readonly Body[],
  allowed: readonly string[],
): Promise<string | undefined> {
  return senders(context, (i) => bodies[i % bodies.length]!, [...allowed, '503']);
}

async function senders(
  { bridge, account, seconds, areSendersSlow = false }: PhaseContext,
  bodyOf: (i: number) => Body,
  allowed: readonly string[],
): Promise<string | undefined> {
  const endMs = performance.now() + seconds * 1000;
  const unexpected = new Set<string>();
  let next = 0;
  await Promise.all(
    Array.from({ length: SENDERS }, async () => {
      while (performance.now() < endMs) {
        const body = bodyOf(next++);
        const status = await send(bridge, account, body);
        const isLate = areSendersSlow && status === 'cut';
        if (!isLate && !allowed.includes(status)) unexpected.add(`${body.name} was answered ${status}`);
        if (status === '503') await sleep(200);
      }
    }),
  );
  return unexpected.size === 0 ? undefined : [...unexpected].join('; ');
}

function distinct(context: PhaseContext): Promise<string | undefined> {
  return senders(context, (i) => distinctAttributes(500, 100, 1000 + i), ['200', '503']);
}

function partitions(context: PhaseContext): Promise<string | undefined> {
  const hours = Math.min(2000, 20 * context.seconds);
  return senders(context, (i) => manyHours(hours, i), ['200', '503']);
}

function random(context: PhaseContext): Promise<string | undefined> {
  const bodies = Array.from({ length: 4 }, () => randomBodies(100, 100_000));
  return senders(context, (i) => bodies[i % bodies.length]!, ['200', '503']);
}

async function stoppedReadersPhase({ bridge, timeoutMs, seconds }: PhaseContext): Promise<string | undefined> {
  const before = await readsOf(bridge);
  const peers = stoppedReaders(STOPPED_READERS, bridge.api, '/api/v1/tables/logs/rows');
  try {
    await sleep(seconds * 1000);
    const deadline = performance.now() + 2 * timeoutMs + 2 * READ_WAITS_MS;
    let ended = 0;
    while (ended < peers.begun && performance.now() < deadline) {
      await sleep(200);
      ended = (await readsOf(bridge)) - before;
    }
    return ended < peers.begun
      ? `${peers.begun - ended} of ${peers.begun} stopped readers still have a read`
      : undefined;
  } finally {
    peers.close();
  }
}

/** Reads that have ended, in whatever way. */
async function readsOf(bridge: TestBridge): Promise<number> {
  // A kept connection may be closed at the very moment it is used again.
  const response = await fetch(`${bridge.api}/metrics`).catch(() => fetch(`${bridge.api}/metrics`));
  const text = await response.text();
  const counts = [...text.matchAll(/^otel_lake_reads_total\{.*\} (\d+)$/gm)];
  return counts.reduce((sum, match) => sum + Number(match[1]), 0);
}

async function together(context: PhaseContext): Promise<string | undefined> {
  const others = PHASES.filter(({ name }) => !['full ingest', 'all together'].includes(name));
  const broken = await Promise.all(others.map((phase) => phase.run({ ...context, areSendersSlow: true })));
  return broken.filter((found) => found !== undefined).join('; ') || undefined;
}
