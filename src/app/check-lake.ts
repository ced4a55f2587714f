/** `otel-lake lake check`: straight from the store and the journal, beside a running bridge too. */
import { checkLake } from '../check/check.ts';
import type { CheckHooks, CheckOptions, CheckSummary } from '../check/types.ts';
import type { Config } from '../config/types.ts';
import { systemClock } from '../platform/clock.ts';
import { systemFiles } from '../platform/files.ts';
import { openStore } from '../store/open.ts';

export async function runLakeCheck(config: Config, options: CheckOptions, hooks: CheckHooks): Promise<CheckSummary> {
  const store = await openStore(config);
  try {
    await store.check();
    const lifecycle = config.s3?.lifecycle ?? [];
    const deps = { store, files: systemFiles, clock: systemClock, journalPath: config.journal.path, lifecycle };
    return await checkLake(deps, options, hooks);
  } finally {
    store.close();
  }
}
