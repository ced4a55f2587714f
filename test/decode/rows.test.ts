import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlainMessage } from '../../src/decode/protobuf-writer.ts';
import { createOtlpAssembler, type Row } from '../../src/decode/rows.ts';
import { readValue } from '../../src/decode/value-reader.ts';
import type { SignalName } from '../../src/model/signal.ts';

const ROW: Row = {
  timestamp: 1n,
  start_time_unix_nano: 5n,
  duration_nano: 7n,
  trace_id: '0102030405060708090a0b0c0d0e0f10',
  span_id: 'f1f2f3f4f5f6f7f8',
  parent_span_id: null,
  trace_state: null,
  flags: 257n,
  name: 'GET /',
  kind: 'SERVER',
  status_code: 'UNSET',
  status_message: null,
  service_name: 'shop',
  scope_name: 'http',
  scope_version: null,
  resource_schema_url: null,
  scope_schema_url: 'urn:s',
  resource_dropped_attributes_count: 1n,
  scope_dropped_attributes_count: 0n,
  resource_attributes: [['service.name', 'shop']],
  resource_attribute_types: 's',
  scope_attributes: [],
  scope_attribute_types: '',
  resource_entity_refs: '[{"type":"host","idKeys":["host.id"]}]',
  attributes: [
    ['n', '1'],
    ['u', null],
  ],
  attribute_types: 'in',
  dropped_attributes_count: 2n,
  dropped_events_count: 3n,
  dropped_links_count: 4n,
  events: [
    { time_unix_nano: 6n, name: 'e', attributes: [['k', 'true']], attribute_types: 'b', dropped_attributes_count: 1n },
  ],
  links: [
    {
      trace_id: 'ff'.repeat(16),
      span_id: null,
      trace_state: 'a=b',
      flags: 768n,
      attributes: [],
      attribute_types: '',
      dropped_attributes_count: 0n,
    },
  ],
};

function assemble(...rows: Row[]): PlainMessage {
  const assembler = createOtlpAssembler('traces');
  for (const row of rows) assembler.add(row);
  assert.equal(assembler.rows, rows.length);
  return assembler.finish();
}

interface SpanGroups {
  readonly resource: PlainMessage | undefined;
  readonly schemaUrl: string;
  readonly scopeSpans: readonly { scope: PlainMessage | undefined; schemaUrl: string; spans: PlainMessage[] }[];
}

function groups(request: PlainMessage): SpanGroups[] {
  return request.resourceSpans as unknown as SpanGroups[];
}

function onlySpan(row: Row): PlainMessage {
  return groups(assemble(row))[0]!.scopeSpans[0]!.spans[0]!;
}

const BYTES_OF_TRACE_ID = Uint8Array.from({ length: 16 }, (_, i) => i + 1);

test('a row becomes a span with all its fields', () => {
  assert.deepEqual(assemble(ROW), {
    resourceSpans: [
      {
        resource: {
          attributes: [{ key: 'service.name', value: { stringValue: 'shop' } }],
          droppedAttributesCount: 1,
          entityRefs: [{ type: 'host', idKeys: ['host.id'] }],
        },
        schemaUrl: '',
        scopeSpans: [
          {
            scope: { name: 'http', version: '', attributes: [], droppedAttributesCount: 0 },
            schemaUrl: 'urn:s',
            spans: [
              {
                traceId: BYTES_OF_TRACE_ID,
                spanId: Uint8Array.from({ length: 8 }, (_, i) => 0xf1 + i),
                parentSpanId: new Uint8Array(0),
                traceState: '',
                flags: 257,
                name: 'GET /',
                kind: 2,
                startTimeUnixNano: 5n,
                endTimeUnixNano: 12n,
                attributes: [
                  { key: 'n', value: { intValue: 1n } },
                  { key: 'u', value: {} },
                ],
                droppedAttributesCount: 2,
                events: [
                  {
                    timeUnixNano: 6n,
                    name: 'e',
                    attributes: [{ key: 'k', value: { boolValue: true } }],
                    droppedAttributesCount: 1,
                  },
                ],
                droppedEventsCount: 3,
                links: [
                  {
                    traceId: new Uint8Array(16).fill(255),
                    spanId: new Uint8Array(0),
                    traceState: 'a=b',
                    flags: 768,
                    attributes: [],
                    droppedAttributesCount: 0,
                  },
                ],
                droppedLinksCount: 4,
                status: undefined,
              },
            ],
          },
        ],
      },
    ],
  });
});

test('maps may come as entries, as a Map or as an object, and 64-bit integers as numbers', () => {
  const entries: [string, string | null][] = [
    ['n', '1'],
    ['u', null],
  ];
  const expected = onlySpan(ROW);
  for (const attributes of [entries, new Map(entries), Object.fromEntries(entries)]) {
    assert.deepEqual(onlySpan({ ...ROW, attributes, start_time_unix_nano: 5, duration_nano: 7, flags: 257 }), expected);
  }
});

