/** Imported by a thread of the write path so that a test can end it from inside, in the ways threads end. */
import { workerData } from 'node:worker_threads';

export type Fault = 'exit' | 'throw' | 'heap';

const channel = new BroadcastChannel((workerData as { readonly faults: string }).faults);
channel.onmessage = (event) => {
  const fault = (event as { readonly data: Fault }).data;
  if (fault === 'exit') process.exit(3);
  if (fault === 'throw') setImmediate(throwFault);
  else fillHeap();
};
(channel as unknown as { unref(): void }).unref();

function throwFault(): never {
  throw new Error('a fault nobody caught');
}

function fillHeap(): never {
  const kept: unknown[] = [];
  for (;;) kept.push(new Array(1_000_000).fill(0.5));
}
