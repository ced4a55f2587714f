/** What a connector measures of its own work. Latencies are kept as counts in buckets: any number of them takes the same memory. */
import type { ObserveRequest } from '../store/s3-observe.ts';

/** Of calls, in milliseconds. Quantiles are off by 4 % at most: they are the middles of buckets. */
export interface LatencyMetrics {
  readonly count: number;
  readonly sumMs: number;
  readonly maxMs: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  readonly p99Ms: number;
}

/** Each bucket ends a twelfth of a doubling (6 %) after the one before; the first at a microsecond, the last after 5 hours. */
const BUCKETS_PER_DOUBLING = 12;
const FIRST_MS = 0.001;
const BUCKETS = BUCKETS_PER_DOUBLING * 34;

export interface LatencyRecorder {
  add(ms: number): void;
  metrics(): LatencyMetrics;
}

export function createLatencyRecorder(): LatencyRecorder {
  const counts = new Float64Array(BUCKETS);
  let count = 0;
  let sumMs = 0;
  let maxMs = 0;

  function quantile(share: number): number {
    const rank = Math.ceil(share * count);
    let seen = 0;
    for (let i = 0; i < BUCKETS; i++) {
      seen += counts[i]!;
      if (seen >= rank && count > 0) return Math.min(maxMs, FIRST_MS * 2 ** ((i - 0.5) / BUCKETS_PER_DOUBLING));
    }
    return 0;
  }

  return {
    add(ms) {
      const bucket = Math.ceil(Math.log2(ms / FIRST_MS) * BUCKETS_PER_DOUBLING);
      counts[Math.min(BUCKETS - 1, Math.max(0, bucket))]!++;
      count++;
      sumMs += ms;
      maxMs = Math.max(maxMs, ms);
    },
    metrics: () => ({
      count,
      sumMs,
      maxMs,
      p50Ms: quantile(0.5),
      p95Ms: quantile(0.95),
      p99Ms: quantile(0.99),
    }),
  };
}

/** Writes since `open`. */
export interface WriteMetrics {
  /** Calls of `write` and `batchWrite`, failed ones included. */
  readonly operations: number;
  readonly errors: number;
  /** Files stored, also those of batch writes that failed later. */
  readonly files: number;
  readonly records: number;
  /** Of the files. */
  readonly bytes: number;
  /** Of the rows as Arrow data, in memory. */
  readonly arrowBytes: number;
  /** `arrowBytes` to `bytes`; 0 where nothing was written. */
  readonly compressionRatio: number;
  /** While calls were under way. */
  readonly recordsPerSecond: number;
  readonly bytesPerSecond: number;
  /** Of whole calls. */
  readonly latency: LatencyMetrics;
  /** Of single files: gathering, encoding and storing. */
  readonly fileLatency: LatencyMetrics;
}

/** Reads since `open`. */
export interface ReadMetrics {
  /** Reads begun. */
  readonly operations: number;
  readonly errors: number;
  /** Rows given out. */
  readonly records: number;
  /** Of rows given out while reads were under way. */
  readonly recordsPerSecond: number;
  /** Of whole reads, to their end or to where they were given up. */
  readonly latency: LatencyMetrics;
}

/** Requests of one operation of the S3 API since `open`; each try of a call is one. */
export interface S3OperationMetrics {
  /** `PutObject`, `UploadPart`, `GetObject`, … */
  readonly operation: string;
  readonly requests: number;
  /** Answered with an error, or not at all. */
  readonly errors: number;
  /** Of bodies. */
  readonly sentBytes: number;
  readonly receivedBytes: number;
  /** From the request to the head of its answer. */
  readonly latency: LatencyMetrics;
}

/** Requests to S3 since `open`; none where files are in a directory. */
export interface S3Metrics {
  readonly requests: number;
  readonly errors: number;
  readonly operations: readonly S3OperationMetrics[];
}

export interface RequestRecorder {
  /** Hears of one request. */
  readonly observe: ObserveRequest;
  metrics(): S3Metrics;
}

export function createRequestRecorder(): RequestRecorder {
  const operations = new Map<string, { latency: LatencyRecorder; errors: number; sent: number; received: number }>();
  return {
    observe(operation, ms, error, { sent, received }) {
      const counts = operations.get(operation) ?? { latency: createLatencyRecorder(), errors: 0, sent: 0, received: 0 };
      operations.set(operation, counts);
      counts.latency.add(ms);
      if (error !== undefined) counts.errors++;
      counts.sent += sent;
      counts.received += received;
    },
    metrics() {
      const all = [...operations]
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([operation, counts]): S3OperationMetrics => {
          const { errors, sent, received } = counts;
          const latency = counts.latency.metrics();
          return { operation, requests: latency.count, errors, sentBytes: sent, receivedBytes: received, latency };
        });
      const sum = (of: (one: S3OperationMetrics) => number) => all.reduce((total, one) => total + of(one), 0);
      return { requests: sum(({ requests }) => requests), errors: sum(({ errors }) => errors), operations: all };
    },
  };
}

/** Calls of one kind, with their time. */
export interface CallRecorder {
  readonly operations: number;
  readonly errors: number;
  readonly latency: LatencyRecorder;
  /** Time in which at least one call was under way. */
  busyMs(): number;
  /** Begins a call; to be ended once. */
  begin(): (failed: boolean) => void;
}

export function createCallRecorder(nowMs: () => number = () => performance.now()): CallRecorder {
  const latency = createLatencyRecorder();
  let underWay = 0;
  let busySince = 0;
  let busy = 0;
  const recorder = {
    operations: 0,
    errors: 0,
    latency,
    busyMs: () => busy + (underWay > 0 ? nowMs() - busySince : 0),
    begin() {
      const start = nowMs();
      recorder.operations++;
      if (underWay++ === 0) busySince = start;
      return (failed: boolean) => {
        const end = nowMs();
        latency.add(end - start);
        if (failed) recorder.errors++;
        if (--underWay === 0) busy += end - busySince;
      };
    },
  };
  return recorder;
}

/** A rate a second; 0 before any time has passed. */
export function perSecond(amount: number, ms: number): number {
  return ms > 0 ? (amount * 1000) / ms : 0;
}