test('times keep the bits of uint64, and the end is start plus duration modulo 2^64', () => {
  const span = onlySpan({ ...ROW, start_time_unix_nano: -1n, duration_nano: 3n });
  assert.equal(span.startTimeUnixNano, 2n ** 64n - 1n);
  assert.equal(span.endTimeUnixNano, 2n);
  assert.equal(onlySpan({ ...ROW, start_time_unix_nano: 10n, duration_nano: -10n }).endTimeUnixNano, 0n);
});

test('a status message that is null means no status; an empty one means a status', () => {
  assert.equal(onlySpan({ ...ROW, status_message: null }).status, undefined);
  assert.deepEqual(onlySpan({ ...ROW, status_message: '', status_code: 'UNSET' }).status, { message: '', code: 0 });
  assert.deepEqual(onlySpan({ ...ROW, status_message: 'm', status_code: 'ERROR' }).status, { message: 'm', code: 2 });
  assert.deepEqual(onlySpan({ ...ROW, status_message: '', status_code: '-7' }).status, { message: '', code: -7 });
  assert.equal(onlySpan({ ...ROW, kind: '99' }).kind, 99);
});

test('a resource or scope that is null was not sent', () => {
  const absent = { ...ROW, resource_attributes: null, resource_attribute_types: null, scope_attributes: null };
  const [group] = groups(assemble({ ...absent, scope_attribute_types: null, scope_name: null }));
  assert.equal(group!.resource, undefined);
  assert.equal(group!.scopeSpans[0]!.scope, undefined);
  assert.equal(group!.scopeSpans[0]!.schemaUrl, 'urn:s');
});

test('resources and scopes of equal content become one, in the order of their first row', () => {
  const row = (name: string, service: string, scope: string) => ({
    ...ROW,
    name,
    resource_attributes: [['service.name', service]],
    scope_name: scope,
  });
  const request = assemble(row('1', 'b', 'x'), row('2', 'a', 'x'), row('3', 'b', 'y'), row('4', 'b', 'x'));
  const shape = groups(request).map((group) => group.scopeSpans.map((scope) => scope.spans.map((span) => span.name)));
  assert.deepEqual(shape, [[['1', '4'], ['3']], [['2']]]);
});

test('resources that differ in anything stay apart', () => {
  const rows = [
    ROW,
    { ...ROW, resource_schema_url: 'urn:r' },
    { ...ROW, resource_attribute_types: 'y' },
    { ...ROW, resource_attributes: [['service.name', 'other']] },
    { ...ROW, resource_dropped_attributes_count: 2n },
    { ...ROW, resource_attributes: [], resource_attribute_types: '' },
    { ...ROW, resource_attributes: null, resource_attribute_types: null },
  ];
  assert.equal(groups(assemble(...rows, ...rows)).length, rows.length);
});

test('every letter brings back its kind of value', () => {
  const cases: [string, string | null, PlainMessage][] = [
    ['s', '1', { stringValue: '1' }],
    ['s', '', { stringValue: '' }],
    ['i', '-9223372036854775808', { intValue: -(2n ** 63n) }],
    ['d', '1.0', { doubleValue: 1 }],
    ['d', '-0.0', { doubleValue: -0 }],
    ['d', '1e+21', { doubleValue: 1e21 }],
    ['d', 'NaN', { doubleValue: Number.NaN }],
    ['d', '-Infinity', { doubleValue: Number.NEGATIVE_INFINITY }],
    ['b', 'false', { boolValue: false }],
    ['y', '+/8=', { bytesValue: Uint8Array.of(251, 255) }],
    ['n', null, {}],
    ['a', '[]', { arrayValue: { values: [] } }],
    [
      'a',
      '[1,9007199254740993,1.0,-0.0,"x",true,null,[]]',
      {
        arrayValue: {
          values: [
            { intValue: 1n },
            { intValue: 9007199254740993n },
            { doubleValue: 1 },
            { doubleValue: -0 },
            { stringValue: 'x' },
            { boolValue: true },
            {},
            { arrayValue: { values: [] } },
          ],
        },
      },
    ],
    [
      'm',
      '{"b":1,"1":2,"__proto__":{},"\\u0000\\"":"ä"}',
      {
        kvlistValue: {
          values: [
            { key: 'b', value: { intValue: 1n } },
            { key: '1', value: { intValue: 2n } },
            { key: '__proto__', value: { kvlistValue: { values: [] } } },
            { key: '\u0000"', value: { stringValue: 'ä' } },
          ],
        },
      },
    ],
    [
      'A',
      '{"arrayValue":{"values":[{"bytesValue":"AQ=="},{"doubleValue":"NaN"},{}]}}',
      { arrayValue: { values: [{ bytesValue: Uint8Array.of(1) }, { doubleValue: Number.NaN }, {}] } },
    ],
    [
      'M',
      '{"kvlistValue":{"values":[{"key":"k","value":{"intValue":"1"}},{"key":"k","value":{}}]}}',
      {
        kvlistValue: {
          values: [
            { key: 'k', value: { intValue: 1n } },
            { key: 'k', value: {} },
          ],
        },
      },
    ],
  ];
  for (const [letter, text, value] of cases) assert.deepEqual(readValue(letter, text), value, `${letter} ${text}`);
});

