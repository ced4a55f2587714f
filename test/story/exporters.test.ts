import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ROOT_CONTEXT, SpanKind, SpanStatusCode, TraceFlags, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as GrpcExporter } from '@opentelemetry/exporter-trace-otlp-grpc';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtoExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { BatchSpanProcessor, NodeTracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace-node';
import { startBridge, type TestBridge } from '../support/daemon.ts';

const EXPORTERS: Record<string, (bridge: TestBridge) => SpanExporter> = {
  'otlp-grpc': ({ grpc }) => new GrpcExporter({ url: `http://${grpc}` }),
  'otlp-proto': ({ otlp }) => new ProtoExporter({ url: `${otlp}/v1/traces` }),
  'otlp-proto with gzip': ({ otlp }) => new ProtoExporter({ url: `${otlp}/v1/traces`, compression: 'gzip' as never }),
  'otlp-http (JSON)': ({ otlp }) => new JsonExporter({ url: `${otlp}/v1/traces` }),
};

for (const [name, createExporter] of Object.entries(EXPORTERS)) {
  test(`spans of the OpenTelemetry SDK arrive through ${name}`, async (t) => {
    const bridge = await startBridge(t);
    const provider = new NodeTracerProvider({
      resource: resourceFromAttributes({ 'service.name': 'checkout', 'host.cpus': 4 }),
      spanProcessors: [new BatchSpanProcessor(createExporter(bridge))],
    });
    const tracer = provider.getTracer('shop', '1.2.3');
    const parent = tracer.startSpan('POST /cart', {
      kind: SpanKind.SERVER,
      attributes: { 'http.route': '/cart', ratio: 0.25 },
    });
    const { traceId, spanId } = parent.spanContext();
    const child = tracer.startSpan(
      'SELECT items',
      {
        kind: SpanKind.CLIENT,
        links: [{ context: { traceId, spanId, traceFlags: TraceFlags.SAMPLED }, attributes: { why: 'test' } }],
      },
      trace.setSpan(ROOT_CONTEXT, parent),
    );
    child.addEvent('row', { n: 1, tags: ['a', 'b'] });
    child.setStatus({ code: SpanStatusCode.ERROR, message: 'no such item' });
    child.end();
    parent.end();
    await provider.shutdown();
    await bridge.flush();

    const rows = await bridge.rows({ filter: "service_name = 'checkout'" });
    assert.equal(rows.length, 2);
    const client = rows.find((row) => row.kind === 'CLIENT')!;
    assert.equal(client.name, 'SELECT items');
    assert.equal(client.trace_id, traceId);
    assert.equal(client.parent_span_id, spanId);
    assert.equal(client.status_code, 'ERROR');
    assert.equal(client.status_message, 'no such item');
    assert.equal(client.scope_name, 'shop');
    assert.equal(client.scope_version, '1.2.3');
    assert.equal((client.resource_attributes as Record<string, string>)['host.cpus'], '4');
    const [event] = client.events as Record<string, unknown>[];
    assert.deepEqual(event!.attributes, { n: '1', tags: '["a","b"]' });
    assert.equal(event!.attribute_types, 'ia');
    const [link] = client.links as Record<string, unknown>[];
    assert.equal(link!.span_id, spanId);
    const server = await bridge.rows({ filter: `"http.route" = '/cart' AND kind = 'SERVER'`, select: 'name,span_id' });
    assert.deepEqual(server, [{ name: 'POST /cart', span_id: spanId }]);
  });
}
