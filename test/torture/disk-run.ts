/**
 * Some lives of a bridge on a simulated machine, each ended by a power cut, a kill or a stop, and a last one that commits
 * what is left. The lane, the journal, the commit and the file store are the real ones; what they are is decided by the
 * seed alone. Import after disk-promises.ts, which puts the store on the simulated disk.
 */
import { parquetReadObjects } from 'hyparquet';
import { layoutOf } from '../../src/app/layout.ts';
import { createCommits } from '../../src/catalog/commits.ts';
import { parseConfig } from '../../src/config/load.ts';
import { type CommitDeps, commitSegment } from '../../src/ingest/commit-segment.ts';
import { createLane, type Lane } from '../../src/ingest/lane.ts';
import type { LaneRequest, SealedSegment } from '../../src/ingest/messages.ts';
import { listSegments, makeJournalFolders, segmentCommitId } from '../../src/journal/journal.ts';
import type { CommitRecord } from '../../src/model/commit.ts';
import { createFileStore } from '../../src/store/file.ts';
import { Random } from '../fuzz/random.ts';
import { createDisk, type DiskNode } from './disk-model.ts';
import { useSystem } from './disk-promises.ts';
import { type Call, createSystem, type Fault, type System } from './disk-system.ts';

const CONFIG = parseConfig(
  `[storage]
path = "/simulated/lake"
[journal]
path = "/simulated/journal"
[parquet]
compression = "UNCOMPRESSED"
bloom_filter_enabled = false
[partitioning]
type = "value"
field = "service_name"
`,
  'torture.toml',
);
const LAYOUT = layoutOf(CONFIG);
const MAX_STEPS = 14;
const MAX_CALLS_TO_END = 250;

export interface SeedFigures {
  acknowledged: number;
  refused: number;
  /** Refused and in the lake all the same: the answer was lost, not the rows. */
  refusedStored: number;
  powerCuts: number;
  kills: number;
  failedCalls: number;
  quarantined: number;
}

export interface SeedResult {
  readonly figures: SeedFigures;
  /** Promises that were broken. */
  readonly problems: readonly string[];
}

interface Run {
  readonly random: Random;
  readonly system: System;
  readonly figures: SeedFigures;
  readonly clock: { now: number };
  /** Rows of each request, by its number. */
  readonly requests: { readonly rows: number; acknowledged: boolean }[];
}

export interface SeedOptions {
  /** Told every call of the machine, and what the bridge answered. */
  readonly trace?: (line: string) => void;
  /** Calls that do nothing, for finding out whether that would be noticed. */
  readonly forgets?: Call;
}

export async function runSeed(seed: number, { trace = () => {}, forgets }: SeedOptions = {}): Promise<SeedResult> {
  const random = new Random(seed, 1);
  const system = createSystem(createDisk(random), random);
  system.trace = trace;
  system.forgets = forgets;
  useSystem(system);
  const figures = {
    acknowledged: 0,
    refused: 0,
    refusedStored: 0,
    powerCuts: 0,
    kills: 0,
    failedCalls: 0,
    quarantined: 0,
  };
  const run: Run = { random, system, figures, clock: { now: Date.parse('2026-11-21T08:00:00Z') }, requests: [] };
  const lives = 1 + random.below(3);
  for (let life = 0; life < lives; life++) {
    system.nextFault = faultsOfLife(run);
    await live(run, MAX_STEPS).catch((error: unknown) => {
      // A start that fails says so and is tried again by whoever started it.
      if (figures.failedCalls === 0 && !system.ended) throw error;
    });
    const end = system.ended ?? (random.oneIn(4) ? 'power cut' : 'kill');
    trace(end);
    system.restart(end);
    figures[end === 'kill' ? 'kills' : 'powerCuts']++;
  }
  system.nextFault = () => undefined;
  try {
    await live(run, 0);
  } catch (error) {
    return { figures, problems: [`what is left cannot be committed: ${(error as Error).message}`] };
  }
  return { figures, problems: await judge(run) };
}

/** A power cut or kill at some call of this life, or none; now and then calls that fail, once or from some call on. */
function faultsOfLife({ random, system, figures }: Run): System['nextFault'] {
  const endsAt = system.calls + (random.oneIn(4) ? Infinity : 1 + random.below(MAX_CALLS_TO_END));
  const endsBy = random.pick(['power cut', 'power cut', 'kill'] as const);
  const oneIn = random.pick([0, 0, 15, 40]);
  const failsFrom = system.calls + (random.oneIn(5) ? random.below(MAX_CALLS_TO_END) : Infinity);
  const failsWith = random.pick(['EIO', 'ENOSPC'] as const);
  return (call) => {
    if (system.calls >= endsAt) return endsBy;
    if (call === 'read' || call === 'truncate') return undefined;
    if (system.calls < failsFrom && (oneIn === 0 || !random.oneIn(oneIn))) return undefined;
    figures.failedCalls++;
    return faultOf(call, failsWith);
  };
}

function faultOf(call: Call, failsWith: Fault): Fault {
  return call === 'sync' || call === 'folder' ? 'EIO' : failsWith;
}

