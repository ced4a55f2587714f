/**
 * Keeps one worker thread running. A thread that ends by itself (an error nobody caught, its heap full, an exit) is
 * started again: at once after a long life, else after a delay that doubles with each death, so that a thread which
 * cannot live does not take a core for dying. What it held is the owner's to recover, from `onDown`.
 */
import type { Clock } from '../platform/clock.ts';
import { systemClock } from '../platform/clock.ts';
import { within } from '../platform/within.ts';
import type { ThreadPort } from './threads.ts';

export interface SupervisedThread<Out> {
  /** False between a death and the next start; `post` must not be called then. */
  readonly isUp: boolean;
  post(message: Out, transfer?: readonly ArrayBuffer[]): void;
  /** Why it is not running, as a sentence; undefined while it is. */
  readonly trouble: string | undefined;
  /** Ends the thread, which has nothing to do, and starts another in its place; no death is counted. */
  renew(): void;
  /** Ends the thread; returns after MAX_END_MS also where it is stuck in a call to the system. */
  stop(): Promise<void>;
}

export interface SuperviseOptions<Out, In> {
  /** For messages: "lane 1". */
  readonly name: string;
  readonly start: () => ThreadPort<Out, In>;
  readonly onMessage: (message: In) => void;
  /** Called once for each death, after the last message of the thread; not after `stop`. */
  readonly onDown: (error: Error | undefined, restartInMs: number) => void;
  /** Called when it was started again. */
  readonly onUp: () => void;
  readonly clock?: Clock;
}

const FIRST_DELAY_MS = 250;
const MAX_DELAY_MS = 30_000;
/** A thread that lived so long had no trouble starting: its death is the first of a new row. */
const LONG_LIFE_MS = 60_000;
const MAX_END_MS = 2000;

export function supervise<Out, In>(options: SuperviseOptions<Out, In>): SupervisedThread<Out> {
  const clock = options.clock ?? systemClock;
  let port: ThreadPort<Out, In> | undefined;
  let startedMs = 0;
  let deaths = 0;
  let lastError: Error | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  start();

  function start(): void {
    timer = undefined;
    startedMs = clock.monotonicMs();
    let started: ThreadPort<Out, In>;
    try {
      started = options.start();
    } catch (error) {
      // The system gives no thread at the moment. Later, because the owner may be under construction.
      queueMicrotask(() => ended(error as Error));
      return;
    }
    port = started;
    started.onMessage(options.onMessage);
    started.onExit((error) => {
      if (port === started) ended(error);
    });
  }

  function ended(error: Error | undefined): void {
    port = undefined;
    if (stopped) return;
    deaths = clock.monotonicMs() - startedMs >= LONG_LIFE_MS ? 1 : deaths + 1;
    lastError = error;
    const delayMs = deaths === 1 ? 0 : Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (deaths - 2));
    options.onDown(error, delayMs);
    timer = setTimeout(() => {
      start();
      if (port) options.onUp();
    }, delayMs);
  }

  return {
    get isUp() {
      return port !== undefined;
    },
    post(message, transfer) {
      port!.post(message, transfer);
    },
    get trouble() {
      if (port || stopped) return undefined;
      const why = lastError === undefined ? 'it ended without an error' : lastError.message;
      return `${options.name} ended ${deaths === 1 ? 'once' : `${deaths} times in a row`} and is started again: ${why}`;
    },
    renew() {
      const old = port;
      if (!old || stopped) return;
      port = undefined;
      void old.terminate();
      start();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      if (!port) return;
      await within(port.terminate(), MAX_END_MS);
    },
  };
}
