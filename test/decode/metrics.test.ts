import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Promotion } from '../../src/model/layout.ts';
import type { PlainRow } from '../batch/sample-table.ts';
import { EMPTY_CONTEXT } from './empty-context.ts';
import { decodeRows, LIMITS } from './signal-rows.ts';
import {
  arrayValue,
  concat,
  double,
  fixed64,
  int,
  intValue,
  keyValue,
  len,
  request,
  SPAN_ID,
  stringValue,
  TRACE_ID,
  varint,
} from './wire-bytes.ts';

const EMPTY = new Uint8Array(0);
const TIME = 1_700_000_000_123_456_789n;

/** A gauge's row with nothing set. */
const MINIMAL_ROW: PlainRow = {
  timestamp: null,
  time_unix_nano: 0n,
  start_time_unix_nano: 0n,
  metric_name: '',
  description: null,
  unit: null,
  type: 'GAUGE',
  aggregation_temporality: null,
  is_monotonic: null,
  value_double: null,
  value_int: null,
  count: null,
  sum: null,
  min: null,
  max: null,
  bucket_counts: null,
  explicit_bounds: null,
  scale: null,
  zero_count: null,
  zero_threshold: null,
  positive_offset: null,
  positive_bucket_counts: null,
  negative_offset: null,
  negative_bucket_counts: null,
  quantiles: null,
  exemplars: [],
  flags: 0,
  metadata: [],
  metadata_types: '',
  ...EMPTY_CONTEXT,
  attributes: [],
  attribute_types: '',
};

const SUM_ROW = { ...MINIMAL_ROW, type: 'SUM', aggregation_temporality: 'UNSPECIFIED', is_monotonic: false };
const HISTOGRAM_ROW = {
  ...MINIMAL_ROW,
  type: 'HISTOGRAM',
  aggregation_temporality: 'UNSPECIFIED',
  count: 0n,
  bucket_counts: [],
  explicit_bounds: [],
};
const EXPONENTIAL_ROW = {
  ...MINIMAL_ROW,
  type: 'EXPONENTIAL_HISTOGRAM',
  aggregation_temporality: 'UNSPECIFIED',
  count: 0n,
  scale: 0,
  zero_count: 0n,
  zero_threshold: 0,
};
const SUMMARY_ROW = { ...MINIMAL_ROW, type: 'SUMMARY', count: 0n, sum: 0, quantiles: [], exemplars: null };

const points = (...given: Uint8Array[]) => concat(...given.map((point) => len(1, point)));
const gauge = (...given: Uint8Array[]) => len(5, points(...given));
const sum = (...given: Uint8Array[]) => len(7, points(...given));
const histogram = (...given: Uint8Array[]) => len(9, points(...given));
const exponential = (...given: Uint8Array[]) => len(10, points(...given));
const summary = (...given: Uint8Array[]) => len(11, points(...given));

function decodeMetrics(...metrics: Uint8Array[]) {
  return decodeRows('metrics', request(...metrics));
}

function rowsOf(...metrics: Uint8Array[]): PlainRow[] {
  const { rows, result } = decodeMetrics(...metrics);
  assert.equal(result.rejected, 0, result.reason);
  return rows;
}

test('an empty point of each type has nulls for what its type has not, and defaults for the rest', () => {
  assert.deepEqual(rowsOf(gauge(EMPTY), sum(EMPTY), histogram(EMPTY), exponential(EMPTY), summary(EMPTY)), [
    MINIMAL_ROW,
    SUM_ROW,
    HISTOGRAM_ROW,
    EXPONENTIAL_ROW,
    SUMMARY_ROW,
  ]);
});

test('a metric without data or without points makes no row', () => {
  const { rows, result } = decodeMetrics(
    EMPTY,
    len(1, 'name'),
    gauge(),
    sum(),
    len(7, int(2, 2)),
    len(4, points(EMPTY)),
  );
  assert.deepEqual([rows, result.accepted, result.rejected], [[], 0, 0]);
});

