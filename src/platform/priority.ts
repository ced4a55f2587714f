import { getPriority, setPriority } from 'node:os';

/** About two and a half times less of a core than a thread that competes for it (sched(7): a factor of 1.25 a step). */
const STEPS = 4;

/**
 * For threads with long work that nobody waits for by the millisecond: where cores are short, the threads that answer go
 * first. On Linux a nice value is a thread's own and 0 means the calling one; elsewhere it is the process's and is left.
 */
export function letOthersGoFirst(): void {
  if (process.platform !== 'linux') return;
  try {
    setPriority(0, Math.min(19, getPriority(0) + STEPS));
  } catch {
    // Not allowed in this sandbox: the thread works all the same.
  }
}
