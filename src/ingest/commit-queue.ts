/**
 * Sealed segments on their way to the lake. Every encoder takes one at a time, oldest first. A commit that fails waits
 * with growing, jittered delays and is tried again from its segment; it is never given up, because the segment is the
 * only place its rows are in. Batches that find no room in memory are let go at once: their segment has them.
 */
import { BridgeError, errorFromData } from '../errors.ts';
import type { CommitResult, FromEncoder, SealedSegment, ToEncoder } from './messages.ts';
import { type SupervisedThread, supervise } from './supervise.ts';
import type { StartThread } from './threads.ts';

export interface CommitQueueOptions {
  readonly encoders: number;
  readonly startThread: StartThread<ToEncoder, FromEncoder>;
  readonly transferables: (segment: SealedSegment) => ArrayBuffer[];
  /** Bytes of batches kept in memory for encoders. */
  readonly maxMemoryBytes: number;
  readonly onCommitted: (result: CommitResult, segment: SealedSegment, tookMs: number) => void;
  readonly onFailed: (commitId: string, error: BridgeError, retryInMs: number) => void;
  /** An encoder's thread has ended by itself; its segment is tried again. */
  readonly onEncoderDown: (error: Error | undefined, restartInMs: number) => void;
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
  readonly memoryBytes: number;
  readonly journalBytes: number;
  /** The last failure, while a segment waits because of it. */
  readonly failure: BridgeError | undefined;
  /** Encoders that are not running, each with its reason as a sentence. */
  readonly troubles: readonly string[];
  stop(): Promise<void>;
}

const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 60_000;
const MAX_RECENT = 256;

interface Entry {
  readonly commitId: string;
  segment: SealedSegment;
  attempts: number;
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
  /** Said before it ended: why the commit it had has failed. */
  lastWords: BridgeError | undefined;
}

export function createCommitQueue(options: CommitQueueOptions): CommitQueue {
  const entries = new Map<string, Entry>();
  /** The last results, for a `drain` that asks for a segment just after its commit. */
  const recent = new Map<string, CommitResult>();
  let failure: BridgeError | undefined;
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
      lastWords: undefined,
    };
    return encoder;
  }

  function onMessage(encoder: Encoder, message: FromEncoder): void {
    const current = encoder.current;
    if (!current || current.id !== message.id) return;
    if (message.type === 'failed' && message.ends) {
      encoder.lastWords = errorFromData(message.error); // it gets nothing new before it has ended
      return;
    }
    encoder.current = undefined;
    if (message.type === 'committed') committed(current.entry, message.result, performance.now() - current.startedMs);
    else failed(current.entry, errorFromData(message.error));
    dispatch();
  }

  function onDown(encoder: Encoder, error: Error | undefined, restartInMs: number): void {
    const { current, lastWords } = encoder;
    encoder.current = undefined;
    encoder.lastWords = undefined;
    options.onEncoderDown(lastWords ?? error, restartInMs);
    if (!current) return;
    const why = error ? `: ${error.message}` : '';
    const ended = new BridgeError('unavailable', `the encoder thread ended during a commit${why}`, { cause: error });
    failed(current.entry, lastWords ?? ended);
  }

  function dispatch(): void {
    if (stopped) return;
    for (const encoder of encoders) {
      if (encoder.current || !encoder.thread.isUp) continue;
      const entry = firstIdle();
      if (!entry) return;
      entry.busy = true;
      const id = nextId++;
      encoder.current = { id, entry, startedMs: performance.now() };
      encoder.thread.post({ type: 'commit', id, segment: entry.segment }, options.transferables(entry.segment));
      // The buffers are the encoder's now; a further try reads the segment again.
      entry.segment = withoutBatches(entry.segment, entry.segment.memoryBytes);
    }
  }

  function firstIdle(): Entry | undefined {
    for (const entry of entries.values()) if (!entry.busy && !entry.timer) return entry;
    return undefined;
  }

  function committed(entry: Entry, result: CommitResult, tookMs: number): void {
    entries.delete(entry.commitId);
    recent.set(entry.commitId, result);
    if (recent.size > MAX_RECENT) recent.delete(recent.keys().next().value!);
    if (![...entries.values()].some((other) => other.attempts > 0)) failure = undefined;
    options.onCommitted(result, entry.segment, tookMs);
    for (const watcher of entry.watchers) watcher.resolve(result);
  }

  function failed(entry: Entry, error: BridgeError): void {
    failure = error;
    entry.segment = withoutBatches(entry.segment, 0);
    const delay = Math.min(MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** entry.attempts++) * (0.5 + Math.random() / 2);
    options.onFailed(entry.commitId, error, delay);
    for (const watcher of entry.watchers.splice(0)) watcher.reject(error);
    entry.busy = false;
    entry.timer = setTimeout(() => {
      entry.timer = undefined;
      dispatch();
    }, delay);
  }

  function memoryBytes(): number {
    let bytes = 0;
    for (const { segment } of entries.values()) bytes += segment.memoryBytes;
    return bytes;
  }

  return {
    add(segment) {
      const fits = memoryBytes() + segment.memoryBytes <= options.maxMemoryBytes;
      const kept = fits ? segment : withoutBatches(segment, 0);
      const entry: Entry = {
        commitId: segment.commitId,
        segment: kept,
        attempts: 0,
        busy: false,
        timer: undefined,
        watchers: [],
      };
      entries.set(segment.commitId, entry);
      dispatch();
    },
    async drain(commitIds) {
      const done = commitIds.flatMap((id) => recent.get(id) ?? []);
      const waits = [...entries.values()].map(
        (entry) => new Promise<CommitResult>((resolve, reject) => entry.watchers.push({ resolve, reject })),
      );
      for (const entry of entries.values()) {
        clearTimeout(entry.timer);
        entry.timer = undefined;
      }
      dispatch();
      return [...done, ...(await Promise.all(waits))];
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
    get failure() {
      return failure;
    },
    get troubles() {
      return encoders.flatMap((encoder) => encoder.thread.trouble ?? []);
    },
    async stop() {
      stopped = true;
      for (const entry of entries.values()) clearTimeout(entry.timer);
      await Promise.all(encoders.map((encoder) => encoder.thread.stop()));
    },
  };
}

function withoutBatches(segment: SealedSegment, memoryBytes: number): SealedSegment {
  return { ...segment, batches: undefined, memoryBytes };
}
