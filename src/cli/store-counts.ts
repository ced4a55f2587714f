/** What a running bridge has counted of its requests to S3: read from its `/metrics`. */
import { text as readText } from 'node:stream/consumers';
import { STORE_OPERATIONS, type StoreRequests } from '../telemetry/store-tally.ts';
import type { HttpClient } from './http.ts';

export interface StoreCounts {
  readonly requests: readonly StoreRequests[];
  /** Since the start of that bridge. */
  readonly sinceSeconds: number;
}

const TIMEOUT_MS = 5000;

/** @param nowMs of this machine's clock, which the bridge's start is compared with. */
export async function fetchStoreCounts(client: HttpClient, nowMs: number): Promise<StoreCounts> {
  const response = await client.send('GET', '/metrics', { signal: AbortSignal.timeout(TIMEOUT_MS) });
  return parseStoreCounts(await readText(response), nowMs);
}

/** Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/), as far as it is used here. */
export function parseStoreCounts(metrics: string, nowMs: number): StoreCounts {
  const values = new Map<string, number>();
  for (const line of metrics.split('\n')) {
    const [, name, operation = '', value] = /^(\w+)(?:\{operation="(\w+)"\})? ([\d.e+-]+)$/.exec(line) ?? [];
    if (name !== undefined) values.set(`${name} ${operation}`, Number(value));
  }
  const startSeconds = values.get('process_start_time_seconds ') ?? nowMs / 1000;
  const requests = STORE_OPERATIONS.flatMap((operation): StoreRequests[] => {
    const get = (name: string) => values.get(`otel_lake_store_${name}_total ${operation}`) ?? 0;
    if (get('requests') === 0) return [];
    return [
      {
        operation,
        requests: get('requests'),
        errors: get('errors'),
        sentBytes: get('sent_bytes'),
        receivedBytes: get('received_bytes'),
        milliseconds: get('seconds') * 1000,
      },
    ];
  });
  return { requests, sinceSeconds: Math.max(0, nowMs / 1000 - startSeconds) };
}
