import { Worker } from 'node:worker_threads';
import type { ThreadPort } from '../ingest/threads.ts';
import type { LaneThreadData, ThreadData } from './thread-data.ts';

export type ThreadName = 'lane' | 'encoder' | 'reader';

/**
 * Half of V8's own: rows are in buffers, and a thread that makes many small objects for a moment, as an encoder for
 * hundreds of uploads, kept 100 MiB of heap for them long after.
 */
const MAX_YOUNG_MB = 24;
/** A thread needs so much for its code alone. */
const MIN_HEAP_BYTES = 256 * 1024 * 1024;

/** Starts `{name}-thread` as a worker thread. */
export function spawnThread<Out, In>(name: ThreadName, data: ThreadData | LaneThreadData): ThreadPort<Out, In> {
  return portOf(startWorker(name, data));
}

export function portOf<Out, In>(worker: Worker): ThreadPort<Out, In> {
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

export function startWorker(name: ThreadName, data: ThreadData | LaneThreadData): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'; // sources run as they are, and built
  const url = new URL(`./${name}-thread.${extension}`, import.meta.url);
  return new Worker(url, { workerData: data, name, resourceLimits: heapLimits(data) });
}

/** A heap that is full ends its thread, which is started again, and not the process. Rows are not in it: they are buffers. */
export function heapLimits({ config }: ThreadData): {
  readonly maxOldGenerationSizeMb: number;
  readonly maxYoungGenerationSizeMb: number;
} {
  const bytes = Math.max(MIN_HEAP_BYTES, config.limits.memoryBytes);
  const maxOldGenerationSizeMb = Math.floor(bytes / (1024 * 1024));
  return { maxOldGenerationSizeMb, maxYoungGenerationSizeMb: MAX_YOUNG_MB };
}
