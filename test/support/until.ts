import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until the condition holds; after `timeoutMs` it fails with what `describe` says. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  describe: () => string,
  timeoutMs = 30_000,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`after ${timeoutMs} ms: ${describe()}`);
    await sleep(20);
  }
}
