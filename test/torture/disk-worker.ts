/** A thread of disk-seeds.ts. What it runs is loaded after disk-promises.ts, which takes the file store off the real disk. */
import { parentPort, workerData } from 'node:worker_threads';
import './disk-promises.ts';
import type { SeedMessage, SeedWorkerData } from './disk-seeds.ts';

const { first, last, step, trace, forgets } = workerData as SeedWorkerData;
const { runSeed } = await import('./disk-run.ts');

for (let seed = first; seed <= last; seed += step) {
  const result = await runSeed(seed, { ...(trace ? { trace: console.log } : {}), ...(forgets ? { forgets } : {}) });
  parentPort!.postMessage({ seed, result } satisfies SeedMessage);
}
