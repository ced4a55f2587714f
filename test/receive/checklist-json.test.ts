/** OTLP/JSON as it is read from requests (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGNALS, type Signal } from '../../src/model/signal.ts';
import { post, requestJson, rowsOf, SPAN_ID, TRACE_ID, TRACES } from '../support/requests.ts';
import { sharedBridge } from '../support/shared-bridge.ts';

const bridge = sharedBridge();
const { logs: LOGS, metrics: METRICS } = SIGNALS;
let services = 0;

/** Sends one row with these changes (JSON text may stand for values JSON.stringify cannot write) and reads it back. */
async function rowOf(signal: Signal, changes: Record<string, unknown>, edit = (json: string) => json) {
  const service = `json-${services++}`;
  const json = edit(requestJson(signal, service, [{ name: 'row', changes }]));
  const response = await post(bridge.otlp, signal, 'json', json);
  assert.equal(await response.text(), '{}');
  const rows = await rowsOf(bridge.api, signal.name, service);
  assert.equal(rows.length, 1);
  return rows[0]!;
}

test('ids are hex of either case', async () => {
  for (const change of [(id: string) => id.toUpperCase(), (id: string) => id.toLowerCase()]) {
    const ids = { traceId: change(TRACE_ID), spanId: change(SPAN_ID), parentSpanId: change(SPAN_ID) };
    const span = await rowOf(TRACES, ids);
    assert.deepEqual([span.trace_id, span.span_id, span.parent_span_id], [TRACE_ID, SPAN_ID, SPAN_ID]);
    const record = await rowOf(LOGS, { traceId: ids.traceId, spanId: ids.spanId });
    assert.deepEqual([record.trace_id, record.span_id], [TRACE_ID, SPAN_ID]);
  }
});

test('ids that are no hex are refused with a clean 400 that says where', async () => {
  for (const traceId of ['W47/94gDgQPSabYzgT/GDA==', 'xyz', 7]) {
    const json = requestJson(TRACES, 'bad', [{ name: 'bad', changes: { traceId } }]);
    const response = await post(bridge.otlp, TRACES, 'json', json);
    assert.equal(response.status, 400);
    assert.match(await response.text(), /spans\[0\]\.traceId/);
  }
});

test('ids of a wrong length refuse their row alone, ids of zeros only are kept', async () => {
  const service = 'json-ids';
  const json = requestJson(TRACES, service, [
    { name: 'none', changes: { traceId: '' } },
    { name: 'short', changes: { spanId: SPAN_ID.slice(2) } },
    { name: 'long', changes: { traceId: `${TRACE_ID}00` } },
    { name: 'zeros', changes: { traceId: '0'.repeat(32), spanId: '0'.repeat(16) } },
  ]);
  const response = await post(bridge.otlp, TRACES, 'json', json);
  const { partialSuccess } = (await response.json()) as {
    partialSuccess: { rejectedSpans: string; errorMessage: string };
  };
  assert.equal(partialSuccess.rejectedSpans, '3');
  assert.match(partialSuccess.errorMessage, /trace_id has 0 bytes/);
  const rows = await rowsOf(bridge.api, 'traces', service);
  assert.deepEqual(
    rows.map(({ name, trace_id }) => [name, trace_id]),
    [['zeros', '0'.repeat(32)]],
  );
});

test('ids of log records may be missing, and refuse their record alone where their length is wrong', async () => {
  const service = 'json-log-ids';
  const json = requestJson(LOGS, service, [
    { name: 'none', changes: { traceId: '' } },
    { name: 'short', changes: { traceId: TRACE_ID.slice(2) } },
    { name: 'long', changes: { spanId: `${SPAN_ID}00` } },
  ]);
  const response = await post(bridge.otlp, LOGS, 'json', json);
  const { partialSuccess } = (await response.json()) as { partialSuccess: { rejectedLogRecords: string } };
  assert.equal(partialSuccess.rejectedLogRecords, '2');
  assert.deepEqual(
    (await rowsOf(bridge.api, 'logs', service)).map((row) => row.event_name),
    ['none'],
  );
});

