/** The thread of a reader: each message brings the port of one read; reads of a thread share its caches. */
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { createCatalog } from '../catalog/catalog.ts';
import { memoryPlan } from '../ingest/memory-plan.ts';
import type { TableName } from '../model/signal.ts';
import { letOthersGoFirst } from '../platform/priority.ts';
import { createFooterCache } from '../read/parquet/footer-cache.ts';
import { createRangeCache } from '../read/range-cache.ts';
import { createRooms } from '../read/room.ts';
import { serveRead } from '../read/serve-read.ts';
import { openStore } from '../store/open.ts';
import { createLogger } from '../telemetry/log.ts';
import { createStoreTally } from '../telemetry/store-tally.ts';
import { readDeps } from './read-deps.ts';
import type { ThreadData } from './thread-data.ts';

export interface ToReader {
  readonly port: MessagePort;
  readonly table: TableName;
}

const { config, layout, storeCounts } = workerData as ThreadData;
letOthersGoFirst();
const log = createLogger(config.telemetry, { thread: 'reader' });
const store = await openStore(config, { mayBlock: true, observe: createStoreTally(storeCounts).observe });
const catalog = createCatalog(store, { onProblem: (key, error) => log.warn({ key, code: error.code }, error.message) });
const footers = createFooterCache(config.operations.readCacheBytes);
const { readCachePath, readCacheDiskBytes } = config.operations;
const ranges =
  readCachePath === undefined
    ? undefined
    : createRangeCache({
        folder: readCachePath,
        maxBytes: readCacheDiskBytes,
        location: store.location,
        onProblem: (error) =>
          log.warn({ error: String(error) }, `the cache of reads in ${readCachePath} failed; reads go on without it`),
      });
const { readsResidentBytes } = memoryPlan(config);
const rooms = readsResidentBytes === undefined ? undefined : createRooms(readsResidentBytes);

parentPort!.on('message', ({ port, table }: ToReader) => {
  void serveRead(port, { ...readDeps(config, layout, store, catalog, table), footers, ranges, rooms });
});
