/** Many simulated machines, shared out to threads: in a thread of its own the file store can be another one. */
import { Worker } from 'node:worker_threads';
import type { SeedFigures, SeedResult } from './disk-run.ts';
import type { Call } from './disk-system.ts';

export interface SeedsReport {
  readonly seeds: number;
  readonly figures: SeedFigures;
  /** With the seed to see each again. */
  readonly problems: readonly string[];
}

export interface SeedsOptions {
  readonly first: number;
  readonly count: number;
  readonly workers: number;
  /** Prints every call. */
  readonly trace?: boolean;
  /** Calls that do nothing, for finding out whether that would be noticed. */
  readonly forgets?: Call;
  readonly onProgress: (seeds: number, problems: number) => void;
}

export interface SeedWorkerData {
  readonly first: number;
  readonly last: number;
  readonly step: number;
  readonly trace: boolean;
  readonly forgets: Call | undefined;
}

export interface SeedMessage {
  readonly seed: number;
  readonly result: SeedResult;
}

const MAX_PROBLEMS = 50;
const REPORT_EVERY = 1000;

export async function runSeeds(options: SeedsOptions): Promise<SeedsReport> {
  const { first, count, workers, onProgress, trace = false, forgets } = options;
  const figures: Partial<Record<keyof SeedFigures, number>> = {};
  const problems: string[] = [];
  let seeds = 0;
  let broken = 0;
  await Promise.all(
    Array.from({ length: workers }, (_, number) => {
      const last = first + count - 1;
      const workerData: SeedWorkerData = { first: first + number, last, step: workers, trace, forgets };
      const worker = new Worker(new URL('disk-worker.ts', import.meta.url), { workerData });
      worker.on('message', ({ seed, result }: SeedMessage) => {
        for (const [name, value] of Object.entries(result.figures) as [keyof SeedFigures, number][]) {
          figures[name] = (figures[name] ?? 0) + value;
        }
        if (result.problems.length > 0) broken++;
        if (problems.length < MAX_PROBLEMS) problems.push(...result.problems.map((text) => `--seed ${seed}: ${text}`));
        if (++seeds % REPORT_EVERY === 0) onProgress(seeds, broken);
      });
      return new Promise<void>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('exit', () => resolve());
      });
    }),
  );
  return { seeds, figures: figures as SeedFigures, problems };
}
