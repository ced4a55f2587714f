/** Asks the store at the start and again now and then, for `/readyz`. */
import { BridgeError } from '../errors.ts';
import type { ObjectStore } from '../store/store.ts';
import type { Logger } from '../telemetry/log.ts';
import type { ReadinessState } from './readiness.ts';

/** Seldom while it answers, because a call to S3 costs money. */
const CHECK_MS = { answering: 60_000, away: 10_000 };

export interface StoreWatch {
  /** Resolves with the first answer, whatever it is. */
  readonly first: Promise<void>;
  readonly trouble: ReadinessState['store'];
  stop(): void;
}

export function watchStore(store: ObjectStore, log: Logger): StoreWatch {
  let away: { readonly failure: BridgeError; readonly sinceMs: number } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;

  async function check(): Promise<void> {
    try {
      await store.check({ forWriting: true });
      away = undefined;
    } catch (error) {
      const failure = BridgeError.from(error);
      // Said when it begins, not every ten seconds; `/readyz` says it as long as it lasts.
      if (failure.message !== away?.failure.message) {
        const { code, hint, message } = failure;
        log.warn({ code, hint }, `the store cannot be used; rows wait in the journal: ${message}`);
      }
      away = { failure, sinceMs: away?.sinceMs ?? performance.now() };
    }
    if (!stopped) timer = setTimeout(check, away ? CHECK_MS.away : CHECK_MS.answering).unref();
  }

  return {
    first: check(),
    get trouble() {
      return away && { failure: away.failure, awayMs: performance.now() - away.sinceMs };
    },
    stop() {
      stopped = true;
      clearTimeout(timer);
    },
  };
}