test('ids of exemplars may be missing, and refuse their point alone where their length is wrong', async () => {
  const service = 'json-exemplar-ids';
  const json = requestJson(METRICS, service, [
    { name: 'none', changes: { exemplars: [{ asInt: '1' }] } },
    { name: 'short', changes: { exemplars: [{ traceId: TRACE_ID.slice(2) }] } },
    { name: 'long', changes: { exemplars: [{ spanId: `${SPAN_ID}00` }] } },
  ]);
  const response = await post(bridge.otlp, METRICS, 'json', json);
  const { partialSuccess } = (await response.json()) as { partialSuccess: { rejectedDataPoints: string } };
  assert.equal(partialSuccess.rejectedDataPoints, '2');
  assert.deepEqual(
    (await rowsOf(bridge.api, 'metrics', service)).map((row) => row.metric_name),
    ['none'],
  );
});

test('other bytes are base64', async () => {
  const attributes = [{ key: 'raw', value: { bytesValue: '3q2+7w==' } }];
  const span = await rowOf(TRACES, { attributes });
  assert.deepEqual(span.attributes, { raw: '3q2+7w==' });
  assert.equal(span.attribute_types, 'y');
  const record = await rowOf(LOGS, { body: { bytesValue: '3q2-7w' } });
  assert.deepEqual([record.body, record.body_type], ['3q2+7w==', 'y']);
});

test('enums are integers, names are taken too', async () => {
  for (const kind of [2, 'SPAN_KIND_SERVER']) assert.equal((await rowOf(TRACES, { kind })).kind, 'SERVER');
  for (const code of [2, 'STATUS_CODE_ERROR']) {
    assert.equal((await rowOf(TRACES, { status: { code } })).status_code, 'ERROR');
  }
  for (const severityNumber of [17, 'SEVERITY_NUMBER_ERROR']) {
    assert.equal((await rowOf(LOGS, { severityNumber })).severity_number, 17);
  }
});

test('names of fields are lowerCamelCase, those of the .proto files are taken too; unknown fields are ignored', async () => {
  const extra = { future: { deep: [1, { a: null }, 'x', 1e300] }, 'x y': true };
  const span = await rowOf(TRACES, { ...extra, traceState: 'camel=1', droppedEventsCount: 3 });
  assert.equal(span.trace_state, 'camel=1');
  assert.equal(span.dropped_events_count, 3);
  assert.equal((await rowOf(TRACES, { trace_state: 'snake=1' })).trace_state, 'snake=1');
  const record = await rowOf(LOGS, { ...extra, severityText: 'Info' });
  assert.equal(record.severity_text, 'Info');
  const point = await rowOf(METRICS, { ...extra, flags: 1 });
  assert.equal(point.flags, 1);
});

test('64-bit numbers are strings or numbers, and lose no digit above 2^53', async () => {
  const big = '9223372036854775807';
  const time = '18446744073709551615';
  for (const edit of [
    (json: string) => json,
    (json: string) => json.replaceAll(`"${big}"`, big).replaceAll(`"${time}"`, time),
  ]) {
    const attributes = [{ key: 'big', value: { intValue: big } }];
    const span = await rowOf(TRACES, { attributes, startTimeUnixNano: time, endTimeUnixNano: time }, edit);
    assert.deepEqual(span.attributes, { big });
    assert.equal(span.start_time_unix_nano, -1, 'the column keeps the bits of the uint64');
    const point = await rowOf(METRICS, { asDouble: undefined, asInt: big }, edit);
    assert.equal(point.value_int, big);
  }
});

test('doubles are numbers or strings; NaN and Infinity arrive', async () => {
  for (const [asDouble, text] of [
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['-Infinity', '-Infinity'],
    ['1.5', '1.5'],
    [1.5, '1.5'],
  ] as const) {
    const point = await rowOf(METRICS, { asDouble, attributes: [{ key: 'd', value: { doubleValue: asDouble } }] });
    assert.deepEqual(point.attributes, { d: text });
    assert.equal(String(point.value_double), text);
  }
});

test('a field that is null is not there, the last of a repeated name wins', async () => {
  const span = await rowOf(TRACES, { traceState: null, events: null, status: null });
  assert.deepEqual([span.trace_state, span.events, span.status_code], [null, [], 'UNSET']);
  const edit = (json: string) => json.replace('"kind":2', '"kind":2,"kind":3');
  assert.equal((await rowOf(TRACES, {}, edit)).kind, 'CLIENT');
});

