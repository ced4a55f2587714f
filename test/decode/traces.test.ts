import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Promotion } from '../../src/model/layout.ts';
import { EMPTY_CONTEXT } from './empty-context.ts';
import { decodeTraces, LIMITS } from './signal-rows.ts';
import {
  arrayValue,
  boolValue,
  bytesValue,
  concat,
  doubleValue,
  fixed32,
  fixed64,
  IDS,
  int,
  intValue,
  keyValue,
  len,
  request,
  SPAN_ID,
  stringValue,
  TRACE_ID,
} from './wire-bytes.ts';

const MINIMAL_ROW = {
  timestamp: null,
  start_time_unix_nano: 0n,
  duration_nano: 0n,
  trace_id: '0102030405060708090a0b0c0d0e0f10',
  span_id: 'a0a1a2a3a4a5a6a7',
  parent_span_id: null,
  trace_state: null,
  flags: 0,
  name: '',
  kind: 'UNSPECIFIED',
  status_code: 'UNSET',
  status_message: null,
  ...EMPTY_CONTEXT,
  attributes: [],
  attribute_types: '',
  dropped_attributes_count: 0,
  dropped_events_count: 0,
  dropped_links_count: 0,
  events: [],
  links: [],
};

test('a span with nothing but ids has nulls for what is not set', () => {
  const { rows, result } = decodeTraces(request(IDS));
  assert.deepEqual(rows, [MINIMAL_ROW]);
  assert.deepEqual(
    { ...result, rejectedByKind: [...result.rejectedByKind] },
    {
      accepted: 1,
      rejected: 0,
      reason: undefined,
      rejectedByKind: [],
      duplicateKeys: 0,
      minTimeMs: undefined,
      maxTimeMs: undefined,
    },
  );
});

test('every field of a span has its column', () => {
  const event = concat(
    fixed64(1, 2n ** 63n),
    len(2, 'exception'),
    len(3, keyValue('e', intValue(1))),
    int(4, 2 ** 32 - 1),
  );
  const link = concat(
    len(1, TRACE_ID),
    len(2, SPAN_ID),
    len(3, 'ls=1'),
    len(4, keyValue('l', boolValue(true))),
    int(5, 3),
    fixed32(6, 0x300),
  );
  const span = concat(
    IDS,
    len(3, 'ts=1'),
    len(4, SPAN_ID),
    len(5, 'GET /'),
    int(6, 2),
    fixed64(7, 1_700_000_000_123_456_789n),
    fixed64(8, 1_700_000_001_123_456_790n),
    len(9, keyValue('a', stringValue('v'))),
    int(10, 4),
    len(11, event),
    int(12, 5),
    len(13, link),
    int(14, 6),
    len(15, len(2, 'broken'), int(3, 2)),
    fixed32(16, 0xffffffff),
  );
  const entityRef = len(3, len(1, 'url'), len(2, 'host'), len(3, 'host.id'), len(4, 'a'), len(4, 'b'), int(9, 1));
  const resource = concat(len(1, keyValue('service.name', stringValue('shop'))), int(2, 7), entityRef, len(3));
  const scope = concat(len(1, 'lib'), len(2, '1.0'), len(3, keyValue('s', doubleValue(1))), int(4, 8));
  const body = len(
    1,
    len(1, resource),
    len(2, len(1, scope), len(2, span), len(3, 'scope url')),
    len(3, 'resource url'),
  );
  const { rows, result } = decodeTraces(body);
  assert.deepEqual(rows, [
    {
      timestamp: 1_700_000_000_123_456n,
      start_time_unix_nano: 1_700_000_000_123_456_789n,
      duration_nano: 1_000_000_001n,
      trace_id: MINIMAL_ROW.trace_id,
      span_id: MINIMAL_ROW.span_id,
      parent_span_id: MINIMAL_ROW.span_id,
      trace_state: 'ts=1',
      flags: 0xffffffff,
      name: 'GET /',
      kind: 'SERVER',
      status_code: 'ERROR',
      status_message: 'broken',
      service_name: 'shop',
      scope_name: 'lib',
      scope_version: '1.0',
      resource_schema_url: 'resource url',
      scope_schema_url: 'scope url',
      resource_dropped_attributes_count: 7,
      scope_dropped_attributes_count: 8,
      resource_attributes: [['service.name', 'shop']],
      resource_attribute_types: 's',
      scope_attributes: [['s', '1.0']],
      scope_attribute_types: 'd',
      resource_entity_refs: '[{"schemaUrl":"url","type":"host","idKeys":["host.id"],"descriptionKeys":["a","b"]},{}]',
      attributes: [['a', 'v']],
      attribute_types: 's',
      dropped_attributes_count: 4,
      dropped_events_count: 5,
      dropped_links_count: 6,
      events: [
        {
          time_unix_nano: -(2n ** 63n),
          name: 'exception',
          attributes: [['e', '1']],
          attribute_types: 'i',
          dropped_attributes_count: 2 ** 32 - 1,
        },
      ],
      links: [
        {
          trace_id: MINIMAL_ROW.trace_id,
          span_id: MINIMAL_ROW.span_id,
          trace_state: 'ls=1',
          flags: 0x300,
          attributes: [['l', 'true']],
          attribute_types: 'b',
          dropped_attributes_count: 3,
        },
      ],
    },
  ]);
  assert.equal(result.minTimeMs, 1_700_000_000_123);
  assert.equal(result.maxTimeMs, 1_700_000_000_123);
});

