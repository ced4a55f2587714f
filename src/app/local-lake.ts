/** The lake without a running bridge: straight from the store and the journal. */
import { describeTables, tableOf } from '../api/tables.ts';
import { createCatalog } from '../catalog/catalog.ts';
import { createCommits } from '../catalog/commits.ts';
import type { Lake, LakeRead } from '../cli/lake.ts';
import type { Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { flushError, isOfStore } from '../ingest/commit-failure.ts';
import { commitSegment } from '../ingest/commit-segment.ts';
import { listSegments, makeJournalFolders, segmentCommitId } from '../journal/journal.ts';
import { LOCK_CHECK_MS, lockJournal } from '../journal/lock.ts';
import type { CommitRecord } from '../model/commit.ts';
import type { ReadSummary } from '../model/read-summary.ts';
import { systemClock } from '../platform/clock.ts';
import { systemFiles } from '../platform/files.ts';
import { type ReadRequest, readRequestFromUrl } from '../read/request.ts';
import { respond } from '../read/respond.ts';
import { summaryOf } from '../read/summary.ts';
import type { ReadDeps } from '../read/types.ts';
import { openStore } from '../store/open.ts';
import { layoutOf } from './layout.ts';
import { readDeps } from './read-deps.ts';
import { tableSchemas } from './schemas.ts';
import { uploadsOf } from './uploads.ts';

export async function openLocalLake(config: Config, version: string): Promise<Lake> {
  const store = await openStore(config);
  const catalog = createCatalog(store);
  const uploads = uploadsOf(config, store);
  const layout = layoutOf(config);

  /** Commits every segment an earlier run left, as the bridge does at its start. */
  async function commitJournal(): Promise<CommitRecord[]> {
    makeJournalFolders(systemFiles, config.journal.path);
    const lock = await lockJournal(config.journal.path);
    const renewal = setInterval(() => {
      try {
        lock.renew();
      } catch {
        clearInterval(renewal); // the next segment says why
      }
    }, LOCK_CHECK_MS);
    try {
      const deps = {
        config,
        layout,
        store,
        commits: createCommits(store),
        files: systemFiles,
        clock: systemClock,
        version,
      };
      const records: CommitRecord[] = [];
      let failure: BridgeError | undefined;
      for (const path of listSegments(systemFiles, config.journal.path)) {
        lock.renew();
        const commitId = segmentCommitId(path);
        const segment = { commitId, path, batches: undefined, counts: {}, memoryBytes: 0, journalBytes: 0 };
        try {
          const { record } = await commitSegment(segment, deps);
          if (record) records.push(record);
        } catch (thrown) {
          const error = BridgeError.from(thrown);
          failure ??= error;
          if (isOfStore(error)) break; // the others would fail alike, each after all of its tries
        }
      }
      if (failure) throw flushError(failure, 'run this again, or start the bridge.');
      return records;
    } finally {
      clearInterval(renewal);
      lock.release();
    }
  }

  return {
    via: store.location,
    read(table, params, signal) {
      const request = readRequestFromUrl(tableOf(table), params);
      return localRead(request, readDeps(config, layout, store, catalog, request.table), signal);
    },
    tables: () => describeTables({ catalog, schemas: tableSchemas(config) }),
    partitions: (filter) => catalog.partitions(filter),
    async deletePartition(table, path, dryRun) {
      if (!dryRun) await commitJournal();
      return catalog.deletePartition(table, path, { dryRun });
    },
    uploads: (prefix) => uploads.list(prefix),
    abortUploads: (prefix, seconds) => uploads.abort(prefix, seconds === undefined ? undefined : seconds * 1000),
    flush: commitJournal,
    close: async () => store.close(),
  };
}

function localRead(request: ReadRequest, deps: ReadDeps, signal: AbortSignal): LakeRead {
  let summary: ReadSummary | undefined;
  return {
    get summary() {
      return summary;
    },
    async *[Symbol.asyncIterator]() {
      const startMs = performance.now();
      const { chunks, stats } = respond(request, deps);
      yield* chunks(signal);
      summary = summaryOf(stats, performance.now() - startMs);
    },
  };
}
