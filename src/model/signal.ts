/**
 * The signals the bridge takes, as one table: transports, decoder, lanes and reads loop over its rows,
 * so that a further signal is a row here and a decoder, and no new code path.
 */

export type SignalName = 'traces' | 'logs' | 'metrics';

/** A table of the lake has the name of its signal. */
export type TableName = SignalName;

/**
 * The table of a lake that is one table: its partitions stand at the lake's root, with no folder of a table above them.
 * What the library writes is such a lake; it may lie anywhere below another one.
 */
export const WHOLE_LAKE = '';

/** What a lake's objects and commits belong to: a table of the bridge, or the lake itself. */
export type LakeTable = TableName | typeof WHOLE_LAKE;

export interface Signal {
  readonly name: SignalName;
  /** Default path of OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp-request). */
  readonly httpPath: string;
  /** Full method name of OTLP/gRPC. */
  readonly grpcService: string;
  /** Name of the count in `partial_success`, in proto and JSON spelling. */
  readonly rejectedField: string;
  /** What a row is called in messages to people. */
  readonly rowNoun: string;
}

export const SIGNALS: Readonly<Record<SignalName, Signal>> = {
  traces: {
    name: 'traces',
    httpPath: '/v1/traces',
    grpcService: 'opentelemetry.proto.collector.trace.v1.TraceService',
    rejectedField: 'rejectedSpans',
    rowNoun: 'spans',
  },
  logs: {
    name: 'logs',
    httpPath: '/v1/logs',
    grpcService: 'opentelemetry.proto.collector.logs.v1.LogsService',
    rejectedField: 'rejectedLogRecords',
    rowNoun: 'log records',
  },
  metrics: {
    name: 'metrics',
    httpPath: '/v1/metrics',
    grpcService: 'opentelemetry.proto.collector.metrics.v1.MetricsService',
    rejectedField: 'rejectedDataPoints',
    rowNoun: 'data points',
  },
};

/** The rows of SIGNALS in a fixed order. */
export const SIGNAL_LIST: readonly Signal[] = Object.values(SIGNALS);

export type ContentType = 'protobuf' | 'json';
export type ContentEncoding = 'identity' | 'gzip' | 'zstd' | 'deflate' | 'snappy';