test('every field of a metric and of a number point has its column', () => {
  const exemplar = concat(
    fixed64(2, TIME),
    double(3, 0.5),
    len(4, SPAN_ID),
    len(5, TRACE_ID),
    len(7, keyValue('e', intValue(1))),
  );
  const point = concat(
    fixed64(2, TIME - 1n),
    fixed64(3, TIME),
    len(5, exemplar),
    len(5, fixed64(6, -3n)),
    fixed64(6, -7n),
    len(7, keyValue('a', stringValue('v'))),
    int(8, 1),
  );
  const metric = concat(
    len(1, 'requests'),
    len(2, 'All of them'),
    len(3, '{request}'),
    len(7, len(1, point), int(2, 2), int(3, 1)),
    len(12, keyValue('m', intValue(5))),
  );
  const { rows, result } = decodeMetrics(metric);
  assert.deepEqual(rows, [
    {
      ...SUM_ROW,
      timestamp: TIME / 1000n,
      time_unix_nano: TIME,
      start_time_unix_nano: TIME - 1n,
      metric_name: 'requests',
      description: 'All of them',
      unit: '{request}',
      aggregation_temporality: 'CUMULATIVE',
      is_monotonic: true,
      value_int: -7n,
      exemplars: [
        {
          time_unix_nano: TIME,
          trace_id: '0102030405060708090a0b0c0d0e0f10',
          span_id: 'a0a1a2a3a4a5a6a7',
          value_double: 0.5,
          value_int: null,
          attributes: [['e', '1']],
          attribute_types: 'i',
        },
        {
          time_unix_nano: 0n,
          trace_id: null,
          span_id: null,
          value_double: null,
          value_int: -3n,
          attributes: [],
          attribute_types: '',
        },
      ],
      flags: 1,
      metadata: [['m', '5']],
      metadata_types: 'i',
      attributes: [['a', 'v']],
      attribute_types: 's',
    },
  ]);
  assert.deepEqual([result.minTimeMs, result.maxTimeMs], [1_700_000_000_123, 1_700_000_000_123]);
});

test('the value of a number point is the last of its oneof, and zero is told from no value', () => {
  const values = [
    concat(double(4, 1), fixed64(6, 2n)),
    concat(fixed64(6, 2n), double(4, 1)),
    double(4, 0),
    fixed64(6, 0n),
  ];
  assert.deepEqual(
    rowsOf(gauge(...values)).map((row) => [row.value_double, row.value_int]),
    [
      [null, 2n],
      [1, null],
      [0, null],
      [null, 0n],
    ],
  );
});

test('every field of a histogram point has its column', () => {
  const point = concat(
    fixed64(4, 2n ** 64n - 1n),
    double(5, -1.5),
    len(6, counts(1n, 2n)),
    len(7, bounds(0.5)),
    len(8, double(3, 4)),
    len(9, keyValue('a', intValue(1))),
    int(10, 3),
    double(11, 0),
    double(12, Infinity),
  );
  const [row] = rowsOf(len(9, len(1, point), int(2, 1)));
  const { exemplars, ...rest } = row!;
  assert.equal((exemplars as PlainRow[])[0]!.value_double, 4);
  assert.deepEqual(
    { ...rest, exemplars: [] },
    {
      ...HISTOGRAM_ROW,
      aggregation_temporality: 'DELTA',
      count: -1n,
      sum: -1.5,
      min: 0,
      max: Infinity,
      bucket_counts: [1n, 2n],
      explicit_bounds: [0.5],
      flags: 3,
      attributes: [['a', '1']],
      attribute_types: 'i',
    },
  );
});

function counts(...values: bigint[]): Uint8Array {
  return concat(...values.map((value) => fixed64(1, value).subarray(1)));
}

function bounds(...values: number[]): Uint8Array {
  return concat(...values.map((value) => double(1, value).subarray(1)));
}

test('repeated numbers come packed, one by one, and mixed', () => {
  const point = concat(
    fixed64(6, 1n),
    len(6, counts(2n, 3n)),
    len(7, bounds(1, 2)),
    len(6),
    fixed64(6, 4n),
    double(7, 3),
  );
  const [row] = rowsOf(histogram(point));
  assert.deepEqual(
    [row!.bucket_counts, row!.explicit_bounds],
    [
      [1n, 2n, 3n, 4n],
      [1, 2, 3],
    ],
  );
  const buckets = concat(int(2, 1), len(2, varint(2), varint(300)), int(2, 2n ** 64n - 1n));
  const [wide] = rowsOf(exponential(len(8, buckets)));
  assert.deepEqual(wide!.positive_bucket_counts, [1n, 2n, 300n, -1n]);
});

test('every field of an exponential histogram point has its column', () => {
  const point = concat(
    len(1, keyValue('a', intValue(1))),
    fixed64(4, 9n),
    double(5, 2),
    int(6, 5),
    fixed64(7, 3n),
    len(8, int(1, 4), len(2, varint(1), varint(2))),
    len(9, int(1, 3)),
    int(10, 1),
    double(12, -1),
    double(13, 1),
    double(14, 0.25),
  );
  assert.deepEqual(rowsOf(exponential(point)), [
    {
      ...EXPONENTIAL_ROW,
      count: 9n,
      sum: 2,
      min: -1,
      max: 1,
      scale: -3,
      zero_count: 3n,
      zero_threshold: 0.25,
      positive_offset: 2,
      positive_bucket_counts: [1n, 2n],
      negative_offset: -2,
      negative_bucket_counts: [],
      flags: 1,
      attributes: [['a', '1']],
      attribute_types: 'i',
    },
  ]);
});

