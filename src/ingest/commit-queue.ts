/**
 * Sealed segments on their way to the lake. Every encoder takes one at a time, oldest first. A commit that fails is tried
 * again from its segment for ever, because the segment is the only place its rows are in.
 *
 * How long it waits depends on what failed (commit-failure.ts). Where it is the segment, it alone waits. Where it is the
 * store, every other segment would fail alike: the queue pauses, and then tries one segment, each time another one,
 * until a commit succeeds, or gets on at least. Both delays grow, with jitter, up to a minute.
 *
 * Memory: batches that find no room are let go at once, and those of a failed commit too: their segment has them. Hours
 * without a store leave nothing in memory but a line for each segment, whose number the journal's size bounds.
 */
import { BridgeError, errorFromData } from '../errors.ts';
import { releaseBuffers } from '../platform/memory.ts';
import { isOfStore } from './commit-failure.ts';
import type { CommitResult, FromEncoder, SealedSegment, StoredObjects, ToEncoder } from './messages.ts';
import { type SupervisedThread, supervise } from './supervise.ts';
import type { StartThread } from './threads.ts';

export interface CommitQueueOptions {
  readonly encoders: number;
  readonly startThread: StartThread<ToEncoder, FromEncoder>;
  readonly transferables: (segment: SealedSegment) => ArrayBuffer[];
  /** Bytes of batches kept in memory for encoders. */
  readonly maxMemoryBytes: number;
  /** What a segment takes in an encoder that reads it again. */
  readonly replayBytes: number;
  /** Whether the process is nearly full: then one encoder works at a time. */
  readonly isShort: () => boolean;
  /** Memory kept by an encoder after which it is started anew. */
  readonly maxEncoderBytes: number;
  readonly onCommitted: (result: CommitResult, segment: SealedSegment, tookMs: number) => void;
  readonly onFailed: (failure: CommitFailure) => void;
  /** The first commit after the store was away. */
  readonly onRecovered?: (awayMs: number) => void;
  /** An encoder's thread has ended by itself; its segment is tried again. */
  readonly onEncoderDown: (error: Error | undefined, restartInMs: number) => void;
}

export interface CommitFailure {
  readonly commitId: string;
  readonly error: BridgeError;
  /** At the earliest. */
  readonly retryInMs: number;
  /** Whether this was not known before: worth a line in the log, which a further try that fails alike is not. */
  readonly isNews: boolean;
}

export interface CommitQueue {
  add(segment: SealedSegment): void;
  /**
   * Tries waiting segments at once, and resolves when all that were in the queue, and those named, are committed;
   * rejects when the first of them fails (it is tried again later).
   */
  drain(commitIds: readonly string[]): Promise<CommitResult[]>;
  /** Ids of all segments not committed yet. */
  readonly waiting: readonly string[];
  /**
   * For when memory is short: encoders that have nothing to do and keep WebAssembly memory are started anew, and where
   * the store is away the batches that wait for it are let go.
   */
  relieve(): void;
  readonly memoryBytes: number;
  readonly journalBytes: number;
  /** Whether the store took none of the last commits. */
  readonly isStoreAway: boolean;
  /** For how long; 0 where it is not. */
  readonly storeAwayMs: number;
  /** What the segments that failed and still wait have met last: one of each kind, the store's first. */
  readonly failures: readonly BridgeError[];
  /** Encoders that are not running, each with its reason as a sentence. */
  readonly troubles: readonly string[];
  stop(): Promise<void>;
}

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;
const MAX_RECENT = 256;
/** A thread that has done nothing keeps some megabytes, and a new one takes some time to start. */
const WORTH_NEW_BYTES = 32 * 1024 * 1024;
/** What has failed so often because of the store is a reason not to be ready also where other commits succeed. */
const MAX_QUIET_ATTEMPTS = 3;

interface Entry {
  readonly commitId: string;
  segment: SealedSegment;
  /** What earlier tries have stored. */
  stored: StoredObjects;
  attempts: number;
  failure: BridgeError | undefined;
  /** An encoder has it. */
  busy: boolean;
  /** Runs while it waits after a failure. */
  timer: NodeJS.Timeout | undefined;
  readonly watchers: Watcher[];
}

interface Watcher {
  readonly resolve: (result: CommitResult) => void;
  readonly reject: (error: BridgeError) => void;
}

interface Encoder {
  readonly thread: SupervisedThread<ToEncoder>;
  current: { readonly id: number; readonly entry: Entry; readonly startedMs: number } | undefined;
  /** By its last commit. */
  keptBytes: number;
  /** Said before it ended: why the commit it had has failed. */
  lastWords: BridgeError | undefined;
}

