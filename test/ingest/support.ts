/** A lane and its commits without threads, over a temporary journal and a store in memory. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { layoutOf } from '../../src/app/layout.ts';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { createCommits } from '../../src/catalog/commits.ts';
import { parseConfig } from '../../src/config/load.ts';
import { type CommitDeps, commitSegment } from '../../src/ingest/commit-segment.ts';
import { createLane, type Lane } from '../../src/ingest/lane.ts';
import type { CommitResult, LaneAnswer, LaneRequest, SealedSegment } from '../../src/ingest/messages.ts';
import { makeJournalFolders } from '../../src/journal/journal.ts';
import { type Clock, systemRandomness } from '../../src/platform/clock.ts';
import { type Files, systemFiles } from '../../src/platform/files.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { readSamples } from '../support/samples.ts';
import { tempFolder } from '../support/temp.ts';

/** A captured request with many spans, all with valid ids. */
export const SAMPLE = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;

export interface Bench {
  readonly journalPath: string;
  readonly lane: Lane;
  readonly sealed: SealedSegment[];
  readonly clock: { now: number };
  readonly catalog: ReturnType<typeof createCatalog>;
  readonly deps: CommitDeps;
  send(...bodies: Uint8Array[]): LaneAnswer[];
  commit(segment: SealedSegment): Promise<CommitResult>;
  rowsInLake(): Promise<number>;
}

export function createBench(
  t: Pick<TestContext, 'after'>,
  toml = '',
  files: Files = systemFiles,
  checkOwner = () => {},
  residentBytes = () => 0,
): Bench {
  const folder = tempFolder(t);
  const journalPath = join(folder, 'journal');
  const text = `[storage]\npath = "${join(folder, 'lake')}"\n[journal]\npath = "${journalPath}"\n${toml}`;
  const config = parseConfig(text, 'test.toml');
  const layout = layoutOf(config);
  const time = { now: Date.parse('2026-11-21T08:00:00Z') };
  const clock: Clock = { nowMs: () => time.now, monotonicMs: () => time.now };
  const store = createMemoryStore();
  const catalog = createCatalog(store);
  const sealed: SealedSegment[] = [];
  makeJournalFolders(systemFiles, journalPath);
  const lane = createLane({
    config,
    layout,
    files,
    clock,
    randomness: systemRandomness,
    node: 'aaaaaaaa',
    checkOwner,
    onSealed: (segment) => void sealed.push(segment),
    residentBytes,
  });
  const deps: CommitDeps = { config, layout, store, commits: createCommits(store), files, clock, version: 'test' };
  let id = 0;
  return {
    journalPath,
    lane,
    sealed,
    clock: time,
    catalog,
    deps,
    send(...bodies) {
      const group = bodies.map((body): LaneRequest => {
        const own = new Uint8Array(body);
        return {
          type: 'request',
          id: id++,
          signal: 'traces',
          contentType: 'protobuf',
          contentEncoding: 'identity',
          body: own,
        };
      });
      return lane.handle(group);
    },
    commit: (segment) => commitSegment(segment, deps),
    async rowsInLake() {
      const objects = await catalog.objects('traces');
      return objects.reduce((sum, { rows }) => sum + rows!, 0);
    },
  };
}

/** The segment as it looks after a restart: nothing but its file. */
export function onDisk(segment: SealedSegment): SealedSegment {
  const journalBytes = statSync(segment.path, { throwIfNoEntry: false })?.size ?? 0;
  return { ...segment, batches: undefined, counts: {}, journalBytes };
}
