/** Log records and metrics of the OpenTelemetry SDK, serialised as its exporters do, over both transports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ValueType } from '@opentelemetry/api';
import { SeverityNumber } from '@opentelemetry/api-logs';
import {
  type ISerializer,
  JsonLogsSerializer,
  JsonMetricsSerializer,
  ProtobufLogsSerializer,
  ProtobufMetricsSerializer,
} from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  InMemoryLogRecordExporter,
  LoggerProvider,
  type ReadableLogRecord,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import {
  AggregationTemporality,
  AggregationType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import type { SignalName } from '../../src/model/signal.ts';
import { startBridge, type TestBridge } from '../support/daemon.ts';
import { exportGrpc, exportHttp, exportPath } from '../support/send.ts';

const resource = resourceFromAttributes({ 'service.name': 'checkout', 'host.cpus': 4 });

type Send = (bridge: TestBridge, signal: SignalName, body: Uint8Array) => Promise<void>;

async function sendHttp(bridge: TestBridge, signal: SignalName, body: Uint8Array, type: 'protobuf' | 'json') {
  const response = await exportHttp(bridge.otlp, new Uint8Array(body), type, {}, signal);
  assert.equal(response.status, 200);
  const answer = await response.text();
  assert.equal(answer, type === 'json' ? '{}' : '');
}

const TRANSPORTS: readonly { readonly name: string; readonly json: boolean; readonly send: Send }[] = [
  {
    name: 'HTTP with protobuf',
    json: false,
    send: (bridge, signal, body) => sendHttp(bridge, signal, body, 'protobuf'),
  },
  { name: 'HTTP with JSON', json: true, send: (bridge, signal, body) => sendHttp(bridge, signal, body, 'json') },
  {
    name: 'gRPC',
    json: false,
    send: async (bridge, signal, body) => {
      assert.equal((await exportGrpc(bridge.grpc, body, exportPath(signal))).length, 0);
    },
  },
];

function serialise<T>(serializer: ISerializer<T, unknown>, items: T): Uint8Array {
  return serializer.serializeRequest(items)!;
}

async function sdkLogs(): Promise<ReadableLogRecord[]> {
  const exporter = new InMemoryLogRecordExporter();
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
  return exporter.getFinishedLogRecords();
}

async function sdkMetrics(): Promise<ResourceMetrics> {
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
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
  await reader.forceFlush();
  const [metrics] = exporter.getMetrics();
  await provider.shutdown();
  return metrics!;
}

for (const { name, json, send } of TRANSPORTS) {
  test(`log records of the OpenTelemetry SDK arrive over ${name}`, async (t) => {
    const bridge = await startBridge(t);
    await send(bridge, 'logs', serialise(json ? JsonLogsSerializer : ProtobufLogsSerializer, await sdkLogs()));
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

  test(`metrics of the OpenTelemetry SDK arrive over ${name}`, async (t) => {
    const bridge = await startBridge(t);
    await send(
      bridge,
      'metrics',
      serialise(json ? JsonMetricsSerializer : ProtobufMetricsSerializer, await sdkMetrics()),
    );
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
