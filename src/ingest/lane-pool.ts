/** Hands requests to lanes and their answers back; the main thread's side of `app/lane-thread.ts`. */
import { BridgeError, errorFromData } from '../errors.ts';
import { type ByTable, createRowTally, type JournalledRows, type RowTally } from '../model/row-counts.ts';
import type { SignalName } from '../model/signal.ts';
import type { Randomness } from '../platform/clock.ts';
import { within } from '../platform/within.ts';
import type { ArrivedRequest, ExportOutcome, FromLane, SealedSegment, SealReason, ToLane } from './messages.ts';
import { type SupervisedThread, supervise } from './supervise.ts';
import type { ThreadPort } from './threads.ts';

export interface LanePool {
  /** Resolves when the request is durable; rejects with the BridgeError to answer. */
  accept(request: ArrivedRequest): Promise<ExportOutcome>;
  /** Seals every lane's open segment; resolves with their commit ids when all have been handed to `onSealed`. */
  seal(): Promise<string[]>;
  /** For when memory is short: lanes hand their rows on and collect their garbage. */
  relieve(): void;
  /** Seals and ends the threads; a lane that has not sealed within the deadline leaves its segment in the journal. */
  stop(deadlineMs: number): Promise<void>;
  /** Bytes of the lanes' open batches. */
  readonly rowBytes: number;
  /** Bytes of the lanes' open segments. */
  readonly journalBytes: number;
  readonly duplicateKeys: number;
  /** Why a lane cannot write its journal at the moment. */
  readonly journalFailure: string | undefined;
  /** Lanes that are not running, each with its reason as a sentence. */
  readonly troubles: readonly string[];
}

/** Rows of answered requests, by the commit id of the segment that has them. */
export type Acknowledged = ReadonlyMap<string, ByTable<JournalledRows>>;

export interface LostLane {
  /** Stands in the commit id of the segment the lane had open, which waits in the journal. */
  readonly node: string;
  readonly error: Error | undefined;
  readonly restartInMs: number;
  /** What it had answered with success and not handed on. */
  readonly acknowledged: Acknowledged;
}

export interface LanePoolOptions {
  readonly lanes: number;
  /** Starts a lane's thread; its commit ids carry the node. */
  readonly startThread: (node: string) => ThreadPort<ToLane, FromLane>;
  readonly randomness: Randomness;
  readonly onSealed: (segment: SealedSegment, reason: SealReason) => void;
  /** A lane cannot write its journal any more, or (undefined) can again. */
  readonly onJournal: (failure: string | undefined) => void;
  /** A lane's thread has ended by itself. */
  readonly onLost: (lost: LostLane) => void;
}

interface Pending {
  readonly signal: SignalName;
  readonly resolve: (outcome: ExportOutcome) => void;
  readonly reject: (error: BridgeError) => void;
  readonly bytes: number;
}

interface LaneState {
  readonly thread: SupervisedThread<ToLane>;
  readonly pending: Map<number, Pending>;
  readonly seals: Map<number, (commitId: string | undefined) => void>;
  /** By segment, of those that were not handed on yet: the open one, and for a moment the one before it. */
  readonly acknowledged: Map<string, RowTally>;
  queuedBytes: number;
  memoryBytes: number;
  journalBytes: number;
  duplicateKeys: number;
  journalFailure: string | undefined;
  /** Resolves `stop`. */
  stopped: (() => void) | undefined;
}

