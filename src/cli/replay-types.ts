/** What `otel-lake replay` asks of the part that sends; that part is handed in by main.ts. */
import type { BridgeError } from '../errors.ts';
import type { TableName } from '../model/signal.ts';

export interface ReplayOptions {
  /** http://host:4318, https://…, grpc://host:4317 or grpcs://… */
  readonly to: string;
  /** Overrides what the scheme of `to` says. */
  readonly protocol: 'http' | 'grpc' | undefined;
  readonly headers: Readonly<Record<string, string>>;
  readonly gzip: boolean;
  readonly tables: readonly TableName[];
  /** Those of `GET /api/v1/tables/{table}/rows`, without format and limit. */
  readonly params: Readonly<Record<string, string>>;
  /** Rows of all tables together. */
  readonly limit: number | undefined;
  /** Rows a request. */
  readonly batchSize: number;
  readonly rowsPerSecond: number | undefined;
  /** Tries after the first one, for each request. */
  readonly maxRetries: number;
  readonly timeoutMs: number;
}

export interface ReplayHooks {
  readonly signal: AbortSignal;
  onProgress(tables: readonly ReplayCounts[]): void;
  onRetry(reason: string, delayMs: number): void;
}

export interface ReplayCounts {
  readonly table: TableName;
  /** Rows the receiver has taken. */
  readonly sent: number;
  /** Rows it refused in a partial success. */
  readonly rejected: number;
  /** Rows of requests it refused, or that did not reach it. */
  readonly failed: number;
  readonly requests: number;
  readonly retries: number;
}

export interface ReplayResult {
  readonly tables: readonly ReplayCounts[];
  /** Why the first rows that did not arrive were refused. */
  readonly firstProblem: string | undefined;
  /** Why rows after these were not sent; undefined where all were. */
  readonly stoppedBy: BridgeError | undefined;
}
