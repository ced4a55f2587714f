/** The thread of an encoder: commits one segment after another. */
import { parentPort, workerData } from 'node:worker_threads';
import { createCommits } from '../catalog/commits.ts';
import { errorToData } from '../errors.ts';
import { commitSegment, writerMemoryBytes } from '../ingest/commit-segment.ts';
import type { FromEncoder, ToEncoder } from '../ingest/messages.ts';
import { systemClock } from '../platform/clock.ts';
import { systemFiles } from '../platform/files.ts';
import { letOthersGoFirst } from '../platform/priority.ts';
import { openStore } from '../store/open.ts';
import { createLogger } from '../telemetry/log.ts';
import { createStoreTally } from '../telemetry/store-tally.ts';
import type { ThreadData } from './thread-data.ts';

letOthersGoFirst();
const port = parentPort!;
const { config, layout, version, storeCounts } = workerData as ThreadData;
const log = createLogger(config.telemetry, { thread: 'encoder' });
const { observe } = createStoreTally(storeCounts);
const store = await openStore(config, { warn: (message, err) => log.warn({ err }, message), observe });
const commits = createCommits(store);
const deps = { config, layout, store, commits, files: systemFiles, clock: systemClock, version };

port.on('message', ({ id, segment, stored }: ToEncoder) => {
  commitSegment(segment, deps, stored).then(
    (result) => post({ type: 'committed', id, result, keptBytes: writerMemoryBytes() }),
    (thrown: unknown) => {
      const error = errorToData(thrown);
      // A trap may have spoilt the writer's WebAssembly memory: the next commit gets a new thread.
      const ends = error.code === 'internal';
      post({ type: 'failed', id, error, stored, ends });
      if (ends) process.exit(1);
    },
  );
});

function post(message: FromEncoder): void {
  port.postMessage(message);
}
