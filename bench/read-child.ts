/**
 * One process that reads the benchmark's lake as a reader thread of the bridge does, with its caches: a line of JSON in
 * (ReadTask), a line out (ReadOutcome). Its configuration is the TOML file of its first argument.
 */
import { createInterface } from 'node:readline';
import { layoutOf } from '../src/app/layout.ts';
import { readDeps } from '../src/app/read-deps.ts';
import { createCatalog } from '../src/catalog/catalog.ts';
import { loadConfig } from '../src/config/load.ts';
import { releaseBuffers } from '../src/platform/memory.ts';
import { emit } from '../src/read/emit/emit.ts';
import { createFooterCache } from '../src/read/parquet/footer-cache.ts';
import { readRows } from '../src/read/read.ts';
import { type ReadParameters, readRequest } from '../src/read/request.ts';
import type { ReadStats } from '../src/read/types.ts';
import { openStore } from '../src/store/open.ts';
import { createCounts, type RequestCounts } from './read-counts.ts';
import { peakBytesOf } from './support.ts';

export interface ReadTask {
  readonly parameters: ReadParameters;
  /** Rows are counted and not made into a format. */
  readonly countOnly: boolean;
}

export interface ReadOutcome extends RequestCounts {
  readonly ms: number;
  readonly cpuMs: number;
  readonly bytesOut: number;
  /** Highest resident memory of the process so far. */
  readonly peakBytes: number;
  readonly stats: ReadStats;
}

const config = loadConfig(process.argv[2]!);
const layout = layoutOf(config);
const counts = createCounts('traces');
const store = counts.counting(await openStore(config, { mayBlock: true, observe: counts.observe }));
const catalog = createCatalog(store);
const footers = createFooterCache(config.operations.readCacheBytes);

async function run({ parameters, countOnly }: ReadTask): Promise<ReadOutcome> {
  const cpu = process.cpuUsage();
  const start = performance.now();
  const request = readRequest('traces', { ...parameters, buffered: 'false' });
  const result = readRows(request, { ...readDeps(config, layout, store, catalog, 'traces'), footers });
  let bytesOut = 0;
  if (countOnly) for await (const _ of result.batches());
  else {
    const options = { table: request.table, parquet: config.parquet };
    const chunks = emit(request.format, result.output, result.batches(), options);
    for await (const chunk of chunks) {
      bytesOut += chunk.byteLength;
      // A reader thread hands its chunks over, and no longer has their memory.
      releaseBuffers([chunk.buffer]);
    }
  }
  const { user, system } = process.cpuUsage(cpu);
  const ms = performance.now() - start;
  return {
    ms,
    cpuMs: (user + system) / 1000,
    bytesOut,
    peakBytes: peakBytesOf('self'),
    stats: result.stats,
    ...counts.take(),
  };
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await run(JSON.parse(line)))}\n`);
}
store.close();
