/**
 * Services of the demo: each replica has a tracer, a logger and meters of the OpenTelemetry SDK. What they give off is
 * serialised by @opentelemetry/otlp-transformer and posted to the bridge over OTLP/HTTP.
 */
import type { Attributes, Counter, Histogram, Tracer } from '@opentelemetry/api';
import type { Logger } from '@opentelemetry/api-logs';
import {
  type ISerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
  ProtobufTraceSerializer,
} from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor, LoggerProvider, type ReadableLogRecord } from '@opentelemetry/sdk-logs';
import { MeterProvider, PeriodicExportingMetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, NodeTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-node';

export interface Replica {
  readonly tracer: Tracer;
  readonly logger: Logger;
  readonly requests: Counter;
  /** `http.server.request.duration`, in seconds. */
  readonly duration: Histogram;
}

export interface Tally {
  readonly stored: { spans: number; records: number; points: number };
  refused: number;
  lastRefusal: string;
}

export interface Signals {
  readonly tally: Tally;
  replica(attributes: Attributes, scope: string, version: string): Replica;
  /** Sends what is buffered. */
  shutdown(): Promise<void>;
}

/** Delay of spans and records, and the interval of metrics. */
const SPAN_DELAY_MS = 500;
const METRIC_INTERVAL_MS = 5000;

/** @param url of the bridge's OTLP/HTTP listener. */
export function createSignals(url: string, token: string | undefined): Signals {
  const tally: Tally = { stored: { spans: 0, records: 0, points: 0 }, refused: 0, lastRefusal: '' };
  const providers: { shutdown(): Promise<void> }[] = [];

  async function post(path: string, body: Uint8Array): Promise<void> {
    const headers: Record<string, string> = { 'content-type': 'application/x-protobuf' };
    if (token) headers.authorization = `Bearer ${token}`;
    const response = await fetch(`${url}${path}`, { method: 'POST', headers, body: new Uint8Array(body) });
    await response.arrayBuffer();
    if (!response.ok) throw new Error(`the bridge answered ${response.status}`);
  }

  /** ExportResultCode of the SDK: success 0, failed 1. */
  function exporter<T>(
    path: string,
    serializer: Pick<ISerializer<T, unknown>, 'serializeRequest'>,
    kind: keyof Tally['stored'],
    count: (data: T) => number,
  ) {
    return {
      export(data: T, done: (result: { code: number; error?: Error }) => void) {
        post(path, serializer.serializeRequest(data)!).then(
          () => {
            tally.stored[kind] += count(data);
            done({ code: 0 });
          },
          (error: Error) => {
            tally.refused += count(data);
            tally.lastRefusal = error.message;
            done({ code: 1, error });
          },
        );
      },
      shutdown: async () => {},
      forceFlush: async () => {},
    };
  }

  const spans = exporter<ReadableSpan[]>('/v1/traces', ProtobufTraceSerializer, 'spans', (data) => data.length);
  const records = exporter<ReadableLogRecord[]>('/v1/logs', ProtobufLogsSerializer, 'records', (data) => data.length);
  const points = exporter<ResourceMetrics>('/v1/metrics', ProtobufMetricsSerializer, 'points', (data) =>
    data.scopeMetrics.flatMap((scope) => scope.metrics).reduce((sum, metric) => sum + metric.dataPoints.length, 0),
  );

  return {
    tally,
    replica(attributes, scope, version) {
      const resource = resourceFromAttributes(attributes);
      const traces = new NodeTracerProvider({
        resource,
        spanProcessors: [new BatchSpanProcessor(spans, { scheduledDelayMillis: SPAN_DELAY_MS })],
      });
      const logs = new LoggerProvider({
        resource,
        processors: [new BatchLogRecordProcessor({ exporter: records, scheduledDelayMillis: SPAN_DELAY_MS })],
      });
      const metrics = new MeterProvider({
        resource,
        readers: [new PeriodicExportingMetricReader({ exporter: points, exportIntervalMillis: METRIC_INTERVAL_MS })],
      });
      providers.push(traces, logs, metrics);
      const meter = metrics.getMeter(scope, version);
      return {
        tracer: traces.getTracer(scope, version),
        logger: logs.getLogger(scope, version),
        requests: meter.createCounter('http.server.requests', { unit: '{request}' }),
        duration: meter.createHistogram('http.server.request.duration', {
          unit: 's',
          advice: { explicitBucketBoundaries: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5] },
        }),
      };
    },
    shutdown: async () => void (await Promise.all(providers.map((provider) => provider.shutdown()))),
  };
}
