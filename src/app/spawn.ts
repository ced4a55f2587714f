import { Worker } from 'node:worker_threads';
import type { ThreadPort } from '../ingest/threads.ts';

export type ThreadName = 'lane' | 'encoder' | 'reader';

/** Starts `{name}-thread` as a worker thread. */
export function spawnThread<Out, In>(name: ThreadName, data: unknown): ThreadPort<Out, In> {
  const worker = startWorker(name, data);
  let failure: Error | undefined;
  worker.on('error', (error: Error) => {
    failure = error;
  });
  return {
    post: (message, transfer = []) => worker.postMessage(message, transfer),
    onMessage: (handler) => void worker.on('message', handler),
    onExit: (handler) => void worker.on('exit', () => handler(failure)),
    terminate: async () => void (await worker.terminate()),
  };
}

export function startWorker(name: ThreadName, data: unknown): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'; // sources run as they are, and built
  return new Worker(new URL(`./${name}-thread.${extension}`, import.meta.url), { workerData: data, name });
}