test('parts of a repeated sub-message merge', async () => {
  const edit = (json: string) =>
    json.replace('"kind":2', '"status":{"code":2,"message":"first"},"kind":2,"status":{"message":"last"}');
  const span = await rowOf(TRACES, {}, edit);
  assert.deepEqual([span.status_code, span.status_message], ['ERROR', 'last']);
  const body = (json: string) =>
    json.replace(
      '"severityNumber":9',
      '"severityNumber":9,"body":{"arrayValue":{"values":[{"intValue":1}]}},"body":{"arrayValue":{"values":[{"intValue":2}]}}',
    );
  assert.equal((await rowOf(LOGS, {}, body)).body, '[1,2]');
});

/** What is no OTLP/JSON, and where the answer says it is. */
const BROKEN: readonly (readonly [name: string, body: Uint8Array<ArrayBuffer>, where: RegExp])[] = [
  ['invalid UTF-8', utf8('{"resourceSpans":[{"schemaUrl":"a', [0xc3, 0x28], '"}]}'), /byte \d+|schemaUrl/],
  ['invalid UTF-8 in an unknown field', utf8('{"future":"a', [0xed, 0xa0, 0x80], '"}'), /byte \d+|future/],
  ['JSON that is cut off', utf8('{"resourceSpans":[{"resource"'), /byte \d+|resourceSpans/],
  ['something behind the request', utf8('{} {}'), /byte \d+/],
  ['a number of the wrong kind', utf8('{"resourceSpans":[{"resource":{"droppedAttributesCount":1.5}}]}'), /dropped/],
  [
    'an integer over 64 bits',
    utf8('{"resourceSpans":[{"scopeSpans":[{"spans":[{"startTimeUnixNano":"18446744073709551616"}]}]}]}'),
    /spans\[0\]\.startTimeUnixNano/,
  ],
  ['a list in place of a message', utf8('{"resourceSpans":[{"resource":[]}]}'), /resourceSpans\[0\]\.resource/],
  [
    'base64 that is none',
    utf8('{"resourceSpans":[{"resource":{"attributes":[{"key":"k","value":{"bytesValue":"*"}}]}}]}'),
    /bytesValue/,
  ],
];

function utf8(...parts: (string | number[])[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.concat(parts.map((part) => Buffer.from(part as string))));
}

for (const [name, body, where] of BROKEN) {
  test(`${name} is a clean 400 that says where`, async () => {
    const response = await post(bridge.otlp, TRACES, 'json', body);
    assert.equal(response.status, 400);
    const status = (await response.json()) as { code: number; message: string };
    assert.equal(status.code, 3);
    assert.match(status.message, where);
  });
}

test('text keeps every character, escaped or not', async () => {
  const text = 'a\u0000b\u001f"\\/é€😀\u2028';
  const span = await rowOf(TRACES, { traceState: text });
  assert.equal(span.trace_state, text);
  const escaped = await rowOf(TRACES, { traceState: 'EDIT' }, (json) =>
    json.replace('EDIT', '\\u00e9\\ud83d\\ude00\\/'),
  );
  assert.equal(escaped.trace_state, 'é😀/');
});

test('nesting deeper than the limit refuses the row, and far deeper JSON is a clean 400', async () => {
  const nested = (depth: number) => `${'{"arrayValue":{"values":['.repeat(depth)}{"intValue":1}${']}}'.repeat(depth)}`;
  const json = (depth: number) =>
    requestJson(TRACES, 'json-deep', [
      { name: 'deep', changes: { attributes: [{ key: 'k', value: 'EDIT' }] } },
      { name: 'flat' },
    ]).replace('"EDIT"', nested(depth));
  const refused = await post(bridge.otlp, TRACES, 'json', json(66));
  assert.equal(
    ((await refused.json()) as { partialSuccess: { rejectedSpans: string } }).partialSuccess.rejectedSpans,
    '1',
  );
  assert.deepEqual(
    (await rowsOf(bridge.api, 'traces', 'json-deep')).map((row) => row.name),
    ['flat'],
  );
  const deeper = await post(bridge.otlp, TRACES, 'json', json(100_000));
  assert.equal(deeper.status, 400);
  assert.match(await deeper.text(), /nested deeper than \d+ levels/);
  assert.equal((await post(bridge.otlp, TRACES, 'json', '['.repeat(1_000_000))).status, 400);
});
