/**
 * The moments at which a bridge is killed on purpose: a name for each step that can be seen from outside. Handlers are
 * called while the step is under way, so that what they do at once comes before the next step.
 */
import { EventEmitter } from 'node:events';
import { existsSync, type FSWatcher, watch } from 'node:fs';
import { join } from 'node:path';
import { segmentsFolder } from '../../src/journal/journal.ts';

export interface Moments {
  /** All names there are. */
  readonly names: readonly string[];
  /** Calls the handler at the `nth` such moment from now on; the function returned ends that. */
  at(name: string, nth: number, handler: () => void): () => void;
  close(): void;
}

export function createMoments(names: readonly string[], close: () => void): Moments & { tell(name: string): void } {
  const emitter = new EventEmitter();
  return {
    names,
    tell: (name) => void emitter.emit(name),
    at(name, nth, handler) {
      let left = nth;
      const count = () => {
        if (--left === 0) handler();
      };
      emitter.on(name, count);
      return () => emitter.off(name, count);
    },
    close,
  };
}

/** Names that come and go in a folder. */
export function watchFolder(folder: string, onCome: () => void, onGo: () => void): FSWatcher {
  return watch(folder, (event, name) => {
    if (event !== 'rename' || name === null) return;
    if (existsSync(join(folder, name))) onCome();
    else onGo();
  });
}

/** `segment`: one was opened; `removal`: one was removed, the last step of a commit. */
export function watchJournal(journalPath: string, tell: (name: string) => void): FSWatcher {
  return watchFolder(
    segmentsFolder(journalPath),
    () => tell('segment'),
    () => tell('removal'),
  );
}
