/**
 * Room in memory for what reads of one thread fetch and decode. The process's resident memory is asked, not a share of
 * it: what a decoded slice takes cannot be known before, and what is not used by writers may be used by reads.
 *
 * One holder is always let in, whatever memory there is, so that reads get on; others wait while it is short, first come
 * first served. A holder waits for nothing but its own reader, and readers that stop are cut off, so waits end.
 */
import { BridgeError } from '../errors.ts';
import { collectGarbage } from '../platform/memory.ts';

/** Resident memory is a number somebody else changes: it is asked again so often. */
const POLL_MS = 50;
/** Longer than a slice takes to be written to a reader that keeps up. */
const MAX_WAIT_MS = 10_000;
/** Collecting a reader's garbage takes some 10 ms. */
const COLLECT_EVERY_MS = 250;

export interface Hold {
  /** What it asked for has been allocated, and is part of the resident memory from here on. */
  settle(): void;
  release(): void;
}

export interface Room {
  /** Waits for room. Throws `overloaded` where there is none for long, and the signal's reason where that comes first. */
  enter(bytes: number, signal: AbortSignal): Promise<Hold>;
  readonly isHeld: boolean;
}

/**
 * Room for what is fetched and for what is decoded. They are apart because a read waits for the second while it holds
 * some of the first: one is always let in that decodes, and one that fetches while none decodes.
 */
export interface Rooms {
  /** Encoded bytes of a row group that are decoded at once. */
  readonly sliceBytes: number;
  readonly fetching: Room;
  readonly decoding: Room;
}

/** Decoding takes a multiple of a slice, and a WebAssembly memory keeps what it took. */
const SLICE_SHARE = 1 / 128;

export function createRooms(limitBytes: number): Rooms {
  const decoding = createRoom(limitBytes);
  return {
    sliceBytes: limitBytes * SLICE_SHARE,
    decoding,
    fetching: createRoom(limitBytes, { isIdle: () => !decoding.isHeld }),
  };
}

export interface RoomOptions {
  /** Asked before one is let in that does not fit. */
  readonly isIdle?: () => boolean;
  readonly resident?: () => number;
  readonly maxWaitMs?: number;
}

export function createRoom(limitBytes: number, options: RoomOptions = {}): Room {
  const { isIdle = () => true, resident = process.memoryUsage.rss, maxWaitMs = MAX_WAIT_MS } = options;
  let holders = 0;
  /** Asked for, and not yet seen in the resident memory. */
  let unsettled = 0;
  const waiting: { readonly bytes: number; readonly wake: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;

  let collectedMs = Number.NEGATIVE_INFINITY;

  function fits(bytes: number): boolean {
    const isWithin = () => resident() + unsettled + bytes <= limitBytes;
    if (isWithin()) return true;
    if (performance.now() - collectedMs >= COLLECT_EVERY_MS) {
      collectGarbage();
      collectedMs = performance.now();
    }
    return (holders === 0 && isIdle()) || isWithin();
  }

  function hold(bytes: number): Hold {
    holders++;
    unsettled += bytes;
    let isSettled = false;
    let isReleased = false;
    const settle = () => {
      if (!isSettled) unsettled -= bytes;
      isSettled = true;
    };
    return {
      settle,
      release() {
        if (isReleased) return;
        isReleased = true;
        settle();
        holders--;
        letIn();
      },
    };
  }

  function letIn(): void {
    while (waiting.length > 0 && fits(waiting[0]!.bytes)) waiting.shift()!.wake();
    if (waiting.length > 0) timer ??= setInterval(letIn, POLL_MS);
    else {
      clearInterval(timer);
      timer = undefined;
    }
  }

  return {
    get isHeld() {
      return holders > 0;
    },
    enter(bytes, signal) {
      signal.throwIfAborted();
      if (waiting.length === 0 && fits(bytes)) return Promise.resolve(hold(bytes));
      return new Promise<Hold>((resolve, reject) => {
        const giveUp = (error: unknown) => {
          waiting.splice(waiting.indexOf(entry), 1);
          end();
          letIn();
          reject(error);
        };
        const onAbort = () => giveUp(signal.reason);
        const late = setTimeout(() => giveUp(noRoom(maxWaitMs)), maxWaitMs);
        const end = () => {
          clearTimeout(late);
          signal.removeEventListener('abort', onAbort);
        };
        const entry = {
          bytes,
          wake() {
            end();
            resolve(hold(bytes));
          },
        };
        signal.addEventListener('abort', onAbort, { once: true });
        waiting.push(entry);
        letIn();
      });
    },
  };
}

/** What one scan holds, so that all of it is given back however the scan ends. */
export interface Holds {
  enter(bytes: number): Promise<Hold>;
  /** Also ends waits. */
  releaseAll(): void;
}

const NO_HOLD: Hold = { settle() {}, release() {} };

/** Without a room there is always room. */
export function createHolds(room: Room | undefined, signal: AbortSignal): Holds {
  const held = new Set<Hold>();
  const ended = new AbortController();
  const either = AbortSignal.any([signal, ended.signal]);
  return {
    async enter(bytes) {
      if (room === undefined) return NO_HOLD;
      const hold = await room.enter(bytes, either);
      const release = () => {
        held.delete(own);
        hold.release();
      };
      const own = { settle: hold.settle, release };
      held.add(own);
      // Let in at the very moment the scan ended.
      if (ended.signal.aborted) release();
      return own;
    },
    releaseAll() {
      ended.abort(new BridgeError('cancelled', 'the read has ended'));
      for (const hold of held) hold.release();
    },
  };
}

function noRoom(waitedMs: number): BridgeError {
  return new BridgeError('overloaded', `there was no memory for this read within ${waitedMs / 1000} s`, {
    hint: 'Try again later, or ask for fewer columns; raise limits.memory_bytes where this goes on.',
    retryAfterMs: 1000,
  });
}
