/** Waiting for what must come, within a bound. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestBridge } from '../support/daemon.ts';

const POLL_MS = 20;
const READY_TIMEOUT_MS = 60_000;

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
