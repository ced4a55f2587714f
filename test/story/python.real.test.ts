/** The OpenTelemetry SDK for Python with its own OTLP exporters, all three signals. */
import assert from 'node:assert/strict';
import { execFile, spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { SignalName } from '../../src/model/signal.ts';
import { rowsOf } from '../support/requests.ts';
import { sharedBridge } from '../support/shared-bridge.ts';

const SCRIPT = fileURLToPath(new URL('exporters.py', import.meta.url));
const PACKAGES = 'opentelemetry-sdk opentelemetry-exporter-otlp-proto-grpc opentelemetry-exporter-otlp-proto-http';
const MODULES = 'opentelemetry.sdk, opentelemetry.exporter.otlp.proto.grpc, opentelemetry.exporter.otlp.proto.http';
const run = promisify(execFile);

const hasPackages = spawnSync('python3', ['-c', `import ${MODULES}`]).status === 0;
const skip = !hasPackages && !process.env.CI && `python3 -m pip install ${PACKAGES}`;
const bridge = sharedBridge();

const WAYS = ['grpc none', 'grpc gzip', 'grpc deflate', 'http none', 'http gzip', 'http deflate'];

for (const way of WAYS) {
  test(`spans, log records and metrics of Python arrive over ${way}`, { skip }, async () => {
    const [protocol, compression] = way.split(' ') as [string, string];
    const service = `python-${protocol}-${compression}`;
    const address = protocol === 'grpc' ? bridge.grpc : bridge.otlp;
    const { stdout } = await run('python3', [SCRIPT, protocol, compression, address, service], { timeout: 60_000 });
    const { sent, trace_id, span_id } = JSON.parse(stdout) as { sent: boolean[]; trace_id: string; span_id: string };
    assert.deepEqual(sent, [true, true, true]);
    await bridge.flush();
    const rows = (table: SignalName) => rowsOf(bridge.api, table, service);

    const spans = await rows('traces');
    assert.deepEqual(spans.map((span) => span.name).sort(), ['POST /cart', 'SELECT']);
    const child = spans.find((span) => span.name === 'SELECT')!;
    assert.deepEqual([child.trace_id, child.parent_span_id, child.kind], [trace_id, span_id, 'CLIENT']);
    assert.deepEqual([child.status_code, child.status_message], ['ERROR', 'no such item']);
    assert.deepEqual([child.scope_name, child.scope_version], ['shop', '1.2.3']);
    assert.equal(child.scope_schema_url, 'https://example.com/schema');
    const resource = child.resource_attributes as Record<string, string>;
    assert.deepEqual([resource['host.cpus'], resource.tags], ['4', '["a","b"]']);
    assert.deepEqual(
      (child.events as Record<string, unknown>[]).map((event) => event.attributes),
      [{ n: '1' }],
    );
    assert.deepEqual(
      (child.links as Record<string, unknown>[]).map((link) => link.span_id),
      [span_id],
    );

    const [record, ...others] = await rows('logs');
    assert.equal(others.length, 0);
    assert.deepEqual(
      [record!.time_unix_nano, record!.severity_number, record!.severity_text, record!.event_name],
      ['1763715600000000123', 13, 'warn', 'cart.empty'],
    );
    assert.deepEqual(JSON.parse(record!.body as string), { item: 7, text: 'naïve \u0000 €' });
    assert.deepEqual(record!.attributes, { count: '9007199254740993' });
    assert.equal(record!.trace_id, trace_id);

    const points = new Map((await rows('metrics')).map((row) => [row.metric_name, row]));
    assert.deepEqual([...points.keys()].sort(), ['latency', 'open', 'orders', 'sizes', 'temperature']);
    const orders = points.get('orders')!;
    assert.deepEqual([orders.type, orders.value_int, orders.is_monotonic, orders.unit], ['SUM', 3, true, '1']);
    assert.deepEqual(orders.attributes, { kind: 'web' });
    assert.deepEqual([points.get('open')!.value_int, points.get('open')!.is_monotonic], [-2, false]);
    assert.deepEqual([points.get('temperature')!.type, points.get('temperature')!.value_double], ['GAUGE', 21.5]);
    const latency = points.get('latency')!;
    assert.deepEqual([latency.type, latency.count, latency.sum], ['HISTOGRAM', 3, 55.5]);
    assert.deepEqual(
      [latency.bucket_counts, latency.explicit_bounds],
      [
        [1, 1, 1],
        [1, 10],
      ],
    );
    const sizes = points.get('sizes')!;
    assert.deepEqual([sizes.type, sizes.count, sizes.positive_bucket_counts], ['EXPONENTIAL_HISTOGRAM', 1, [1]]);
  });
}
