import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTableBuilder } from '../../src/batch/builder.ts';
import { createDecoder } from '../../src/decode/decoder.ts';
import { encode, type PlainMessage } from '../../src/decode/protobuf-writer.ts';
import { BridgeError } from '../../src/errors.ts';
import { TRACES } from '../../src/model/traces.ts';
import { plainRows } from '../batch/sample-table.ts';
import { readSamples } from '../support/samples.ts';
import { plainMessage } from './arbitraries.ts';
import { decodeIndependently } from './proto-files.ts';
import { assertTraceRows, decodeTraces, LIMITS } from './trace-rows.ts';

const REQUEST = 'ExportTraceServiceRequest';

test('rows of any request say what protobufjs decodes from the same bytes', () => {
  fc.assert(
    fc.property(plainMessage(REQUEST), (message) => {
      const bytes = encode(REQUEST, withValidIds(message));
      assertTraceRows(bytes, canonicalSpans(decodeIndependently(REQUEST, bytes)));
    }),
    { numRuns: 500 },
  );
});

test('rows of the captured requests say what protobufjs decodes from them', () => {
  for (const { body, encoding } of readSamples('traces')) {
    if (encoding === 'json') continue;
    assertTraceRows(body, canonicalSpans(decodeIndependently(REQUEST, body)));
  }
});

test('random damage is refused cleanly or decoded, and a refused request leaves no rows', () => {
  const bodies = readSamples('traces').filter(({ body, encoding }) => encoding === 'protobuf' && body.length < 20_000);
  const damage = fc.tuple(fc.constantFrom('set', 'cut', 'copy', 'insert'), fc.nat(), fc.nat(), fc.nat({ max: 255 }));
  const builder = createTableBuilder(TRACES);
  const decoder = createDecoder('traces', builder, { limits: { maxAttributeCount: 40, maxNesting: 4 }, promote: [] });
  let refused = 0;
  fc.assert(
    fc.property(fc.constantFrom(...bodies), fc.array(damage, { minLength: 1, maxLength: 4 }), ({ body }, damages) => {
      const damaged = damages.reduce(applyDamage, body as Uint8Array);
      const rows = builder.rows;
      try {
        const result = decoder.decode(damaged);
        assert.equal(builder.rows, rows + result.accepted);
      } catch (error) {
        refused++;
        assert.ok(error instanceof BridgeError, String(error));
        assert.equal(error.code, 'invalid_argument');
        assert.equal(builder.rows, rows);
      }
    }),
    { numRuns: 1500, seed: 20261121, endOnFailure: true },
  );
  assert.ok(refused > 300, `only ${refused} of the damaged requests were refused`);
  const { rows } = builder;
  assert.equal(plainRows(builder.finish(), TRACES).length, rows);
});

test('random bytes are refused cleanly or decoded', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      try {
        decodeTraces(bytes, LIMITS);
      } catch (error) {
        assert.ok(error instanceof BridgeError, String(error));
        assert.equal(error.code, 'invalid_argument');
      }
    }),
    { numRuns: 2000, seed: 1 },
  );
});

function applyDamage(body: Uint8Array, [kind, a, b, byte]: [string, number, number, number]): Uint8Array {
  const at = a % (body.length + 1);
  const to = b % (body.length + 1);
  switch (kind) {
    case 'set':
      return body.with(Math.min(at, body.length - 1), byte);
    case 'cut':
      return Buffer.concat([body.subarray(0, Math.min(at, to)), body.subarray(Math.max(at, to))]);
    case 'copy':
      return Buffer.concat([body.subarray(0, at), body.subarray(to, to + byte), body.subarray(at)]);
    default:
      return Buffer.concat([body.subarray(0, at), Uint8Array.of(byte), body.subarray(at)]);
  }
}