/** Lasts from the first commit that failed because of the store to the next one that succeeds. */
interface Pause {
  readonly sinceMs: number;
  error: BridgeError;
  /** Tries that failed since. */
  tries: number;
  /** Until the next try. */
  timer: NodeJS.Timeout | undefined;
}

export function createCommitQueue(options: CommitQueueOptions): CommitQueue {
  /** In the order in which they are tried. */
  const entries = new Map<string, Entry>();
  /** The last results, for a `drain` that asks for a segment just after its commit. */
  const recent = new Map<string, CommitResult>();
  let pause: Pause | undefined;
  let nextId = 0;
  let stopped = false;
  const encoders = Array.from({ length: options.encoders }, (_, i) => startEncoder(`encoder ${i + 1}`));

  function startEncoder(name: string): Encoder {
    const encoder: Encoder = {
      thread: supervise<ToEncoder, FromEncoder>({
        name,
        start: options.startThread,
        onMessage: (message) => onMessage(encoder, message),
        onDown: (error, restartInMs) => onDown(encoder, error, restartInMs),
        onUp: dispatch,
      }),
      current: undefined,
      keptBytes: 0,
      lastWords: undefined,
    };
    return encoder;
  }

  function onMessage(encoder: Encoder, message: FromEncoder): void {
    const current = encoder.current;
    if (!current || current.id !== message.id) return;
    if (message.type === 'failed') {
      const gotOn = noteProgress(current.entry, message.stored);
      const error = errorFromData(message.error);
      if (message.ends) {
        encoder.lastWords = error; // it gets nothing new before it has ended
        return;
      }
      encoder.current = undefined;
      failed(current.entry, error, gotOn);
    } else {
      encoder.current = undefined;
      committed(current.entry, message.result, performance.now() - current.startedMs);
      encoder.keptBytes = message.keptBytes;
      if (message.keptBytes > options.maxEncoderBytes) renew(encoder);
    }
    dispatch();
  }

  function onDown(encoder: Encoder, error: Error | undefined, restartInMs: number): void {
    const { current, lastWords } = encoder;
    encoder.current = undefined;
    encoder.lastWords = undefined;
    options.onEncoderDown(lastWords ?? error, restartInMs);
    if (!current) return;
    const why = error ? `: ${error.message}` : '';
    const ended = new BridgeError('internal', `the encoder thread ended during a commit${why}`, { cause: error });
    failed(current.entry, lastWords ?? ended);
  }

  function dispatch(): void {
    if (stopped || pause?.timer) return;
    for (const encoder of encoders) {
      // One try at a time; and where memory is short, one commit.
      if ((pause || options.isShort()) && encoders.some(({ current }) => current)) return;
      if (encoder.current || !encoder.thread.isUp) continue;
      const entry = firstIdle();
      if (!entry) return;
      entry.busy = true;
      const id = nextId++;
      encoder.current = { id, entry, startedMs: performance.now() };
      const { segment, stored } = entry;
      encoder.thread.post({ type: 'commit', id, segment, stored }, options.transferables(segment));
      // The buffers are the encoder's now; a further try reads the segment again.
      entry.segment = withoutBatches(segment, segment.batches ? segment.memoryBytes : options.replayBytes);
    }
  }

  function renew(encoder: Encoder): void {
    encoder.keptBytes = 0;
    encoder.thread.renew();
  }

  function firstIdle(): Entry | undefined {
    for (const entry of entries.values()) if (!entry.busy && !entry.timer) return entry;
    return undefined;
  }

  function committed(entry: Entry, result: CommitResult, tookMs: number): void {
    entries.delete(entry.commitId);
    recent.set(entry.commitId, result);
    if (recent.size > MAX_RECENT) recent.delete(recent.keys().next().value!);
    endPause();
    options.onCommitted(result, entry.segment, tookMs);
    for (const watcher of entry.watchers) watcher.resolve(result);
  }

  /** A store that takes objects is not away, however many of its calls fail: no other segment waits because of it. */
  function noteProgress(entry: Entry, stored: StoredObjects): boolean {
    const gotOn = stored.size > entry.stored.size;
    entry.stored = stored;
    if (!gotOn) return false;
    entry.attempts = 0;
    endPause();
    return true;
  }

  function endPause(): void {
    if (!pause) return;
    clearTimeout(pause.timer);
    options.onRecovered?.(performance.now() - pause.sinceMs);
    pause = undefined;
  }

  function failed(entry: Entry, error: BridgeError, gotOn = false): void {
    const isStores = isOfStore(error) && !gotOn;
    const known = isStores ? pause?.error : entry.failure;
    const isNews = known?.code !== error.code;
    entry.failure = error;
    entry.segment = withoutBatches(entry.segment, 0);
    entry.busy = false;
    const ownMs = retryDelayMs(entry.attempts++);
    entry.timer = setTimeout(() => {
      entry.timer = undefined;
      dispatch();
    }, ownMs);
    // Behind the others: one that can never be stored must not be the one that is tried for all.
    entries.delete(entry.commitId);
    entries.set(entry.commitId, entry);
    const pauseMs = isStores ? lengthenPause(error) : 0;
    options.onFailed({ commitId: entry.commitId, error, retryInMs: Math.max(ownMs, pauseMs), isNews });
    for (const watcher of entry.watchers.splice(0)) watcher.reject(error);
  }

  /** Returns how long the queue waits now. Commits that were under way when the pause began do not make it longer. */
  function lengthenPause(error: BridgeError): number {
    pause ??= { sinceMs: performance.now(), error, tries: 0, timer: undefined };
    const current = pause;
    current.error = error;
    if (current.timer) return 0;
    const delayMs = retryDelayMs(current.tries++);
    current.timer = setTimeout(() => {
      current.timer = undefined;
      dispatch();
    }, delayMs);
    return delayMs;
  }

  function memoryBytes(): number {
    let bytes = 0;
    for (const { segment } of entries.values()) bytes += segment.memoryBytes;
    return bytes;
  }

  return {
    add(segment) {
      const fits = memoryBytes() + segment.memoryBytes <= options.maxMemoryBytes;
      entries.set(segment.commitId, {
        commitId: segment.commitId,
        segment: fits ? segment : withoutBatches(segment, 0),
        stored: new Map(),
        attempts: 0,
        failure: undefined,
        busy: false,
        timer: undefined,
        watchers: [],
      });
      dispatch();
    },
    async drain(commitIds) {
      const done = commitIds.flatMap((id) => recent.get(id) ?? []);
      const waits = [...entries.values()].map(
        (entry) => new Promise<CommitResult>((resolve, reject) => entry.watchers.push({ resolve, reject })),
      );
      for (const waiting of [...entries.values(), ...(pause ? [pause] : [])]) {
        clearTimeout(waiting.timer);
        waiting.timer = undefined;
      }
      dispatch();
      return [...done, ...(await Promise.all(waits))];
    },
    relieve() {
      for (const encoder of encoders) {
        if (!encoder.current && encoder.thread.isUp && encoder.keptBytes > WORTH_NEW_BYTES) renew(encoder);
      }
      if (!pause) return;
      for (const entry of entries.values()) {
        if (entry.busy || !entry.segment.batches) continue;
        releaseBuffers(options.transferables(entry.segment));
        entry.segment = withoutBatches(entry.segment, 0);
      }
    },
    get waiting() {
      return [...entries.keys()];
    },
    get memoryBytes() {
      return memoryBytes();
    },
    get journalBytes() {
      let bytes = 0;
      for (const { segment } of entries.values()) bytes += segment.journalBytes;
      return bytes;
    },
    get isStoreAway() {
      return pause !== undefined;
    },
    get storeAwayMs() {
      return pause ? performance.now() - pause.sinceMs : 0;
    },
    get failures() {
      const found = new Map<string, BridgeError>();
      if (pause) found.set(pause.error.code, pause.error);
      for (const { failure, attempts } of entries.values()) {
        const isWorthIt = failure && (!isOfStore(failure) || attempts > MAX_QUIET_ATTEMPTS);
        if (isWorthIt && !found.has(failure.code)) found.set(failure.code, failure);
      }
      return [...found.values()];
    },
    get troubles() {
      return encoders.flatMap((encoder) => encoder.thread.trouble ?? []);
    },
    async stop() {
      stopped = true;
      for (const waiting of [...entries.values(), ...(pause ? [pause] : [])]) clearTimeout(waiting.timer);
      await Promise.all(encoders.map((encoder) => encoder.thread.stop()));
    },
  };
}

/** Doubles from about a second to about a minute; half of it is left to chance. */
function retryDelayMs(attempts: number): number {
  return Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** attempts) * (0.5 + Math.random() / 2);
}

function withoutBatches(segment: SealedSegment, memoryBytes: number): SealedSegment {
  return { ...segment, batches: undefined, memoryBytes };
}
