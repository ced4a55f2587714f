import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import { JsonTraceSerializer, ProtobufTraceSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import {
  AlwaysOnSampler,
  InMemorySpanExporter,
  NodeTracerProvider,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-node';
import { otlpJsonToProtobuf } from '../../src/decode/json.ts';
import { decode, encode, type PlainMessage } from '../../src/decode/protobuf-writer.ts';
import { canonicalItems } from './canonical.ts';

function sdkSpans(): ReadableSpan[] {
  const exporter = new InMemorySpanExporter();
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': 'läden', pid: 7, flags: [true, false] }, { schemaUrl: 'urn:r' }),
    sampler: new AlwaysOnSampler(),
    spanProcessors: [new SimpleSpanProcessor(exporter)],
  });
  const tracer = provider.getTracer('tracer', '1.2', { schemaUrl: 'urn:s' });
  const other = { traceId: 'ab'.repeat(16), spanId: 'cd'.repeat(8), traceFlags: TraceFlags.SAMPLED, isRemote: true };
  for (let i = 0; i < 50; i++) {
    const span = tracer.startSpan(`span ${i} 💥`, {
      kind: i % 5 === 0 ? SpanKind.SERVER : SpanKind.INTERNAL,
      links: [{ context: other, attributes: { i } }],
    });
    span.setAttributes({ i, half: i / 2 + 0.25, ok: true, text: '"\u0000\\ü', list: ['a', 'b'], far: 2 ** 40 + i });
    span.addEvent('event', { message: 'x'.repeat(i * 10) }, [1_795_175_864, i]);
    span.setStatus({ code: i % 2 ? SpanStatusCode.ERROR : SpanStatusCode.OK, message: `m${i}` });
    span.end();
  }
  return exporter.getFinishedSpans();
}

test('spans of the JavaScript SDK come out alike from its JSON and its protobuf serializer', () => {
  const spans = sdkSpans();
  const viaJson = otlpJsonToProtobuf('traces', JsonTraceSerializer.serializeRequest(spans)!, { maxNesting: 32 });
  const viaProtobuf = ProtobufTraceSerializer.serializeRequest(spans)!;
  const request = decode('ExportTraceServiceRequest', viaProtobuf);
  assert.deepEqual(
    canonicalItems('traces', decode('ExportTraceServiceRequest', viaJson)),
    canonicalItems('traces', request),
  );
  assert.equal(canonicalItems('traces', request).length, 50);
});

test('answers of the bridge are what the JavaScript SDK understands', () => {
  const response: PlainMessage = { partialSuccess: { rejectedSpans: 2n, errorMessage: 'ids' } };
  const read = ProtobufTraceSerializer.deserializeResponse(encode('ExportTraceServiceResponse', response));
  assert.equal(Number(read.partialSuccess?.rejectedSpans), 2);
  assert.equal(read.partialSuccess?.errorMessage, 'ids');
});