test('buckets that come in parts are merged, and empty ones are told from none', () => {
  const parts = concat(len(8, int(1, 2), int(2, 7)), len(8, int(2, 8), int(1, 4)), len(9));
  const [row] = rowsOf(exponential(parts));
  assert.deepEqual([row!.positive_offset, row!.positive_bucket_counts], [2, [7n, 8n]]);
  assert.deepEqual([row!.negative_offset, row!.negative_bucket_counts], [0, []]);
});

test('sint32 has its whole range', () => {
  const scales = [0, 1, 2, 0xfffffffe, 0xffffffff].map((bits) => int(6, bits));
  assert.deepEqual(
    rowsOf(exponential(...scales)).map((row) => row.scale),
    [0, -1, 1, 2147483647, -2147483648],
  );
});

test('every field of a summary point has its column', () => {
  const quantile = (at: number, value: number) => len(6, double(1, at), double(2, value));
  const point = concat(fixed64(4, 9n), double(5, 2), quantile(0.5, 1), quantile(0.99, 8), len(6), int(8, 1));
  assert.deepEqual(rowsOf(summary(point)), [
    {
      ...SUMMARY_ROW,
      count: 9n,
      sum: 2,
      quantiles: [
        { quantile: 0.5, value: 1 },
        { quantile: 0.99, value: 8 },
        { quantile: 0, value: 0 },
      ],
      flags: 1,
    },
  ]);
});

test('unknown temporalities are kept as their digits', () => {
  const metrics = [3, -1, 1].map((value) => len(7, points(EMPTY), int(2, value)));
  assert.deepEqual(
    rowsOf(...metrics).map((row) => row.aggregation_temporality),
    ['3', '-1', 'DELTA'],
  );
});

test('what points share holds for all of them wherever it stands', () => {
  const data = concat(points(EMPTY), int(2, 1), points(EMPTY), int(3, 1), int(2, 2));
  const rows = rowsOf(concat(len(7, data), len(12, keyValue('m')), len(1, 'a'), len(1, 'late'), len(3, 'ms')));
  const shared = {
    ...SUM_ROW,
    metric_name: 'late',
    unit: 'ms',
    aggregation_temporality: 'CUMULATIVE',
    is_monotonic: true,
    metadata: [['m', null]],
    metadata_types: 'n',
  };
  assert.deepEqual(rows, [shared, shared]);
});

test('metrics do not inherit from those before them', () => {
  const first = concat(
    len(1, 'a'),
    len(2, 'd'),
    len(3, 'u'),
    len(12, keyValue('m')),
    len(7, points(EMPTY), int(2, 1), int(3, 1)),
  );
  assert.deepEqual(rowsOf(first, sum(EMPTY))[1], SUM_ROW);
});

test('points do not inherit from those before them', () => {
  const full = concat(
    fixed64(2, 1n),
    fixed64(3, 2n),
    fixed64(4, 3n),
    double(5, 4),
    len(6, counts(1n)),
    len(7, bounds(1)),
    len(8),
    len(9, keyValue('a')),
    int(10, 5),
    double(11, 1),
    double(12, 1),
  );
  assert.deepEqual(rowsOf(histogram(full, EMPTY))[1], HISTOGRAM_ROW);
  const exponent = concat(int(6, 2), fixed64(7, 1n), len(8, int(2, 1)), len(9), double(14, 1), double(5, 1));
  assert.deepEqual(rowsOf(exponential(exponent, EMPTY))[1], EXPONENTIAL_ROW);
  assert.deepEqual(rowsOf(summary(concat(double(5, 1), len(6), fixed64(4, 1n)), EMPTY))[1], SUMMARY_ROW);
  assert.deepEqual(rowsOf(gauge(concat(double(4, 1), len(5), int(8, 1)), EMPTY))[1], MINIMAL_ROW);
});

test('parts of the data of a metric are merged, and of its oneof the last member counts', () => {
  const value = (n: bigint) => fixed64(6, n);
  const merged = rowsOf(concat(sum(value(1n)), len(7, int(2, 2)), sum(value(2n))));
  assert.deepEqual(
    merged.map((row) => [row.value_int, row.aggregation_temporality]),
    [
      [1n, 'CUMULATIVE'],
      [2n, 'CUMULATIVE'],
    ],
  );
  const last = rowsOf(concat(gauge(value(1n)), len(7, int(2, 2)), gauge(value(2n)), gauge(value(3n))));
  assert.deepEqual(
    last.map((row) => [row.type, row.value_int]),
    [
      ['GAUGE', 2n],
      ['GAUGE', 3n],
    ],
  );
});