test('timestamps are whole microseconds of the start, and durations wrap at 2^64', () => {
  const time = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
  fc.assert(
    fc.property(time, time, (start, end) => {
      const { rows } = decodeTraces(request(concat(IDS, fixed64(7, start), fixed64(8, end))));
      assert.equal(rows[0]!.timestamp, start === 0n ? null : start / 1000n);
      assert.equal(rows[0]!.start_time_unix_nano, BigInt.asIntN(64, start));
      assert.equal(rows[0]!.duration_nano, BigInt.asIntN(64, end - start));
    }),
  );
});

test('the range of times covers the accepted spans only', () => {
  const at = (ms: bigint, ids = IDS) => concat(ids, fixed64(7, ms * 1_000_000n));
  const { result } = decodeTraces(request(at(2000n), at(1000n), IDS, at(3000n), at(9000n, len(1, TRACE_ID))));
  assert.deepEqual([result.minTimeMs, result.maxTimeMs], [1000, 3000]);
});

test('unknown kinds and status codes are kept as their digits', () => {
  const spans = [int(6, 77), int(6, -1), len(15, int(3, 9)), int(6, 5)].map((field) => concat(IDS, field));
  const { rows } = decodeTraces(request(...spans));
  assert.deepEqual(
    rows.map((row) => row.kind),
    ['77', '-1', 'UNSPECIFIED', 'CONSUMER'],
  );
  assert.deepEqual(
    rows.map((row) => row.status_code),
    ['UNSET', 'UNSET', '9', 'UNSET'],
  );
});

test('a status that is there without a message has the empty message', () => {
  assert.equal(decodeTraces(request(concat(IDS, len(15)))).rows[0]!.status_message, '');
});

test('the parts of a status are merged and its scalars are those that come last', () => {
  const { rows } = decodeTraces(
    request(concat(IDS, len(15, len(2, 'a'), int(3, 1)), len(15, int(3, 2)), len(5, 'x'), len(5, 'y'))),
  );
  assert.deepEqual([rows[0]!.status_code, rows[0]!.status_message, rows[0]!.name], ['ERROR', 'a', 'y']);
});

test('resource and scope hold for all their spans wherever they stand, and their parts are merged', () => {
  const part1 = len(1, len(1, keyValue('a', intValue(1))), int(2, 5));
  const part2 = len(1, len(1, keyValue('service.name', stringValue('late'))));
  const scopeSpans = len(2, len(2, IDS), len(1, len(1, 'lib')), len(2, IDS), len(1, len(2, '2')));
  const { rows } = decodeTraces(len(1, part1, scopeSpans, len(3, 'url'), part2));
  assert.equal(rows.length, 2);
  for (const row of rows) {
    assert.deepEqual(row.resource_attributes, [
      ['a', '1'],
      ['service.name', 'late'],
    ]);
    assert.deepEqual(
      [
        row.service_name,
        row.scope_name,
        row.scope_version,
        row.resource_schema_url,
        row.resource_dropped_attributes_count,
      ],
      ['late', 'lib', '2', 'url', 5],
    );
  }
});

