import { BridgeError } from '../errors.ts';

/** Runs `work` with a signal that Ctrl-C and SIGTERM abort. */
export async function interruptible(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const cancel = new AbortController();
  const interrupt = () => cancel.abort(new BridgeError('cancelled', 'interrupted'));
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    await work(cancel.signal);
  } finally {
    process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt);
  }
}