async function live(run: Run, maxSteps: number): Promise<void> {
  const { random, system, clock, figures } = run;
  const { files } = system;
  makeJournalFolders(files, CONFIG.journal.path);
  // As the daemon does, on another thread than the commits: it may come late, and the bridge starts without a lake too.
  if (!random.oneIn(3))
    await createFileStore(CONFIG.storage.path)
      .check()
      .catch(() => {});
  const store = createFileStore(CONFIG.storage.path);
  const time = { nowMs: () => clock.now, monotonicMs: () => clock.now };
  const deps: CommitDeps = {
    config: CONFIG,
    layout: LAYOUT,
    store,
    commits: createCommits(store),
    files,
    clock: time,
    version: 'torture',
  };
  const queue = listSegments(files, CONFIG.journal.path).map((path): SealedSegment => onDisk(system, path));
  const hex = (bytes: number) => Buffer.from(random.bytes(bytes)).toString('hex');
  const lane = createLane({
    config: CONFIG,
    layout: LAYOUT,
    files,
    clock: time,
    randomness: { hex },
    node: hex(4),
    checkOwner() {},
    residentBytes: () => 0,
    onSealed: (segment) => void queue.push(segment),
  });

  async function commitFirst(): Promise<void> {
    const segment = queue.shift();
    if (!segment) return;
    try {
      const { quarantined } = await commitSegment(segment, deps);
      if (quarantined) figures.quarantined++;
    } catch (error) {
      if (maxSteps === 0) throw error;
      queue.push({ ...segment, batches: undefined });
    }
  }

  const steps = maxSteps === 0 ? 0 : 1 + random.below(maxSteps);
  for (let step = 0; step < steps && !system.ended; step++) {
    clock.now += random.below(2000);
    const action = random.below(10);
    if (action < 6) send(run, lane);
    else if (action < 7) lane.tick();
    else if (action < 8) lane.seal('request');
    else await commitFirst();
  }
  if (maxSteps > 0) return;
  while (queue.length > 0) await commitFirst();
}

function onDisk(system: System, path: string): SealedSegment {
  const { node } = system.open(path);
  const journalBytes = node.kind === 'file' ? node.size : 0;
  return { commitId: segmentCommitId(path), path, batches: undefined, counts: {}, memoryBytes: 0, journalBytes };
}

function send({ random, requests, figures, system }: Run, lane: Lane): void {
  const group = Array.from({ length: 1 + random.below(3) }, (): LaneRequest => {
    const rows = 1 + random.below(4);
    const id = requests.push({ rows, acknowledged: false }) - 1;
    const body = new Uint8Array(Buffer.from(JSON.stringify(requestOf(random, id, rows))));
    return { type: 'request', id, signal: 'logs', contentType: 'json', contentEncoding: 'identity', body };
  });
  for (const answer of lane.handle(group)) {
    system.trace(`request ${answer.id} ${answer.ok ? 'acknowledged' : `refused: ${answer.error.message}`}`);
    if (answer.ok) requests[answer.id]!.acknowledged = true;
    figures[answer.ok ? 'acknowledged' : 'refused']++;
  }
}

/** Its rows go to two objects of the commit, and its length crosses sectors. */
function requestOf(random: Random, id: number, rows: number): object {
  const padding = 'x'.repeat(random.below(1500));
  return {
    resourceLogs: Array.from({ length: rows }, (_, row) => ({
      resource: { attributes: [{ key: 'service.name', value: { stringValue: `service-${row % 2}` } }] },
      scopeLogs: [
        { logRecords: [{ timeUnixNano: '1763715600000000123', body: { stringValue: `${id} ${row} ${padding}` } }] },
      ],
    })),
  };
}

/** What the objects hold, read as an engine would: every Parquet file that can be seen, and each named by one record. */
async function judge({ system, requests, figures }: Run): Promise<string[]> {
  const problems: string[] = [];
  const recorded = new Set<string>();
  for (const { name, bytes } of filesBelow(system.disk.root, '.json')) {
    const keys = objectsOf(bytes);
    for (const key of keys) recorded.add(`/simulated/lake/${key}`);
    if (keys.length === 0) problems.push(`${name} names no object`);
  }
  const found = requests.map(({ rows }) => new Array<number>(rows).fill(0));
  for (const { name, bytes } of filesBelow(system.disk.root, '.parquet')) {
    if (!recorded.delete(name)) problems.push(`${name} is named by no commit record`);
    const { buffer, byteOffset, length } = bytes;
    const file = buffer.slice(byteOffset, byteOffset + length) as ArrayBuffer;
    const rows = await parquetReadObjects({ file, columns: ['body'] }).catch((error: Error) => {
      problems.push(`${name} cannot be read: ${error.message}`);
      return [];
    });
    for (const { body } of rows) {
      const [id, row] = String(body).split(' ').map(Number);
      found[id!]![row!]!++;
    }
  }
  for (const key of recorded) problems.push(`${key} is named by a commit record and is not there`);
  for (const [id, { rows, acknowledged }] of requests.entries()) {
    const counts = found[id]!;
    const isWhole = counts.every((count) => count === 1);
    if (acknowledged ? !isWhole : !isWhole && counts.some((count) => count !== 0)) {
      problems.push(`request ${id} (${rows} rows, ${acknowledged ? '' : 'not '}acknowledged) is there ${counts} times`);
    }
    if (!acknowledged && isWhole) figures.refusedStored++;
  }
  return problems;
}

/** Keys of the objects a commit record names; none where it cannot be read. */
function objectsOf(record: Buffer): string[] {
  try {
    return (JSON.parse(record.toString()) as CommitRecord).objects.map(({ key }) => key);
  } catch {
    return [];
  }
}

/** But those of uploads that were not completed. */
function* filesBelow(node: DiskNode, ending: string, name = ''): Generator<{ name: string; bytes: Buffer }> {
  if (node.kind === 'folder' && name !== '/simulated/lake/_lake/tmp') {
    for (const [child, childNode] of node.names) yield* filesBelow(childNode, ending, `${name}/${child}`);
  } else if (node.kind === 'file' && name.endsWith(ending)) {
    yield { name, bytes: node.bytes.subarray(0, node.size) };
  }
}