test('unknown fields, groups, deprecated fields and known fields of another wire type are skipped', () => {
  const group = concat(Uint8Array.of(0xa3, 1), int(1, 5), Uint8Array.of(0xa4, 1));
  const point = concat(group, len(1, 'labels'), int(3, 1), fixed64(8, 1n), len(4, 'x'), len(99, 'x'));
  const metric = concat(group, int(1, 1), len(5, group, points(point), fixed64(2, 1n)), len(4, 'int gauge'));
  assert.deepEqual(rowsOf(metric), [MINIMAL_ROW]);
});

const tooDeep = arrayValue(arrayValue(arrayValue(intValue(1))));
const REFUSED: [reason: string, kind: string, point: Uint8Array][] = [
  ['trace_id of an exemplar has 8 bytes, it must have 16 or none', 'exemplar_id', len(8, len(5, SPAN_ID))],
  [
    'span_id of an exemplar has 16 bytes, it must have 8 or none',
    'exemplar_id',
    concat(len(8), len(8, len(4, TRACE_ID))),
  ],
  ['an attribute nested deeper than 2', 'nesting', len(9, keyValue('k', tooDeep))],
  ['an attribute nested deeper than 2', 'nesting', len(8, len(7, keyValue('k', tooDeep)))],
  ['more than 2 attributes', 'attribute_count', concat(...['a', 'b', 'c'].map((key) => len(9, keyValue(key))))],
];

for (const [reason, kind, point] of REFUSED) {
  test(`a point is refused alone: ${reason} (${point.length} bytes)`, () => {
    const lists = concat(len(6, counts(1n, 2n)), len(7, bounds(1)), len(8, double(3, 1)));
    const body = request(histogram(lists, concat(lists, point, lists), lists));
    const { rows, result } = decodeRows('metrics', body, { maxAttributeCount: 2, maxNesting: 2 });
    assert.equal(rows.length, 2);
    assert.deepEqual(rows[1], rows[0]);
    assert.deepEqual(rows[0]!.bucket_counts, [1n, 2n]);
    assert.deepEqual([result.accepted, result.rejected, result.reason], [2, 1, `data point refused: ${reason}`]);
    assert.deepEqual([...result.rejectedByKind], [[kind, 1]]);
  });
}

test('metadata over the limit refuses the points of its metric only', () => {
  const metadata = concat(...['a', 'b', 'c'].map((key) => len(12, keyValue(key))));
  const body = request(concat(gauge(EMPTY, EMPTY), metadata), gauge(EMPTY));
  const { result } = decodeRows('metrics', body, { ...LIMITS, maxAttributeCount: 2 });
  assert.deepEqual([result.accepted, result.rejected], [1, 2]);
});

test('every cut of a request is refused, and leaves no rows', () => {
  const point = concat(len(6, counts(1n)), len(7, bounds(1)), len(8, double(3, 1)), double(11, 1));
  const body = request(histogram(point), exponential(len(8, int(2, 5))), summary(len(6, double(1, 1))));
  for (let end = 1; end < body.length; end++) {
    const message = /^ExportMetricsServiceRequest: .* at byte \d+$/;
    assert.throws(() => decodeRows('metrics', body.subarray(0, end)), { code: 'invalid_argument', message });
  }
});

test('packed numbers that are cut are refused', () => {
  const half = (field: number) => histogram(len(field, counts(1n).subarray(0, 7)));
  const cut = /packed numbers|cut off/;
  for (const metric of [half(6), half(7), exponential(len(8, len(2, Uint8Array.of(0x80))))]) {
    assert.throws(() => decodeMetrics(concat(metric, len(1, 'name'))), { code: 'invalid_argument', message: cut });
  }
});

test('duplicate keys are counted over attributes, exemplars and metadata, those of a metric once', () => {
  const twice = (field: number) => concat(...[1, 2].map((i) => len(field, keyValue('k', intValue(i)))));
  const point = concat(twice(7), len(5, twice(7)));
  const { result, rows } = decodeMetrics(concat(gauge(point, point), twice(12)));
  assert.equal(result.duplicateKeys, 5);
  assert.deepEqual(rows[0]!.metadata, [['k', '1']]);
});

test('promoted columns are copies of attributes of the point, else of its resource', () => {
  const promote: Promotion[] = [{ attribute: 'host', type: 'string', column: 'host' }];
  const resource = len(1, len(1, keyValue('host', stringValue('resource'))));
  const body = len(1, resource, len(2, len(2, gauge(len(7, keyValue('host', stringValue('own'))), EMPTY))));
  assert.deepEqual(
    decodeRows('metrics', body, LIMITS, promote).rows.map((row) => row.host),
    ['own', 'resource'],
  );
});
