/** Waiting for what must come, within a bound. */
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchBridge, type TestBridge } from '../support/daemon.ts';
import type { Ledger } from './ledger.ts';
import type { Senders } from './senders.ts';

const POLL_MS = 20;
const READY_TIMEOUT_MS = 60_000;
const END_TIMEOUT_MS = 60_000;

/** Rejects where the work takes longer; `otherwise` says what did not happen. */
export function withTimeout<T>(work: Promise<T>, ms: number, otherwise = 'there was no answer'): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new Error(`${otherwise} within ${ms} ms`)), ms);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}

export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  ms = READY_TIMEOUT_MS,
): Promise<void> {
  const deadline = performance.now() + ms;
  while (!(await isSo())) {
    if (performance.now() > deadline) throw new Error(`${what}: not so within ${ms} ms`);
    await sleep(POLL_MS);
  }
}

export function untilReady({ api }: TestBridge): Promise<void> {
  return until('/readyz answers 200', async () => {
    const response = await fetch(`${api}/readyz`);
    await response.arrayBuffer();
    return response.status === 200;
  });
}

/** Until so many more requests are. */
export function untilAcknowledged(ledger: Ledger, more: number): Promise<void> {
  const enough = ledger.count('acknowledged') + more;
  return until(`${more} requests are acknowledged`, () => ledger.count('acknowledged') >= enough);
}

/** Runs `work` with a way to launch bridges, none of which outlives it. */
export async function withBridges<T>(work: (launch: typeof launchBridge) => Promise<T>): Promise<T> {
  const launched: ChildProcess[] = [];
  try {
    return await work((...args) => {
      const bridge = launchBridge(...args);
      launched.push(bridge.process);
      return bridge;
    });
  } finally {
    for (const process of launched) process.kill('SIGKILL');
  }
}

/**
 * Ends as people end it: the senders have their last requests taken, the rest is flushed, and the bridge is stopped by
 * SIGTERM. Resolves with the exit code.
 */
export async function stopAll(process: ChildProcess, bridge: TestBridge, senders: Senders): Promise<number | null> {
  await withTimeout(senders.stop(), END_TIMEOUT_MS, 'the senders did not come to an end');
  await bridge.flush();
  const ended = once(process, 'close');
  process.kill('SIGTERM');
  const [code] = await withTimeout(ended, END_TIMEOUT_MS, 'the bridge did not stop');
  return code as number | null;
}
