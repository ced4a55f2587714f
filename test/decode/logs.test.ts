import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Promotion } from '../../src/model/layout.ts';
import type { PlainRow } from '../batch/sample-table.ts';
import { EMPTY_CONTEXT } from './empty-context.ts';
import { decodeRows, LIMITS } from './signal-rows.ts';
import {
  arrayValue,
  boolValue,
  bytesValue,
  concat,
  doubleValue,
  fixed32,
  fixed64,
  int,
  intValue,
  keyValue,
  len,
  mapValue,
  request,
  SPAN_ID,
  stringValue,
  TRACE_ID,
} from './wire-bytes.ts';

const MINIMAL_ROW: PlainRow = {
  timestamp: null,
  time_unix_nano: 0n,
  observed_time_unix_nano: 0n,
  trace_id: null,
  span_id: null,
  flags: 0,
  severity_number: 0,
  severity_text: null,
  event_name: null,
  body: null,
  body_type: null,
  ...EMPTY_CONTEXT,
  attributes: [],
  attribute_types: '',
  dropped_attributes_count: 0,
};

const TIME = 1_700_000_000_123_456_789n;

function decodeLogs(...records: Uint8Array[]) {
  return decodeRows('logs', request(...records));
}

/** Body and body_type of a record with these parts of a body. */
function bodyOf(...parts: Uint8Array[]) {
  const { rows, result } = decodeLogs(concat(...parts.map((part) => len(5, part))));
  assert.equal(result.accepted, 1, result.reason);
  return [rows[0]!.body, rows[0]!.body_type];
}

test('an empty record is a row with nulls for what is not set', () => {
  const { rows, result } = decodeLogs(new Uint8Array(0));
  assert.deepEqual(rows, [MINIMAL_ROW]);
  assert.deepEqual([result.accepted, result.rejected, result.minTimeMs], [1, 0, undefined]);
});

test('every field of a record has its column', () => {
  const record = concat(
    fixed64(1, TIME),
    int(2, 17),
    len(3, 'ERROR'),
    len(5, stringValue('broken')),
    len(6, keyValue('a', intValue(1))),
    int(7, 4),
    fixed32(8, 0x80000001),
    len(9, TRACE_ID),
    len(10, SPAN_ID),
    fixed64(11, TIME + 1_000_000_000n),
    len(12, 'app.crash'),
  );
  const { rows, result } = decodeLogs(record);
  assert.deepEqual(rows, [
    {
      ...MINIMAL_ROW,
      timestamp: TIME / 1000n,
      time_unix_nano: TIME,
      observed_time_unix_nano: TIME + 1_000_000_000n,
      trace_id: '0102030405060708090a0b0c0d0e0f10',
      span_id: 'a0a1a2a3a4a5a6a7',
      flags: 0x80000001,
      severity_number: 17,
      severity_text: 'ERROR',
      event_name: 'app.crash',
      body: 'broken',
      body_type: 's',
      attributes: [['a', '1']],
      attribute_types: 'i',
      dropped_attributes_count: 4,
    },
  ]);
  assert.equal(result.minTimeMs, 1_700_000_000_123);
});

test('the timestamp of a record without an event time is when it was observed', () => {
  const { rows } = decodeLogs(fixed64(11, TIME), concat(fixed64(1, 1000n), fixed64(11, TIME)));
  assert.deepEqual(
    rows.map((row) => row.timestamp),
    [TIME / 1000n, 1n],
  );
});

test('unknown severity numbers are kept', () => {
  const { rows } = decodeLogs(int(2, 99), int(2, -1), int(2, 2 ** 31 - 1));
  assert.deepEqual(
    rows.map((row) => row.severity_number),
    [99, -1, 2 ** 31 - 1],
  );
});

test('bodies of every type are texts with the letter of their type', () => {
  assert.deepEqual(bodyOf(stringValue('')), ['', 's']);
  assert.deepEqual(bodyOf(intValue(-(2n ** 63n))), ['-9223372036854775808', 'i']);
  assert.deepEqual(bodyOf(doubleValue(2)), ['2.0', 'd']);
  assert.deepEqual(bodyOf(boolValue(false)), ['false', 'b']);
  assert.deepEqual(bodyOf(bytesValue(1, 2)), ['AQI=', 'y']);
  assert.deepEqual(bodyOf(arrayValue(stringValue('a'), intValue(1))), ['["a",1]', 'a']);
  assert.deepEqual(bodyOf(mapValue(keyValue('k', arrayValue()))), ['{"k":[]}', 'm']);
  assert.deepEqual(bodyOf(arrayValue(bytesValue(1))), ['{"arrayValue":{"values":[{"bytesValue":"AQ=="}]}}', 'A']);
  assert.deepEqual(bodyOf(mapValue(keyValue('k', doubleValue(Number.NaN))))[1], 'M');
});

