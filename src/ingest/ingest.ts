/**
 * The write path on the main thread: admission, lanes, commit queue, recovery. Transports call `accept`; everything
 * else happens behind it.
 */
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Config } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { listSegments, makeJournalFolders, segmentCommitId } from '../journal/journal.ts';
import { type JournalLock, LOCK_CHECK_MS, type LockMark, lockJournal } from '../journal/lock.ts';
import type { Randomness } from '../platform/clock.ts';
import type { Files } from '../platform/files.ts';
import { watchResident } from '../platform/resident.ts';
import { within } from '../platform/within.ts';
import type { Logger } from '../telemetry/log.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { flushError } from './commit-failure.ts';
import { createCommitQueue } from './commit-queue.ts';
import { type Acknowledged, createLanePool } from './lane-pool.ts';
import { ALWAYS_TAKEN, maxRequestsBytes, memoryPlan } from './memory-plan.ts';
import type {
  ArrivedRequest,
  CommitResult,
  ExportOutcome,
  FromEncoder,
  FromLane,
  QuarantinedData,
  SealedSegment,
  ToEncoder,
  ToLane,
} from './messages.ts';
import { paceDelayMs } from './pace.ts';
import { createRowMetrics } from './row-metrics.ts';
import type { StartThread, ThreadPort } from './threads.ts';

export interface Ingest {
  /** Resolves when the request is durable. Rejects with the BridgeError to answer. */
  accept(request: ArrivedRequest): Promise<ExportOutcome>;
  /**
   * Asked before a body of this size is read: throws `overloaded` where the budget has no room, `unavailable` where the
   * journal has none, else holds the bytes, and those it is made to grow by, until they are released.
   */
  reserve(bytes: number): Reservation;
  /** Seals what is open and resolves when everything sealed so far is committed. */
  flush(): Promise<CommitResult[]>;
  /** Flushes within the deadline; what is not committed then stays in the journal for the next start. */
  stop(deadlineMs: number): Promise<StopReport>;
  status(): IngestStatus;
}

export interface Reservation {
  grow(bytes: number): void;
  release(): void;
}

/** What a stop has left in the journal. */
export interface StopReport {
  readonly segments: number;
  readonly bytes: number;
  /** Why it could not be committed; undefined where nothing is left. */
  readonly why: string | undefined;
}

export interface IngestStatus {
  readonly memoryBytes: number;
  /** The process takes more than its budget, whatever is counted. */
  readonly isCrowded: boolean;
  readonly journalBytes: number;
  /** Segments sealed and not committed. */
  readonly waitingCommits: number;
  readonly duplicateKeys: number;
  /** Why the journal cannot be written at the moment. */
  readonly journalFailure: string | undefined;
  /** Whether requests are refused because `journal.max_bytes` is reached, or were a moment ago. */
  readonly isJournalFull: boolean;
  /** How long the store has taken no commit; 0 where it takes them. */
  readonly storeAwayMs: number;
  /** Segments of an earlier run that are not committed yet. */
  readonly replaying: number;
  /** Threads that are not running, each as a sentence. */
  readonly troubles: readonly string[];
  /** Why commits fail at the moment, one error of each kind. */
  readonly failures: readonly BridgeError[];
}

export interface IngestOptions {
  readonly config: Config;
  readonly files: Files;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly startLane: (node: string, lock: LockMark) => ThreadPort<ToLane, FromLane>;
  /** Another bridge has the journal now: this one must end without touching it. */
  readonly onJournalLost: (error: BridgeError) => void;
  readonly randomness: Randomness;
  readonly startEncoder: StartThread<ToEncoder, FromEncoder>;
  readonly transferables: (segment: SealedSegment) => ArrayBuffer[];
}

/** A sender that was refused waits about so long: until then the journal counts as full. */
const JOURNAL_FULL_MS = 10_000;
/** Between tries to commit while stopping. */
const STOP_RETRY_MS = 1000;

/** How often something is done about a process that is nearly over its budget, or refuses requests for want of memory. */
const RELIEF_MS = 1000;
/** Share of the budget: a read that begins must not find the process full of what is only kept. */
const RELIEF_FROM = 0.9;

