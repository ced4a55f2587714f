/** What all calls of one connector share. */
import { type Catalog, createCatalog } from '../catalog/catalog.ts';
import { type ChangeSource, createChangeSource } from '../catalog/changes.ts';
import { type Commits, createCommits } from '../catalog/commits.ts';
import type { Config } from '../config/types.ts';
import { commitId } from '../model/commit.ts';
import { type Clock, systemClock, systemRandomness } from '../platform/clock.ts';
import type { ObjectStore } from '../store/store.ts';
import {
  type CallRecorder,
  createCallRecorder,
  createLatencyRecorder,
  type LatencyRecorder,
  type RequestRecorder,
} from './metrics.ts';

export interface WriteCounts {
  files: number;
  records: number;
  bytes: number;
  arrowBytes: number;
}

export interface ConnectorContext {
  readonly config: Config;
  readonly store: ObjectStore;
  readonly commits: Commits;
  readonly catalog: Catalog;
  readonly changes: ChangeSource;
  readonly clock: Clock;
  /** Written into every file's metadata. */
  readonly version: string;
  readonly writes: CallRecorder;
  readonly written: WriteCounts;
  readonly fileLatency: LatencyRecorder;
  readonly reads: CallRecorder;
  readonly read: { records: number };
  readonly requests: RequestRecorder;
  /** A commit id that nobody else has. */
  nextCommitId(): string;
}

/** `requests` hears of the store's requests. */
export function createContext(
  config: Config,
  store: ObjectStore,
  version: string,
  requests: RequestRecorder,
): ConnectorContext {
  const clock = systemClock;
  const catalog = createCatalog(store);
  const node = systemRandomness.hex(4);
  let sequence = 0;
  return {
    config,
    store,
    commits: createCommits(store),
    catalog,
    changes: createChangeSource(store, catalog),
    clock,
    version,
    writes: createCallRecorder(),
    written: { files: 0, records: 0, bytes: 0, arrowBytes: 0 },
    fileLatency: createLatencyRecorder(),
    reads: createCallRecorder(),
    read: { records: 0 },
    requests,
    nextCommitId: () => commitId(clock.nowMs(), node, sequence++),
  };
}