export function createLanePool(options: LanePoolOptions): LanePool {
  let nextId = 0;
  let stopping = false;
  const lanes = Array.from({ length: options.lanes }, (_, i) => startLane(`lane ${i + 1}`));

  function startLane(name: string): LaneState {
    let node = '';
    const lane: LaneState = {
      thread: supervise<ToLane, FromLane>({
        name,
        start() {
          node = options.randomness.hex(4);
          return options.startThread(node);
        },
        onMessage: (message) => onMessage(lane, message),
        onDown: (error, restartInMs) => onDown(lane, node, error, restartInMs),
        onUp() {},
      }),
      pending: new Map(),
      seals: new Map(),
      acknowledged: new Map(),
      queuedBytes: 0,
      memoryBytes: 0,
      journalBytes: 0,
      duplicateKeys: 0,
      journalFailure: undefined,
      stopped: undefined,
    };
    return lane;
  }

  function onMessage(lane: LaneState, message: FromLane): void {
    if (message.type === 'answers') {
      lane.memoryBytes = message.memoryBytes;
      lane.journalBytes = message.journalBytes;
      lane.duplicateKeys = message.duplicateKeys;
      for (const answer of message.answers) {
        const pending = lane.pending.get(answer.id);
        if (!pending) continue;
        lane.pending.delete(answer.id);
        lane.queuedBytes -= pending.bytes;
        if (answer.ok) {
          if (answer.commitId !== undefined) acknowledge(lane, answer.commitId, pending.signal, answer.outcome);
          pending.resolve(answer.outcome);
        } else pending.reject(errorFromData(answer.error));
      }
    } else if (message.type === 'journal') {
      lane.journalFailure = message.failure;
      options.onJournal(message.failure);
    } else if (message.type === 'sealed') {
      lane.acknowledged.delete(message.segment.commitId);
      lane.memoryBytes = 0;
      lane.journalBytes = 0;
      options.onSealed(message.segment, message.reason);
    } else if (message.type === 'sealDone') {
      lane.seals.get(message.id)?.(message.commitId);
      lane.seals.delete(message.id);
    } else {
      lane.stopped?.();
    }
  }

  function acknowledge(
    { acknowledged }: LaneState,
    commitId: string,
    signal: SignalName,
    outcome: ExportOutcome,
  ): void {
    const tally = acknowledged.get(commitId) ?? createRowTally();
    acknowledged.set(commitId, tally);
    tally.add(signal, outcome);
  }

  function onDown(lane: LaneState, node: string, error: Error | undefined, restartInMs: number): void {
    const lost = new BridgeError('unavailable', 'a worker thread ended while it had this request', {
      cause: error,
      retryAfterMs: 1000,
    });
    for (const pending of lane.pending.values()) pending.reject(lost);
    for (const done of lane.seals.values()) done(undefined);
    const acknowledged = new Map([...lane.acknowledged].map(([commitId, tally]) => [commitId, tally.counts()]));
    lane.acknowledged.clear();
    lane.pending.clear();
    lane.seals.clear();
    lane.queuedBytes = 0;
    lane.memoryBytes = 0;
    lane.journalBytes = 0;
    lane.journalFailure = undefined;
    lane.stopped?.();
    options.onLost({ node, error, restartInMs, acknowledged });
  }

  /** The first lane with nothing to do, so that a quiet bridge fills one segment; else the one with least to do. */
  function chooseLane(): LaneState {
    let best: LaneState | undefined;
    for (const lane of lanes) {
      if (!lane.thread.isUp) continue;
      if (lane.pending.size === 0) return lane;
      if (best === undefined || lane.queuedBytes < best.queuedBytes) best = lane;
    }
    if (best) return best;
    throw new BridgeError('unavailable', 'no lane is running at the moment', {
      hint: 'Try again later; /readyz says why.',
      retryAfterMs: 1000,
    });
  }

  function sum(of: (lane: LaneState) => number): number {
    return lanes.reduce((total, lane) => total + of(lane), 0);
  }

  return {
    async accept(request) {
      const lane = chooseLane();
      const id = nextId++;
      const { signal, parts } = request;
      const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
      return new Promise((resolve, reject) => {
        lane.pending.set(id, { signal, resolve, reject, bytes });
        lane.queuedBytes += bytes;
        const buffers = parts.map(({ buffer }) => buffer);
        lane.thread.post({ type: 'request', id, ...request }, buffers);
      });
    },
    async seal() {
      const running = lanes.filter((lane) => lane.thread.isUp);
      const sealed = await Promise.all(
        running.map(
          (lane) =>
            new Promise<string | undefined>((resolve) => {
              const id = nextId++;
              lane.seals.set(id, resolve);
              lane.thread.post({ type: 'seal', id });
            }),
        ),
      );
      return sealed.filter((id) => id !== undefined);
    },
    relieve() {
      for (const { thread } of lanes) if (thread.isUp) thread.post({ type: 'relieve' });
    },
    async stop(deadlineMs) {
      if (stopping) return;
      stopping = true;
      const running = lanes.filter((lane) => lane.thread.isUp);
      const ends = running.map((lane) => {
        const stopped = new Promise<void>((resolve) => {
          lane.stopped = resolve;
        });
        lane.thread.post({ type: 'stop' });
        return stopped;
      });
      await within(Promise.all(ends), deadlineMs);
      await Promise.all(lanes.map((lane) => lane.thread.stop()));
    },
    get rowBytes() {
      return sum((lane) => lane.memoryBytes);
    },
    get journalBytes() {
      return sum((lane) => lane.journalBytes);
    },
    get duplicateKeys() {
      return sum((lane) => lane.duplicateKeys);
    },
    get journalFailure() {
      return lanes.find((lane) => lane.journalFailure !== undefined)?.journalFailure;
    },
    get troubles() {
      return lanes.flatMap((lane) => lane.thread.trouble ?? []);
    },
  };
}
