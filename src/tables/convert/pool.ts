/** Worker threads with one file each at a time. A thread that ends fails its file alone, and is replaced. */
import { Worker } from 'node:worker_threads';
import { BridgeError, errorFromData } from '../../errors.ts';
import type { ConvertedFile, ConvertJob, FromWorker, ToWorker, WorkerStart } from './types.ts';

export interface PoolHooks {
  readonly signal: AbortSignal | undefined;
  onProgress(rows: number, bytes: number): void;
  onCall(operation: string): void;
}

export type JobOutcome = { readonly result: ConvertedFile } | { readonly error: BridgeError };

/**
 * Rows are outside of the heap, but for the strings of a piece of text; a full heap ends the thread and its file alone.
 * With 16 MB for what is young two threads took 50 MB more, and a twentieth less CPU.
 */
const HEAP_MB = { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 6 };

/** Runs all jobs; `onDone` is called once for each. Cancelled, those under way clean up and the others are not begun. */
export async function runJobs(
  jobs: readonly ConvertJob[],
  workers: number,
  start: WorkerStart,
  hooks: PoolHooks,
  onDone: (job: ConvertJob, outcome: JobOutcome, seconds: number) => void,
): Promise<void> {
  const waiting = [...jobs];
  const lanes = Array.from({ length: Math.min(workers, jobs.length) }, async () => {
    let worker: Worker | undefined;
    const cancel = () => worker?.postMessage({ type: 'cancel' } satisfies ToWorker);
    hooks.signal?.addEventListener('abort', cancel);
    try {
      for (let job = waiting.shift(); job !== undefined; job = waiting.shift()) {
        if (hooks.signal?.aborted) return;
        worker ??= startWorker(start);
        const startMs = performance.now();
        const { outcome, isAlive } = await runJob(worker, job, hooks);
        onDone(job, outcome, (performance.now() - startMs) / 1000);
        if (!isAlive) worker = undefined;
      }
    } finally {
      hooks.signal?.removeEventListener('abort', cancel);
      await worker?.terminate();
    }
  });
  await Promise.all(lanes);
}

function startWorker(start: WorkerStart): Worker {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js'; // sources run as they are, and built
  const url = new URL(`./thread.${extension}`, import.meta.url);
  return new Worker(url, { workerData: start, name: 'convert', resourceLimits: HEAP_MB });
}

function runJob(
  worker: Worker,
  job: ConvertJob,
  hooks: PoolHooks,
): Promise<{ readonly outcome: JobOutcome; readonly isAlive: boolean }> {
  return new Promise((resolve) => {
    let failure: Error | undefined;
    const finish = (outcome: JobOutcome, isAlive: boolean) => {
      worker.off('message', onMessage).off('error', onError).off('exit', onExit);
      resolve({ outcome, isAlive });
    };
    const onMessage = (message: FromWorker) => {
      if (message.type === 'progress') hooks.onProgress(message.rows, message.bytes);
      else if (message.type === 'call') hooks.onCall(message.operation);
      else if (message.type === 'done') finish({ result: message.result }, true);
      else finish({ error: errorFromData(message.error) }, message.error.code !== 'internal');
    };
    const onError = (error: Error) => {
      failure = error;
    };
    const onExit = () => {
      const text = failure?.message ?? 'it ended without a word';
      finish({ error: new BridgeError('internal', `the thread that converted ${job.source} failed: ${text}`) }, false);
    };
    worker.on('message', onMessage).on('error', onError).on('exit', onExit);
    worker.postMessage({ type: 'convert', job } satisfies ToWorker);
  });
}
