/**
 * Many CSV files to Parquet and Avro, each read once, several at a time.
 *
 *   plan: list sources and outputs ─▶ jobs ─▶ worker threads: read ─▶ rows ─▶ batches ─▶ both writers
 *
 * Every file succeeds or fails alone, so a run that was broken off is gone on with by running it again: what is up to date
 * is left alone.
 */

import { cancelled } from '../../store/common.ts';
import { openPlaces } from '../location.ts';
import { planConversion } from './plan.ts';
import { type JobOutcome, runJobs } from './pool.ts';
import type { ConvertHooks, ConvertJob, ConvertOptions, ConvertReport, ConvertTotals, FileReport } from './types.ts';

const PROGRESS_MS = 250;

/**
 * @returns the report, also where files have failed: look at `totals.failed`
 * @throws BridgeError for what concerns all files: nothing to convert, a folder that cannot be listed; `cancelled`
 */
export async function convert(options: ConvertOptions, hooks: ConvertHooks = {}): Promise<ConvertReport> {
  const startMs = performance.now();
  const calls: Record<string, number> = {};
  const onCall = (operation: string) => {
    calls[operation] = (calls[operation] ?? 0) + 1;
  };
  const places = openPlaces(options.connection, { observe: onCall });
  const files: FileReport[] = [];
  const live = { rows: 0, bytesIn: 0 };
  let timer: NodeJS.Timeout | undefined;
  try {
    const { jobs, upToDate, refused } = await planConversion(options, places, hooks.signal);
    const bytesTotal = jobs.reduce((sum, { bytes }) => sum + bytes, 0);
    for (const { source, outputs } of upToDate) {
      files.push({ source, status: 'up to date', bytesIn: 0, seconds: 0, outputs: outputs.map(({ url }) => url) });
    }
    for (const { url: source, bytes: bytesIn, failure: error } of refused) {
      const file = { source, status: 'failed', bytesIn, seconds: 0, outputs: [], error } as const;
      files.push(file);
      hooks.onFile?.(file);
    }
    const tell = () =>
      hooks.onProgress?.({
        files: jobs.length + upToDate.length + refused.length,
        filesDone: files.length,
        filesFailed: files.filter(({ status }) => status === 'failed').length,
        ...live,
        bytesTotal,
        s3Calls: sum(Object.values(calls)),
      });
    timer = setInterval(tell, PROGRESS_MS);
    const { settings, connection } = startOf(options);
    await runJobs(
      jobs,
      options.maxWorkers,
      { settings, connection },
      {
        signal: hooks.signal,
        onCall,
        onProgress(rows, bytes) {
          live.rows += rows;
          live.bytesIn += bytes;
        },
      },
      (job, outcome, seconds) => {
        const file = reportOf(job, outcome, seconds);
        files.push(file);
        hooks.onFile?.(file);
      },
    );
    tell();
  } finally {
    clearInterval(timer);
    places.close();
  }
  if (hooks.signal?.aborted) throw cancelled('the conversion', hooks.signal.reason);
  files.sort((a, b) => (a.source < b.source ? -1 : 1));
  return { files, totals: totalsOf(files, (performance.now() - startMs) / 1000, calls) };
}

/** What a thread needs of the options. */
function startOf({ connection, ...options }: ConvertOptions) {
  const { sources: _, to: __, maxWorkers: ___, force: ____, ...settings } = options;
  return { settings, connection };
}

function reportOf(job: ConvertJob, outcome: JobOutcome, seconds: number): FileReport {
  const { source, bytes: bytesIn } = job;
  const outputs = job.outputs.map(({ url }) => url);
  if ('result' in outcome) return { source, status: 'converted', bytesIn, seconds, outputs, result: outcome.result };
  const { code, message, hint } = outcome.error;
  return { source, status: 'failed', bytesIn, seconds, outputs: [], error: { code, message, hint } };
}

export function totalsOf(
  files: readonly FileReport[],
  seconds: number,
  calls: Readonly<Record<string, number>>,
): ConvertTotals {
  const converted = files.filter(({ status }) => status === 'converted');
  const of = (figure: (file: FileReport) => number) => sum(converted.map(figure));
  const rows = of(({ result }) => result!.rows);
  const bytesIn = of((file) => file.bytesIn);
  const bytesOut = of(({ result }) => sum(Object.values(result!.bytesOut)));
  return {
    files: files.length,
    converted: converted.length,
    upToDate: files.filter(({ status }) => status === 'up to date').length,
    failed: files.filter(({ status }) => status === 'failed').length,
    rows,
    rejected: of(({ result }) => result!.rejected),
    bytesIn,
    bytesOut,
    ratio: bytesOut === 0 ? 0 : bytesIn / bytesOut,
    seconds,
    rowsPerSecond: Math.round(rows / seconds),
    megabytesPerSecond: bytesIn / 1e6 / seconds,
    s3Calls: sum(Object.values(calls)),
    s3CallsByOperation: calls,
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
