/** `otel-lake cost`: the lake from its store, its requests from the bridge, where one runs. */
import type { LakeOptions } from '../cli/context.ts';
import { createHttpClient } from '../cli/http.ts';
import { servesLake } from '../cli/remote-lake.ts';
import { fetchStoreCounts, type StoreCounts } from '../cli/store-counts.ts';
import type { Config } from '../config/types.ts';
import { type CostHooks, reportCost } from '../cost/report.ts';
import type { CostOptions, CostReport } from '../cost/types.ts';
import { systemClock } from '../platform/clock.ts';
import { openPlainStore } from '../store/open.ts';
import { bridgeUrl } from './open-lake.ts';

export async function runCost(
  config: Config,
  options: CostOptions & LakeOptions,
  hooks: CostHooks,
): Promise<CostReport> {
  const store = await openPlainStore(config);
  try {
    const nowMs = systemClock.nowMs();
    const counted = await countsOf(config, options, store.location, nowMs);
    const { cost, s3 } = config;
    return await reportCost({ store, cost, lifecycle: s3?.lifecycle ?? [], counted, nowMs }, options, hooks);
  } finally {
    store.close();
  }
}

/** A bridge that is named has to answer; one that may run need not. */
async function countsOf(
  config: Config,
  options: LakeOptions,
  location: string,
  nowMs: number,
): Promise<StoreCounts | undefined> {
  if (options.direct) return undefined;
  const client = createHttpClient(bridgeUrl(config, options), config.server.tls !== undefined);
  if (options.url === undefined && !(await servesLake(client, location))) return undefined;
  return fetchStoreCounts(client, nowMs);
}
