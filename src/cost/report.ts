/** The whole report, from one listing and the counters of a bridge. */
import type { CostConfig, LifecycleRule } from '../config/types.ts';
import type { ObjectStore } from '../store/store.ts';
import type { StoreRequests } from '../telemetry/store-tally.ts';
import { estimateCompaction } from './compaction.ts';
import { sumRule } from './lifecycle.ts';
import { priceTraffic } from './prices.ts';
import { sumStored } from './stored.ts';
import type { CostOptions, CostReport } from './types.ts';

export interface CostDeps {
  /** With sizes as they are stored. */
  readonly store: ObjectStore;
  readonly cost: CostConfig;
  readonly lifecycle: readonly LifecycleRule[];
  readonly counted: { readonly requests: readonly StoreRequests[]; readonly sinceSeconds: number } | undefined;
  readonly nowMs: number;
}

export interface CostHooks {
  readonly signal: AbortSignal;
  readonly onProgress: (objects: number) => void;
}

const PROGRESS_OBJECTS = 1000;

export async function reportCost(deps: CostDeps, options: CostOptions, hooks: CostHooks): Promise<CostReport> {
  const { store, cost, counted, nowMs } = deps;
  const stored = sumStored();
  const configured = deps.lifecycle.filter((rule) => rule.enabled);
  const transitions = [{ days: options.coldAfterDays, storageClass: options.coldClass }];
  const supposed = { id: '', prefix: '', transitions, expirationDays: undefined };
  const rules =
    configured.length > 0
      ? configured.map((rule) => sumRule(rule, true, nowMs, cost))
      : [sumRule(supposed, false, nowMs, cost)];
  let objects = 0;
  for await (const object of store.list('', { signal: hooks.signal })) {
    stored.add(object);
    for (const rule of rules) rule.add(object);
    if (++objects % PROGRESS_OBJECTS === 0) hooks.onProgress(objects);
  }
  const rows = stored.rows(cost);
  const traffic = counted && priceTraffic(counted.requests, counted.sinceSeconds, cost);
  return {
    location: store.location,
    currency: cost.currency,
    stored: rows,
    traffic,
    estimates: [...rules.flatMap((rule) => rule.estimates()), estimateCompaction(rows, options, cost)],
    monthly: {
      storage: rows.reduce((sum, { monthly }) => sum + (monthly ?? 0), 0),
      requests: traffic?.requests.reduce((sum, { monthly }) => sum + monthly, 0) ?? 0,
      transfer: traffic?.transfer.monthly ?? 0,
    },
  };
}
