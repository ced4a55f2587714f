import type { Config } from '../config/types.ts';
import type { Layout } from '../model/layout.ts';

/** The layout that new segments are written under. */
export function layoutOf(config: Config): Layout {
  const { traces, logs, metrics } = config.tables;
  const { maxAttributeCount, maxNesting, maxPastSeconds, maxFutureSeconds } = config.limits;
  return {
    schemaVersion: 1,
    partitioning: config.partitioning,
    promote: { traces: traces.promote, logs: logs.promote, metrics: metrics.promote },
    sortBy: config.parquet.sortBy,
    limits: { maxAttributeCount, maxNesting, maxPastSeconds, maxFutureSeconds },
  };
}
