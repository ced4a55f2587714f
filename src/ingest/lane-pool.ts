/** Hands requests to lanes and their answers back; the main thread's side of `threads/lane.ts`. */
import { BridgeError, errorFromData } from '../errors.ts';
import type { Randomness } from '../platform/clock.ts';
import type { ExportOutcome, ExportRequest, FromLane, SealedSegment, SealReason, ToLane } from './messages.ts';
import type { ThreadPort } from './threads.ts';

export interface LanePool {
  /** Resolves when the request is durable; rejects with the BridgeError to answer. */
  accept(request: ExportRequest): Promise<ExportOutcome>;
  /** Seals every lane's open segment; resolves with their commit ids when all have been handed to `onSealed`. */
  seal(): Promise<string[]>;
  /** Seals and ends the threads. */
  stop(): Promise<void>;
  /** Bytes of requests waiting in lanes and of the lanes' open batches. */
  readonly memoryBytes: number;
  /** Bytes of the lanes' open batches alone. */
  readonly rowBytes: number;
  /** Bytes of the lanes' open segments. */
  readonly journalBytes: number;
  readonly duplicateKeys: number;
  /** Why a lane cannot write its journal at the moment. */
  readonly journalFailure: string | undefined;
}

export interface LanePoolOptions {
  readonly lanes: number;
  /** Starts a lane's thread; its commit ids carry the node. */
  readonly startThread: (node: string) => ThreadPort<ToLane, FromLane>;
  readonly randomness: Randomness;
  readonly onSealed: (segment: SealedSegment, reason: SealReason) => void;
  /** A lane cannot write its journal any more, or (undefined) can again. */
  readonly onJournal: (failure: string | undefined) => void;
  /** A lane's thread has ended by itself; its open segment waits in the journal, its commit id holds `node`. */
  readonly onLost: (node: string, error: Error | undefined) => void;
}

interface Pending {
  readonly resolve: (outcome: ExportOutcome) => void;
  readonly reject: (error: BridgeError) => void;
  readonly bytes: number;
}

interface LaneState {
  node: string;
  port: ThreadPort<ToLane, FromLane>;
  readonly pending: Map<number, Pending>;
  readonly seals: Map<number, (commitId: string | undefined) => void>;
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
  const lanes = Array.from({ length: options.lanes }, startLane);

  function startLane(): LaneState {
    const node = options.randomness.hex(4);
    const lane: LaneState = {
      node,
      port: options.startThread(node),
      pending: new Map(),
      seals: new Map(),
      queuedBytes: 0,
      memoryBytes: 0,
      journalBytes: 0,
      duplicateKeys: 0,
      journalFailure: undefined,
      stopped: undefined,
    };
    listen(lane);
    return lane;
  }

  function listen(lane: LaneState): void {
    lane.port.onMessage((message) => onMessage(lane, message));
    lane.port.onExit((error) => onExit(lane, error));
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
        if (answer.ok) pending.resolve(answer.outcome);
        else pending.reject(errorFromData(answer.error));
      }
    } else if (message.type === 'journal') {
      lane.journalFailure = message.failure;
      options.onJournal(message.failure);
    } else if (message.type === 'sealed') {
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

  function onExit(lane: LaneState, error: Error | undefined): void {
    const lost = new BridgeError('unavailable', 'a worker thread ended while it had this request', {
      cause: error,
      retryAfterMs: 1000,
    });
    for (const pending of lane.pending.values()) pending.reject(lost);
    for (const done of lane.seals.values()) done(undefined);
    lane.pending.clear();
    lane.seals.clear();
    lane.queuedBytes = 0;
    lane.memoryBytes = 0;
    lane.journalBytes = 0;
    lane.journalFailure = undefined;
    lane.stopped?.();
    if (stopping) return;
    const lostNode = lane.node;
    lane.node = options.randomness.hex(4);
    lane.port = options.startThread(lane.node);
    listen(lane);
    options.onLost(lostNode, error);
  }

  /** The first lane with nothing to do, so that a quiet bridge fills one segment; else the one with least to do. */
  function chooseLane(): LaneState {
    let best = lanes[0]!;
    for (const lane of lanes) {
      if (lane.pending.size === 0) return lane;
      if (lane.queuedBytes < best.queuedBytes) best = lane;
    }
    return best;
  }

  function sum(of: (lane: LaneState) => number): number {
    return lanes.reduce((total, lane) => total + of(lane), 0);
  }

  return {
    accept(request) {
      const lane = chooseLane();
      const id = nextId++;
      const bytes = request.body.byteLength;
      return new Promise((resolve, reject) => {
        lane.pending.set(id, { resolve, reject, bytes });
        lane.queuedBytes += bytes;
        lane.port.post({ type: 'request', id, ...request }, [request.body.buffer]);
      });
    },
    async seal() {
      const sealed = await Promise.all(
        lanes.map(
          (lane) =>
            new Promise<string | undefined>((resolve) => {
              const id = nextId++;
              lane.seals.set(id, resolve);
              lane.port.post({ type: 'seal', id });
            }),
        ),
      );
      return sealed.filter((id) => id !== undefined);
    },
    async stop() {
      stopping = true;
      await Promise.all(
        lanes.map((lane) => {
          const stopped = new Promise<void>((resolve) => {
            lane.stopped = resolve;
          });
          lane.port.post({ type: 'stop' });
          return stopped;
        }),
      );
      await Promise.all(lanes.map((lane) => lane.port.terminate()));
    },
    get memoryBytes() {
      return sum((lane) => lane.queuedBytes + lane.memoryBytes);
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
  };
}