/** Takes the journal's lock, queues what an earlier run left, and starts the threads. */
export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const { config, files, log, metrics } = options;
  const { path: journalPath } = config.journal;
  const lock = await openJournal(files, journalPath);
  const plan = memoryPlan(config);
  const resident = watchResident(plan.residentBytes);
  const leftOver = listSegments(files, journalPath);
  const leftIds = new Set(leftOver.map(segmentCommitId));
  const rows = createRowMetrics(metrics);
  const queue = createCommitQueue({
    encoders: config.operations.encoders,
    startThread: options.startEncoder,
    transferables: options.transferables,
    maxMemoryBytes: plan.rowBytes,
    replayBytes: plan.laneBytes,
    isShort: isNearlyOver,
    maxEncoderBytes: plan.encoderBytes,
    onCommitted: logCommit,
    onEncoderDown: (error, restartInMs) => log.error({ err: error, restartInMs }, 'an encoder ended by itself'),
    onFailed({ commitId, error, retryInMs, isNews }) {
      const { code, hint, message } = error;
      metrics.commitFailures.inc({ code });
      const seconds = Math.round(retryInMs / 100) / 10;
      const fields = { commitId, code, hint };
      if (!isNews) log.debug(fields, `commit failed again, next try in ${seconds} s: ${message}`);
      else log.error(fields, `commit failed; its rows are safe in the journal and are tried again: ${message}`);
    },
    onRecovered(awayMs) {
      const segments = queue.waiting.length;
      log.info({ segments, seconds: Math.round(awayMs / 1000) }, 'the store takes commits again');
    },
  });
  const lanes = createLanePool({
    lanes: config.operations.lanes,
    startThread: (node) => options.startLane(node, lock.mark),
    randomness: options.randomness,
    onSealed(segment, reason) {
      log.debug({ commitId: segment.commitId, reason, rows: segment.counts }, 'segment sealed');
      queue.add(segment);
    },
    onJournal(failure) {
      if (failure === undefined) return log.info('the journal can be written again');
      metrics.journalFailures.inc();
      log.error(`${failure}; senders are told to try again later`);
    },
    onLost({ node, error, restartInMs, acknowledged }) {
      log.error({ err: error, restartInMs }, 'a lane ended by itself; its segment is replayed');
      const paths = listSegments(files, journalPath).filter((path) => path.includes(`-${node}-`));
      queueSegments(paths, acknowledged);
    },
  });
  let reservedBytes = 0;
  let journalRefusedMs = Number.NEGATIVE_INFINITY;
  let memoryRefusedMs = Number.NEGATIVE_INFINITY;
  // Lanes look before each answer; this is also for a bridge that has nothing to answer.
  const lockWatch = setInterval(() => {
    try {
      lock.renew();
    } catch (error) {
      clearInterval(lockWatch);
      options.onJournalLost(BridgeError.from(error));
    }
  }, LOCK_CHECK_MS).unref();

  const relief = setInterval(() => {
    if (isNearlyOver() || performance.now() - memoryRefusedMs < RELIEF_MS) relieve();
  }, RELIEF_MS).unref();

  if (leftOver.length > 0) log.info({ segments: leftOver.length }, 'replaying the journal of an earlier run');
  queueSegments(leftOver);

  /**
   * Requests are refused meanwhile, so nothing fills up and is sealed by itself: what is held open or kept would stay
   * until its age seals it. Rows are handed on only where they are some share of what may be held: files stay few.
   */
  function relieve(): void {
    if (lanes.rowBytes > (plan.dataBytes * ALWAYS_TAKEN) / 2) lanes.relieve();
    queue.relieve();
  }

  function isNearlyOver(): boolean {
    return resident.bytes > RELIEF_FROM * (plan.residentBytes ?? Number.POSITIVE_INFINITY);
  }

  function logCommit(result: CommitResult, segment: SealedSegment, tookMs: number): void {
    const { commitId, record, quarantined } = result;
    const missing = rows.committed(result, segment.counts);
    if (missing > 0) log.error({ commitId, missing }, 'acknowledged rows are missing: the journal was damaged');
    if (quarantined) logQuarantined(commitId, quarantined);
    if (!record) return;
    metrics.commits.inc();
    metrics.commitSeconds.observe(tookMs / 1000);
    for (const object of record.objects) {
      metrics.objects.inc({ table: object.table });
      metrics.objectBytes.inc({ table: object.table }, object.bytes);
    }
    log.info({ commitId, objects: record.objects.length, rows: record.rows, ms: Math.round(tookMs) }, 'committed');
  }

  function logQuarantined(commitId: string, { paths, bytes, cutBytes, lostRequests }: QuarantinedData): void {
    if (cutBytes > 0) {
      metrics.cutRequests.inc();
      const what = 'a request was being written when the bridge ended; it was not acknowledged, and is set aside';
      log.info({ commitId, paths, bytes: cutBytes }, what);
    }
    if (bytes === cutBytes) return;
    metrics.quarantined.inc();
    metrics.quarantinedBytes.inc(bytes - cutBytes);
    metrics.lostRequests.inc(lostRequests);
    log.error(
      { commitId, paths, bytes: bytes - cutBytes, lostRequests },
      'damaged journal data was set aside; what is whole is committed',
    );
  }

  /**
   * Queues segments that no lane has open; those in the queue already are left alone. `acknowledged` is what this run
   * has answered of them.
   */
  function queueSegments(paths: readonly string[], acknowledged: Acknowledged = new Map()): void {
    const known = new Set(queue.waiting);
    for (const path of paths) {
      const commitId = segmentCommitId(path);
      if (known.has(commitId)) continue;
      const journalBytes = segmentBytes(path);
      const counts = acknowledged.get(commitId) ?? {};
      queue.add({ commitId, path, batches: undefined, counts, memoryBytes: 0, journalBytes });
    }
  }

  /**
   * Commits what waits, with further tries while there is time; where the store was away before, there is one. Returns
   * why something is left.
   */
  async function drainUntil(endMs: number): Promise<string> {
    const wasAway = queue.isStoreAway;
    let why = 'the time to stop ran out';
    while (queue.waiting.length > 0) {
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) break;
      const result = await within(queue.drain([]).catch(BridgeError.from), leftMs);
      if (!(result instanceof BridgeError)) continue;
      why = result.message;
      if (wasAway) break;
      await sleep(Math.min(STOP_RETRY_MS, Math.max(0, endMs - performance.now())));
    }
    return why;
  }

  function countReplaying(): number {
    return queue.waiting.reduce((count, commitId) => count + (leftIds.has(commitId) ? 1 : 0), 0);
  }

  /** Requests are in `reservedBytes` from their first byte until they are answered. */
  function memoryBytes(): number {
    return reservedBytes + lanes.rowBytes + queue.memoryBytes;
  }

  function checkRoom(bytes: number): void {
    const heldBytes = memoryBytes() + bytes;
    const isCrowded = resident.isOver && heldBytes > plan.dataBytes * ALWAYS_TAKEN;
    const isRush = reservedBytes + bytes > maxRequestsBytes(plan, resident.bytes);
    if (heldBytes > plan.dataBytes || isCrowded || isRush) {
      memoryRefusedMs = performance.now();
      throw new BridgeError('overloaded', 'the memory budget is used up', {
        hint: 'Try again later; raise limits.memory_bytes where this goes on.',
        retryAfterMs: 1000,
      });
    }
    // What is on its way goes to the journal too: many at a time must not pass its bound together.
    if (journalBytes() + reservedBytes + bytes > config.journal.maxBytes) {
      journalRefusedMs = performance.now();
      throw new BridgeError('unavailable', 'the journal is full', {
        hint: 'The store is away or slow; try again later. journal.max_bytes bounds the journal.',
        retryAfterMs: 5000,
      });
    }
  }

  function journalBytes(): number {
    return lanes.journalBytes + queue.journalBytes;
  }

  return {
    reserve(bytes) {
      let held = 0;
      const grow = (more: number) => {
        checkRoom(more);
        held += more;
        reservedBytes += more;
      };
      grow(bytes);
      return {
        grow,
        release() {
          reservedBytes -= held;
          held = 0;
        },
      };
    },
    async accept(request) {
      const rowBytes = lanes.rowBytes + queue.memoryBytes;
      const delayMs = paceDelayMs(rowBytes / plan.rowBytes, queue.isStoreAway);
      if (delayMs >= 1) await sleep(delayMs);
      const outcome = await lanes.accept(request).catch((error: BridgeError) => {
        if (error.code === 'overloaded') memoryRefusedMs = performance.now();
        throw error;
      });
      rows.answered(request.signal, outcome);
      return outcome;
    },
    async flush() {
      const sealed = await lanes.seal();
      return queue.drain(sealed).catch((error: unknown) => {
        throw flushError(error, 'they are tried again by themselves.');
      });
    },
    async stop(deadlineMs) {
      const endMs = performance.now() + deadlineMs;
      await lanes.stop(deadlineMs / 2);
      const why = await drainUntil(endMs);
      await queue.stop();
      const left = listSegments(files, journalPath);
      const bytes = left.reduce((sum, path) => sum + segmentBytes(path), 0);
      clearInterval(lockWatch);
      clearInterval(relief);
      resident.stop();
      lock.release();
      const report = { segments: left.length, bytes, why: left.length > 0 ? why : undefined };
      if (left.length > 0) log.warn(report, 'what is not committed stays in the journal');
      return report;
    },
    status: () => ({
      memoryBytes: memoryBytes(),
      isCrowded: resident.isOver,
      journalBytes: journalBytes(),
      waitingCommits: queue.waiting.length,
      duplicateKeys: lanes.duplicateKeys,
      journalFailure: lanes.journalFailure,
      failures: queue.failures,
      isJournalFull:
        journalBytes() >= config.journal.maxBytes || performance.now() - journalRefusedMs < JOURNAL_FULL_MS,
      storeAwayMs: queue.storeAwayMs,
      replaying: countReplaying(),
      troubles: [...lanes.troubles, ...queue.troubles],
    }),
  };
}

function segmentBytes(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

async function openJournal(files: Files, journalPath: string): Promise<JournalLock> {
  try {
    makeJournalFolders(files, journalPath);
    return await lockJournal(journalPath);
  } catch (error) {
    if (error instanceof BridgeError) throw error;
    throw new BridgeError('config', `journal.path "${journalPath}" cannot be used: ${(error as Error).message}`, {
      hint: 'Name a folder this process may write to.',
      cause: error,
    });
  }
}