test('each resource and scope has its own context', () => {
  const resourceSpans = (name: string, scope: string) =>
    len(
      1,
      len(1, len(1, keyValue('service.name', stringValue(name)))),
      len(2, len(1, len(1, scope)), len(2, IDS)),
      len(2, len(2, IDS)),
    );
  const { rows } = decodeTraces(concat(resourceSpans('a', 's1'), resourceSpans('b', 's2'), request(IDS)));
  assert.deepEqual(
    rows.map((row) => row.service_name),
    ['a', 'a', 'b', 'b', null],
  );
  assert.deepEqual(
    rows.map((row) => row.scope_name),
    ['s1', null, 's2', null, null],
  );
  assert.deepEqual(
    rows.map((row) => row.scope_attributes),
    [[], null, [], null, null],
  );
});

test('a service name that is empty or no string is null', () => {
  for (const value of [stringValue(''), intValue(5), new Uint8Array(0)]) {
    const body = len(1, len(1, len(1, keyValue('service.name', value))), len(2, len(2, IDS)));
    assert.equal(decodeTraces(body).rows[0]!.service_name, null);
  }
});

test('known fields with another wire type and deprecated fields are skipped', () => {
  const span = concat(IDS, int(5, 3), fixed64(6, 1n), len(7, 'no time'), len(16, 'no flags'), len(1000, 'x'));
  assert.deepEqual(decodeTraces(concat(request(span), len(1, len(1000, len(2, IDS))))).rows, [MINIMAL_ROW]);
});

const REFUSED: [reason: string, kind: string, span: Uint8Array][] = [
  ['trace_id has 0 bytes, it must have 16', 'trace_id', len(2, SPAN_ID)],
  ['trace_id has 15 bytes, it must have 16', 'trace_id', concat(len(1, TRACE_ID.slice(1)), len(2, SPAN_ID))],
  ['span_id has 9 bytes, it must have 8', 'span_id', concat(IDS, len(2, SPAN_ID, 'x'))],
  ['parent_span_id has 7 bytes, it must have 8 or none', 'parent_span_id', concat(IDS, len(4, SPAN_ID.slice(1)))],
  ['trace_id of a link has 8 bytes, it must have 16 or none', 'link_id', concat(IDS, len(13, len(1, SPAN_ID)))],
  [
    'span_id of a link has 16 bytes, it must have 8 or none',
    'link_id',
    concat(IDS, len(13), len(13, len(2, TRACE_ID))),
  ],
];

for (const [reason, kind, span] of REFUSED) {
  test(`a span is refused alone when its ${reason}`, () => {
    const full = concat(span, len(11, len(2, 'event')), len(9, keyValue('k', intValue(1))), len(13));
    const { rows, result } = decodeTraces(request(IDS, full, concat(IDS, len(5, 'after'))));
    assert.deepEqual(rows, [MINIMAL_ROW, { ...MINIMAL_ROW, name: 'after' }]);
    assert.deepEqual([result.accepted, result.rejected, result.reason], [2, 1, `span refused: ${reason}`]);
    assert.deepEqual([...result.rejectedByKind], [[kind, 1]]);
  });
}

test('ids of zeros only have the right length and are kept', () => {
  const { rows, result } = decodeTraces(request(concat(len(1, new Uint8Array(16)), len(2, new Uint8Array(8)))));
  assert.equal(result.rejected, 0);
  assert.deepEqual([rows[0]!.trace_id, rows[0]!.span_id], ['0'.repeat(32), '0'.repeat(16)]);
});

