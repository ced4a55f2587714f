import { emit } from './emit/emit.ts';
import { explainRead } from './explain.ts';
import { readRows } from './read.ts';
import type { ReadRequest } from './request.ts';
import { emptyStats, type ReadDeps, type ReadStats } from './types.ts';

export interface Response {
  /** Counts so far. */
  readonly stats: ReadStats;
  /** To be gone through once; chunks own their buffers. */
  chunks(signal: AbortSignal): AsyncGenerator<Uint8Array<ArrayBuffer>>;
}

/** What a request is answered with, as bytes: its rows in their format, or the explanation of its plan. */
export function respond(request: ReadRequest, deps: ReadDeps): Response {
  if (request.explain) {
    const stats = emptyStats();
    return { stats, chunks: (signal) => explanation(request, deps, stats, signal) };
  }
  const { output, batches, stats } = readRows(request, deps);
  const options = { table: request.table, parquet: deps.parquet };
  return { stats, chunks: (signal) => emit(request.format, output, batches(signal), options) };
}

async function* explanation(
  request: ReadRequest,
  deps: ReadDeps,
  stats: ReadStats,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const found = await explainRead(request, deps, stats, signal);
  // With a buffer of its own, which can be transferred.
  yield new Uint8Array(Buffer.from(`${JSON.stringify(found)}\n`));
}
