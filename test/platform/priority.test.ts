import assert from 'node:assert/strict';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';

const MODULE = new URL('../../src/platform/priority.ts', import.meta.url).href;

test('a thread that lets others go first leaves the priority of the other threads as it is', async () => {
  const before = getPriority(0);
  const script = `
    const { letOthersGoFirst } = await import(${JSON.stringify(MODULE)});
    const { parentPort } = await import('node:worker_threads');
    const { getPriority } = await import('node:os');
    letOthersGoFirst();
    parentPort.postMessage(getPriority(0));`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(script)}`));
  const [niceness] = (await once(worker, 'message')) as [number];
  assert.equal(niceness, process.platform === 'linux' ? Math.min(19, before + 4) : before);
  assert.equal(getPriority(0), before);
});