test('text that does not fit its letter is corrupt', () => {
  const cases: [string | undefined, string | null][] = [
    ['i', '1.5'],
    ['i', ''],
    ['d', ''],
    ['d', 'x'],
    ['b', '1'],
    ['a', '[1'],
    ['a', '[1]]'],
    ['A', '{"arrayValue":1}'],
    ['s', null],
    ['q', 'x'],
    [undefined, 'x'],
  ];
  for (const [letter, text] of cases) assert.throws(() => readValue(letter, text), { code: 'corrupt' }, `${letter}`);
});

test('columns that do not fit each other are corrupt and leave the request as it was', () => {
  const assembler = createOtlpAssembler('traces');
  assembler.add(ROW);
  const broken: Row[] = [
    { ...ROW, attribute_types: 'i' },
    { ...ROW, attribute_types: null },
    { ...ROW, trace_id: 'xyz' },
    { ...ROW, kind: 'SERVANT' },
  ];
  for (const row of broken) assert.throws(() => assembler.add(row), { code: 'corrupt' });
  assert.deepEqual(assembler.finish(), assemble(ROW));
});

test('references to entities that are no OTLP/JSON are corrupt', () => {
  for (const resource_entity_refs of ['{', '{"a":1}', '[{"idKeys":1}]', '[] ,']) {
    assert.throws(() => assemble({ ...ROW, resource_entity_refs }), { code: 'corrupt' }, resource_entity_refs);
  }
});

function itemsOf(signal: SignalName, lists: readonly [string, string, string], rows: readonly Row[]): PlainMessage[] {
  const assembler = createOtlpAssembler(signal);
  for (const row of rows) assembler.add(row);
  const [resources, scopes, items] = lists;
  const inside = (message: PlainMessage, name: string) => message[name] as PlainMessage[];
  return inside(assembler.finish(), resources).flatMap((group) =>
    inside(group, scopes).flatMap((s) => inside(s, items)),
  );
}

test('a row becomes a log record, and the letter of the body tells its type', () => {
  const read = (row: Row) => itemsOf('logs', ['resourceLogs', 'scopeLogs', 'logRecords'], [row])[0]!;
  const record = read({ time_unix_nano: -1n, severity_number: 9, body: '[1,null]', body_type: 'a' });
  assert.equal(record.timeUnixNano, 2n ** 64n - 1n);
  assert.equal(record.severityNumber, 9);
  assert.deepEqual(record.body, { arrayValue: { values: [{ intValue: 1n }, {}] } });
  assert.deepEqual(read({ body: null, body_type: 'n' }).body, {});
  assert.equal(read({ body: null, body_type: null }).body, undefined);
  assert.throws(() => read({ body: 'x', body_type: 'i' }), { code: 'corrupt' });
});

const readMetrics = (...rows: Row[]) => itemsOf('metrics', ['resourceMetrics', 'scopeMetrics', 'metrics'], rows);

test('points of rows with equal metrics become one metric, in the order of their rows', () => {
  const gauge = (metric_name: string, value_int: bigint, more: Row = {}): Row => {
    return { metric_name, type: 'GAUGE', value_int, metadata: [], metadata_types: '', ...more };
  };
  const other = { metadata: [['k', 'v']], metadata_types: 's' };
  const metrics = readMetrics(
    gauge('a', 1n),
    gauge('b', 2n),
    gauge('a', 3n),
    gauge('a', 4n, other),
    gauge('a', 5n, { unit: 's' }),
  );
  const values = metrics.map(({ name, gauge: data }) => {
    return [name, ((data as PlainMessage).dataPoints as PlainMessage[]).map((point) => point.asInt)];
  });
  assert.deepEqual(values, [
    ['a', [1n, 3n]],
    ['b', [2n]],
    ['a', [4n]],
    ['a', [5n]],
  ]);
});

test('metrics of equal content in different scopes stay apart', () => {
  const row = { metric_name: 'a', type: 'SUM', aggregation_temporality: 'DELTA', scope_attributes: [] };
  assert.equal(readMetrics({ ...row, scope_name: 'x' }, { ...row, scope_name: 'y' }).length, 2);
});

test('a type of metrics or a temporality that does not exist is corrupt', () => {
  assert.throws(() => readMetrics({ metric_name: 'a', type: 'COUNTER' }), { code: 'corrupt', message: /COUNTER/ });
  const row = { metric_name: 'a', type: 'SUM', aggregation_temporality: 'SOMETIMES' };
  assert.throws(() => readMetrics(row), { code: 'corrupt', message: /SOMETIMES/ });
});