/** The message with ids that are accepted: filled up or cut to their width, of links also absent. */
function withValidIds(message: PlainMessage): PlainMessage {
  const spans = list(message.resourceSpans)
    .flatMap((group) => list(group.scopeSpans))
    .flatMap((group) => list(group.spans));
  for (const span of spans) {
    span.traceId = fitted(span.traceId, 16);
    span.spanId = fitted(span.spanId, 8);
    if (span.parentSpanId !== undefined) span.parentSpanId = fitted(span.parentSpanId, 8);
    for (const link of list(span.links)) {
      if (link.traceId !== undefined) link.traceId = fitted(link.traceId, 16);
      if (link.spanId !== undefined) link.spanId = fitted(link.spanId, 8);
    }
  }
  return message;
}

function list(value: unknown): Record<string, unknown>[] {
  return (value ?? []) as Record<string, unknown>[];
}

function fitted(id: unknown, width: number): Uint8Array {
  const bytes = new Uint8Array(width).fill(1);
  bytes.set(((id ?? []) as Uint8Array).slice(0, width - 1));
  return bytes;
}

type Message = Record<string, unknown>;

/** What protobufjs decoded in the form of the samples' canonical items. */
function canonicalSpans(request: Message): Message[] {
  return messages(request.resource_spans).flatMap((group) => {
    const resource = {
      schema_url: group.schema_url ?? '',
      set: group.resource !== undefined,
      ...owner(group.resource as Message | undefined),
    };
    return messages(group.scope_spans).flatMap((scopeGroup) => {
      const message = scopeGroup.scope as Message | undefined;
      const scope = {
        schema_url: scopeGroup.schema_url ?? '',
        set: message !== undefined,
        name: message?.name ?? '',
        version: message?.version ?? '',
        ...owner(message),
      };
      return messages(scopeGroup.spans).map((span) => ({ resource, scope, span: canonicalSpan(span) }));
    });
  });
}

function messages(value: unknown): Message[] {
  return (value ?? []) as Message[];
}

function owner(message: Message | undefined): Message {
  return {
    attributes: message ? attributes(message.attributes) : null,
    dropped_attributes_count: message?.dropped_attributes_count ?? 0,
  };
}

function attributes(entries: unknown): [string, Message][] {
  return messages(entries).map((entry) => [(entry.key ?? '') as string, anyValue(entry.value as Message | undefined)]);
}

function anyValue(value: Message | undefined): Message {
  const [name, content] = Object.entries(value ?? {})[0] ?? [];
  switch (name) {
    case 'string_value':
      return { string: content };
    case 'bool_value':
      return { bool: content };
    case 'int_value':
      return { int: content };
    case 'double_value':
      return { double: Number.isFinite(content) ? content : String(content) };
    case 'bytes_value':
      return { bytes: hex(content) };
    case 'array_value':
      return { array: messages((content as Message).values).map(anyValue) };
    case 'kvlist_value':
      return { kvlist: attributes((content as Message).values) };
    default:
      return { unset: null };
  }
}

/** protobufjs hands bytes out in base64. */
function hex(base64: unknown): string {
  return Buffer.from((base64 ?? '') as string, 'base64').toString('hex');
}

function canonicalSpan(span: Message): Message {
  const status = span.status as Message | undefined;
  return {
    trace_id: hex(span.trace_id),
    span_id: hex(span.span_id),
    parent_span_id: hex(span.parent_span_id),
    trace_state: span.trace_state ?? '',
    flags: span.flags ?? 0,
    name: span.name ?? '',
    kind: span.kind ?? 0,
    start_time_unix_nano: span.start_time_unix_nano ?? '0',
    end_time_unix_nano: span.end_time_unix_nano ?? '0',
    ...owner(span),
    dropped_events_count: span.dropped_events_count ?? 0,
    dropped_links_count: span.dropped_links_count ?? 0,
    status: status ? { code: status.code ?? 0, message: status.message ?? '' } : null,
    events: messages(span.events).map((event) => ({
      time_unix_nano: event.time_unix_nano ?? '0',
      name: event.name ?? '',
      ...owner(event),
    })),
    links: messages(span.links).map((link) => ({
      trace_id: hex(link.trace_id),
      span_id: hex(link.span_id),
      trace_state: link.trace_state ?? '',
      flags: link.flags ?? 0,
      ...owner(link),
    })),
  };
}
