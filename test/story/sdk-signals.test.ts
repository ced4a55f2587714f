/** Log records and metrics of the OpenTelemetry SDK through its own exporters, over both transports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ValueType } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import { OTLPLogExporter as GrpcLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { OTLPLogExporter as JsonLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPLogExporter as ProtoLogExporter } from '@opentelemetry/exporter-logs-otlp-proto';
import { OTLPMetricExporter as GrpcMetricExporter } from '@opentelemetry/exporter-metrics-otlp-grpc';
import { OTLPMetricExporter as JsonMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPMetricExporter as ProtoMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { LoggerProvider, type LogRecordExporter, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import {
  AggregationType,
  MeterProvider,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from '@opentelemetry/sdk-metrics';
import { startBridge, type TestBridge } from '../support/daemon.ts';

const resource = resourceFromAttributes({ 'service.name': 'checkout', 'host.cpus': 4 });

interface Exporters {
  readonly name: string;
  readonly logs: (bridge: TestBridge) => LogRecordExporter;
  readonly metrics: (bridge: TestBridge) => PushMetricExporter;
}

const EXPORTERS: readonly Exporters[] = [
  {
    name: 'otlp-proto',
    logs: ({ otlp }) => new ProtoLogExporter({ url: `${otlp}/v1/logs` }),
    metrics: ({ otlp }) => new ProtoMetricExporter({ url: `${otlp}/v1/metrics` }),
  },
  {
    name: 'otlp-http (JSON)',
    logs: ({ otlp }) => new JsonLogExporter({ url: `${otlp}/v1/logs` }),
    metrics: ({ otlp }) => new JsonMetricExporter({ url: `${otlp}/v1/metrics` }),
  },
  {
    name: 'otlp-grpc',
    logs: ({ grpc }) => new GrpcLogExporter({ url: `http://${grpc}` }),
    metrics: ({ grpc }) => new GrpcMetricExporter({ url: `http://${grpc}` }),
  },
];

async function sendLogs(exporter: LogRecordExporter): Promise<void> {
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  const logger = provider.getLogger('shop', '1.2.3');
  logger.emit({
    severityNumber: SeverityNumber.ERROR,
    severityText: 'error',
    body: 'card declined',
    eventName: 'payment.failed',
    timestamp: new Date('2026-11-21T08:00:00.123Z'),
    attributes: { amount: 12.5, retry: false, tags: ['a', 'b'] },
  });
  logger.emit({ body: { order: { id: 7, items: ['espresso'] }, total: 3.5 }, severityNumber: SeverityNumber.INFO });
  await provider.forceFlush();
  await provider.shutdown();
}

async function sendMetrics(exporter: PushMetricExporter): Promise<void> {
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
  const exponential = { type: AggregationType.EXPONENTIAL_HISTOGRAM } as const;
  const views = [{ instrumentName: 'sizes', aggregation: exponential }];
  const provider = new MeterProvider({ resource, readers: [reader], views });
  const meter = provider.getMeter('shop', '1.2.3');
  meter
    .createCounter('orders', { description: 'Orders placed', unit: '{order}', valueType: ValueType.INT })
    .add(3, { kind: 'new' });
  meter.createGauge('load').record(0.25);
  const latency = meter.createHistogram('latency', { unit: 'ms', advice: { explicitBucketBoundaries: [10, 100] } });
  for (const value of [5, 50, 500]) latency.record(value);
  const sizes = meter.createHistogram('sizes');
  for (const value of [0, 1, 2, 1000]) sizes.record(value);
  // The last collection is sent by the shutdown; a flush before it would send every point twice.
  await provider.shutdown();
}

for (const { name, logs, metrics } of EXPORTERS) {
  test(`log records of the OpenTelemetry SDK arrive through ${name}`, async (t) => {
    const bridge = await startBridge(t);
    await sendLogs(logs(bridge));
    await bridge.flush();
    const rows = await bridge.rows({ filter: "service_name = 'checkout'" }, 'logs');
    assert.equal(rows.length, 2);
    const failed = rows.find((row) => row.event_name === 'payment.failed')!;
    assert.equal(failed.timestamp, '2026-11-21T08:00:00.123000Z');
    assert.deepEqual([failed.body, failed.body_type], ['card declined', 's']);
    assert.deepEqual([failed.severity_number, failed.severity_text], [17, 'error']);
    assert.deepEqual(failed.attributes, { amount: '12.5', retry: 'false', tags: '["a","b"]' });
    assert.deepEqual([failed.scope_name, failed.scope_version], ['shop', '1.2.3']);
    assert.equal(failed.trace_id, null);
    const structured = rows.find((row) => row.event_name === null)!;
    assert.equal(structured.body_type, 'm');
    assert.deepEqual(JSON.parse(structured.body as string), { order: { id: 7, items: ['espresso'] }, total: 3.5 });
    const errors = await bridge.rows({ filter: 'severity_number >= 17', select: 'event_name' }, 'logs');
    assert.deepEqual(errors, [{ event_name: 'payment.failed' }]);
  });

  test(`metrics of the OpenTelemetry SDK arrive through ${name}`, async (t) => {
    const bridge = await startBridge(t);
    await sendMetrics(metrics(bridge));
    await bridge.flush();
    const rows = await bridge.rows({ filter: "service_name = 'checkout'" }, 'metrics');
    const byName = new Map(rows.map((row) => [row.metric_name, row]));
    assert.deepEqual([...byName.keys()].sort(), ['latency', 'load', 'orders', 'sizes']);
    const orders = byName.get('orders')!;
    assert.deepEqual([orders.type, orders.aggregation_temporality, orders.is_monotonic], ['SUM', 'CUMULATIVE', true]);
    assert.deepEqual([orders.value_int, orders.value_double, orders.unit], [3, null, '{order}']);
    assert.deepEqual([orders.description, orders.attributes], ['Orders placed', { kind: 'new' }]);
    const load = byName.get('load')!;
    assert.deepEqual([load.type, load.value_double, load.aggregation_temporality], ['GAUGE', 0.25, null]);
    const latency = byName.get('latency')!;
    assert.deepEqual([latency.count, latency.sum, latency.min, latency.max], [3, 555, 5, 500]);
    assert.deepEqual(
      [latency.bucket_counts, latency.explicit_bounds],
      [
        [1, 1, 1],
        [10, 100],
      ],
    );
    const sizes = byName.get('sizes')!;
    assert.deepEqual([sizes.type, sizes.count, sizes.zero_count], ['EXPONENTIAL_HISTOGRAM', 4, 1]);
    const positive = (sizes.positive_bucket_counts as number[]).reduce((sum, count) => sum + count, 0);
    assert.equal(positive, 3);
    assert.equal(sizes.quantiles, null);
  });
}