test('a body without a value is told from no body', () => {
  assert.deepEqual(bodyOf(new Uint8Array(0)), [null, 'n']);
  assert.deepEqual(bodyOf(int(99, 1)), [null, 'n']);
  assert.deepEqual(bodyOf(), [null, null]);
});

test('a body that comes in parts is merged, and of its members the last wins', () => {
  assert.deepEqual(bodyOf(arrayValue(intValue(1)), arrayValue(intValue(2))), ['[1,2]', 'a']);
  assert.deepEqual(bodyOf(arrayValue(intValue(1)), stringValue('x')), ['x', 's']);
  assert.deepEqual(bodyOf(stringValue('x'), new Uint8Array(0)), ['x', 's']);
  assert.deepEqual(bodyOf(concat(stringValue('x'), intValue(2))), ['2', 'i']);
});

test('of repeated fields the last counts, and unknown fields, groups and other wire types are skipped', () => {
  const group = concat(Uint8Array.of(0xa3, 1), int(1, 5), Uint8Array.of(0xa4, 1));
  const record = concat(len(3, 'a'), len(3, 'b'), int(2, 5), int(2, 9), group, fixed64(2, 1n), len(1, 'x'), int(12, 7));
  assert.deepEqual(decodeLogs(record).rows, [{ ...MINIMAL_ROW, severity_text: 'b', severity_number: 9 }]);
});

test('empty texts and ids are null', () => {
  const record = concat(len(3, 'a'), len(3), len(12), len(9), len(10));
  assert.deepEqual(decodeLogs(record).rows, [MINIMAL_ROW]);
});

const tooDeep = arrayValue(arrayValue(arrayValue(intValue(1))));
const REFUSED: [reason: string, kind: string, record: Uint8Array][] = [
  ['trace_id has 8 bytes, it must have 16 or none', 'trace_id', len(9, SPAN_ID)],
  ['span_id has 16 bytes, it must have 8 or none', 'span_id', len(10, TRACE_ID)],
  ['a body nested deeper than 2', 'nesting', len(5, tooDeep)],
  ['a body nested deeper than 2', 'nesting', concat(len(5, tooDeep), len(5, arrayValue()))],
  ['an attribute nested deeper than 2', 'nesting', len(6, keyValue('k', tooDeep))],
  ['more than 2 attributes', 'attribute_count', concat(...['a', 'b', 'c'].map((key) => len(6, keyValue(key))))],
];

for (const [reason, kind, record] of REFUSED) {
  test(`a record is refused alone: ${reason} (${record.length} bytes)`, () => {
    const full = concat(fixed64(1, TIME), record, len(6, keyValue('k', intValue(1))));
    const limits = { maxAttributeCount: 2, maxNesting: 2 };
    const { rows, result } = decodeRows('logs', request(len(3, 'a'), full, len(3, 'b')), limits);
    assert.deepEqual(
      rows.map((row) => row.severity_text),
      ['a', 'b'],
    );
    assert.deepEqual([result.accepted, result.rejected, result.reason], [2, 1, `log record refused: ${reason}`]);
    assert.deepEqual([...result.rejectedByKind], [[kind, 1]]);
    assert.equal(result.maxTimeMs, undefined);
  });
}

test('every cut of a request is refused', () => {
  const body = request(concat(len(5, stringValue('x')), fixed64(1, TIME), len(6, keyValue('k', intValue(1)))));
  for (let end = 1; end < body.length; end++) {
    const message = /^ExportLogsServiceRequest: .* at byte \d+$/;
    assert.throws(() => decodeRows('logs', body.subarray(0, end)), { code: 'invalid_argument', message });
  }
});

test('a body that is not UTF-8 is refused with its place', () => {
  const message = /^ExportLogsServiceRequest: a string that is not UTF-8 at byte \d+$/;
  const bad = len(1, Uint8Array.of(0xff));
  for (const body of [bad, arrayValue(bad)]) {
    assert.throws(() => decodeLogs(len(5, body)), { code: 'invalid_argument', message });
  }
});

test('promoted columns are copies of attributes of the record, else of its resource', () => {
  const promote: Promotion[] = [{ attribute: 'user', type: 'string', column: 'user' }];
  const resource = len(1, len(1, keyValue('user', stringValue('resource'))));
  const records = [len(6, keyValue('user', stringValue('own'))), new Uint8Array(0)];
  const body = len(1, resource, len(2, ...records.map((record) => len(2, record))));
  const { rows } = decodeRows('logs', body, LIMITS, promote);
  assert.deepEqual(
    rows.map((row) => row.user),
    ['own', 'resource'],
  );
});