test('links without ids are kept with null ids', () => {
  const { rows } = decodeTraces(request(concat(IDS, len(13), len(13, len(1, new Uint8Array(16))))));
  const links = rows[0]!.links as { trace_id: string | null; span_id: string | null }[];
  assert.deepEqual(
    links.map((link) => [link.trace_id, link.span_id]),
    [
      [null, null],
      ['0'.repeat(32), null],
    ],
  );
});

test('a resource over the limit refuses its own spans only', () => {
  const resource = len(1, ...[1, 2, 3].map((i) => len(1, keyValue(`k${i}`, intValue(i)))));
  const body = concat(len(1, resource, len(2, len(2, IDS), len(2, IDS))), request(IDS));
  const { rows, result } = decodeTraces(body, { ...LIMITS, maxAttributeCount: 2 });
  assert.equal(rows.length, 1);
  assert.equal(result.rejected, 2);
});

test('an event or a link over the limit refuses its span', () => {
  const entries = concat(...[1, 2, 3].map((i) => len(3, keyValue(`k${i}`, intValue(i)))));
  const linkEntries = concat(...[1, 2, 3].map((i) => len(4, keyValue(`k${i}`, intValue(i)))));
  const body = request(concat(IDS, len(11, entries), len(11)), concat(IDS, len(13, linkEntries)), IDS);
  const { rows, result } = decodeTraces(body, { ...LIMITS, maxAttributeCount: 2 });
  assert.deepEqual(rows, [MINIMAL_ROW]);
  assert.deepEqual([...result.rejectedByKind], [['attribute_count', 2]]);
});

const PROMOTE: Promotion[] = [
  { attribute: 'text', type: 'string', column: 'text' },
  { attribute: 'int', type: 'int64', column: 'int' },
  { attribute: 'double', type: 'double', column: 'double' },
  { attribute: 'bool', type: 'bool', column: 'bool' },
];

/** Promoted columns of a span with these attributes under a resource with those. */
function promoted(span: Uint8Array[], resource: Uint8Array[]) {
  const spanBytes = concat(IDS, ...span.map((entry) => len(9, entry)));
  const body = len(1, len(1, ...resource.map((entry) => len(1, entry))), len(2, len(2, spanBytes)));
  const { text, int, double, bool } = decodeTraces(body, LIMITS, PROMOTE).rows[0]!;
  return [text, int, double, bool];
}

test('promoted columns are typed copies of attributes of the span, else of the resource', () => {
  const all = (text: string, int: number | bigint, double: number, bool: boolean) => [
    keyValue('text', stringValue(text)),
    keyValue('int', intValue(int)),
    keyValue('double', doubleValue(double)),
    keyValue('bool', boolValue(bool)),
  ];
  assert.deepEqual(promoted(all('a', 1, 0.5, true), all('b', 2, 2, false)), ['a', 1n, 0.5, true]);
  assert.deepEqual(promoted([], all('b', -(2n ** 63n), Number.NaN, false)), ['b', -(2n ** 63n), Number.NaN, false]);
  assert.deepEqual(promoted(all('', -5, -0, false).slice(1), all('b', 2n ** 53n, 2, true)), ['b', -5n, -0, false]);
  assert.deepEqual(promoted([], []), [null, null, null, null]);
});

test('a promoted string takes the text of any scalar and no other value', () => {
  const text = (value: Uint8Array) =>
    promoted([keyValue('text', value)], [keyValue('text', stringValue('resource'))])[0];
  assert.deepEqual([intValue(5), doubleValue(1), boolValue(true), bytesValue(1)].map(text), [
    '5',
    '1.0',
    'true',
    'AQ==',
  ]);
  assert.deepEqual([arrayValue(), new Uint8Array(0)].map(text), [null, null]);
});

test('a promoted number or bool is null where the attribute has another type, but doubles take integers', () => {
  const wrong = [
    keyValue('int', doubleValue(1)),
    keyValue('double', stringValue('1')),
    keyValue('bool', stringValue('true')),
  ];
  assert.deepEqual(promoted(wrong, []), [null, null, null, null]);
  assert.equal(promoted([keyValue('double', intValue(2n ** 40n))], [])[2], 2 ** 40);
});
