import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { BridgeError } from '../../src/errors.ts';
import type { PartitionStrategy } from '../../src/model/layout.ts';
import { encodeValue } from '../../src/partition/encode-value.ts';
import { bucketOf, hashText } from '../../src/partition/hash.ts';
import { createPartitioner } from '../../src/partition/partition.ts';
import { batchOf, pathsOf, type Row, WIDE } from './batch-of.ts';

const NULL = '__HIVE_DEFAULT_PARTITION__';
const HOURLY: PartitionStrategy = {
  type: 'time',
  field: 'timestamp',
  granularity: 'hour',
  format: 'date=%Y-%m-%d/hour=%H',
};
const value = (field: string, name = field): PartitionStrategy => ({ type: 'value', field, name });
const assign = (strategies: readonly PartitionStrategy[], rows: readonly Row[]) =>
  createPartitioner(strategies, WIDE).assign(batchOf(WIDE, rows));
const micros = (iso: string) => BigInt(Date.parse(iso)) * 1000n;

test('rows go to the hour of their event time', () => {
  const rows = [{ timestamp: micros('2024-01-01T00:59:59.999Z') }, { timestamp: micros('2024-01-01T01:00:00Z') }, {}];
  assert.deepEqual(pathsOf(assign([HOURLY], rows)), [
    'date=2024-01-01/hour=00',
    'date=2024-01-01/hour=01',
    `date=${NULL}/hour=${NULL}`,
  ]);
});

test('several strategies are joined in their order', () => {
  const strategies: PartitionStrategy[] = [
    value('service_name'),
    { ...HOURLY, format: '%Y-%m-%d/%H' },
    { type: 'hash', field: 'trace_id', name: 'trace_id_bucket', numPartitions: 8 },
    {
      type: 'range',
      field: 'number',
      name: 'number_range',
      ranges: [{ from: 0, to: 200, label: 'low' }],
      default: 'other',
    },
  ];
  const id = 'ff'.repeat(16);
  const row = { service_name: 'web-service', timestamp: micros('2024-01-01T00:00:00Z'), trace_id: id, number: 5 };
  const bucket = bucketOf(hashText(id), 8);
  assert.deepEqual(assign(strategies, [row]).paths, [
    `service_name=web-service/2024-01-01/00/trace_id_bucket=${bucket}/number_range=low`,
  ]);
});

test('without strategies all rows have the empty path', () => {
  assert.deepEqual(assign([], [{}, {}]), { paths: [''], partitionOf: new Int32Array(2) });
});

test('an empty batch has no paths', () => {
  const strategies = [HOURLY, value('service_name'), value('http.route')];
  for (const some of [[], [HOURLY], [value('http.route')], strategies]) assert.deepEqual(assign(some, []).paths, []);
});

test('values are text of their column, empty and missing ones have the null name', () => {
  const texts = [
    ['service_name', 'a/b', 'a%2Fb'],
    ['service_name', '', NULL],
    ['service_name', null, NULL],
    ['trace_id', 'AB'.repeat(16), 'ab'.repeat(16)],
    ['span_id', '0102030405060708', '0102030405060708'],
    ['flags', 4294967295, '4294967295'],
    ['number', -7, '-7'],
    ['start_time_unix_nano', -1n, '-1'],
    ['ratio', 1, '1.0'],
    ['ratio', 0.5, '0.5'],
    ['ratio', 1e300, '1e%2B300'],
    ['ratio', Number.NaN, 'NaN'],
    ['sampled', true, 'true'],
    ['sampled', false, 'false'],
    ['timestamp', 1704067200000001n, '2024-01-01T00%3A00%3A00.000001Z'],
  ] as const;
  for (const [field, found, expected] of texts) {
    assert.deepEqual(assign([value(field, 'k')], [{ [field]: found }]).paths, [`k=${expected}`], `${field} ${found}`);
  }
});

test('an attribute is looked up on the row first, then on its resource', () => {
  const rows: Row[] = [
    { attributes: { route: 'span' }, resource_attributes: { route: 'resource' } },
    { attributes: { other: 'x' }, resource_attributes: { route: 'resource' } },
    { attributes: { route: null }, resource_attributes: { route: 'resource' } },
    { attributes: { route: 'resource' } },
    {},
  ];
  const all = pathsOf(assign([value('route', 'r')], rows));
  assert.deepEqual(all, ['r=span', 'r=resource', 'r=resource', 'r=resource', `r=${NULL}`]);
  const own = pathsOf(assign([value("attributes['route']", 'r')], rows));
  assert.deepEqual(own, ['r=span', `r=${NULL}`, `r=${NULL}`, 'r=resource', `r=${NULL}`]);
  const resource = pathsOf(assign([value("resource_attributes['route']", 'r')], rows));
  assert.deepEqual(resource, ['r=resource', 'r=resource', 'r=resource', `r=${NULL}`, `r=${NULL}`]);
});

test('a field that no row of the batch has is missing everywhere', () => {
  assert.deepEqual(assign([value('http.route', 'r')], [{ attributes: { a: 'b' } }]).paths, [`r=${NULL}`]);
});

test('ranges take numbers, text that spells one, and call the rest by its default', () => {
  const strategy: PartitionStrategy = {
    type: 'range',
    field: 'status',
    name: 'status_range',
    ranges: [
      { from: 400, to: Number.POSITIVE_INFINITY, label: 'error' },
      { from: 0, to: 200, label: 'early' },
      { from: 200, to: 400, label: 'good one' },
    ],
    default: 'other',
  };
  const labels = {
    '0': 'early',
    '199.9': 'early',
    '200': 'good%20one',
    '4e2': 'error',
    '99999': 'error',
    '-1': 'other',
    Infinity: 'other',
    NaN: 'other',
    OK: 'other',
    '0x10': 'other',
    ' 1': 'other',
    '': NULL,
  };
  const rows = Object.keys(labels).map((text): Row => ({ attributes: { status: text } }));
  const expected = Object.values(labels).map((label) => `status_range=${label}`);
  assert.deepEqual(pathsOf(assign([strategy], [...rows, {}])), [...expected, `status_range=${NULL}`]);
  const doubles = [{ ratio: 399.999 }, { ratio: Number.NaN }, {}];
  const paths = pathsOf(assign([{ ...strategy, field: 'ratio' }], doubles));
  assert.deepEqual(paths, ['status_range=good%20one', 'status_range=other', `status_range=${NULL}`]);
});

test('nanosecond columns are unsigned, and 0 is no time', () => {
  const strategy: PartitionStrategy = { ...HOURLY, field: 'start_time_unix_nano', granularity: 'year', format: 'y=%Y' };
  const rows = [{ start_time_unix_nano: 2n ** 64n - 1n }, { start_time_unix_nano: 0n }, { start_time_unix_nano: 1n }];
  assert.deepEqual(pathsOf(assign([strategy], rows)), ['y=2554', `y=${NULL}`, 'y=1970']);
});

test('every microsecond of 64-bit time goes to the unit that Date says', () => {
  const time = fc.bigInt({ min: 0n, max: 18446744073709551n });
  // Around the ends of hours, where a rounding error would show.
  const edge = fc.tuple(fc.integer({ min: 0, max: 5124095 }), fc.integer({ min: -2, max: 2 })).map(([hour, offset]) => {
    const at = BigInt(hour) * 3_600_000_000n + BigInt(offset);
    return at < 0n ? 0n : at;
  });
  fc.assert(
    fc.property(fc.array(fc.oneof(time, edge), { maxLength: 20 }), (times) => {
      const expected = times.map((at) => {
        const iso = new Date(Number(at / 1000n)).toISOString();
        return `date=${iso.slice(0, 10)}/hour=${iso.slice(11, 13)}`;
      });
      assert.deepEqual(
        pathsOf(
          assign(
            [HOURLY],
            times.map((timestamp) => ({ timestamp })),
          ),
        ),
        expected,
      );
      const nanos = times.map((at) => ({ start_time_unix_nano: at * 1000n + 615n }));
      assert.deepEqual(pathsOf(assign([{ ...HOURLY, field: 'start_time_unix_nano' }], nanos)), expected);
    }),
  );
});

const anyRow = fc.record(
  {
    timestamp: fc.bigInt({ min: 1704067200000000n, max: 1704074400000000n }),
    trace_id: fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: 32, maxLength: 32 }),
    service_name: fc.constantFrom('web', 'a b', '..', '', null),
    number: fc.integer({ min: -10, max: 30 }),
    attributes: fc.dictionary(fc.constantFrom('route', 'x', 'y'), fc.constantFrom('/a', '12', '99', null), {
      noNullPrototype: true,
    }),
    resource_attributes: fc.dictionary(fc.constantFrom('route', 'z'), fc.constantFrom('/r', '5'), {
      noNullPrototype: true,
    }),
  },
  { requiredKeys: [] },
);
const RANGES = [
  { from: 0, to: 10, label: 'low' },
  { from: 10, to: 20, label: 'high' },
];
const STRATEGIES: readonly (readonly [PartitionStrategy, (row: Row) => string])[] = [
  [
    HOURLY,
    ({ timestamp }) => {
      const iso = timestamp === undefined ? undefined : new Date(Number((timestamp as bigint) / 1000n)).toISOString();
      return `date=${iso?.slice(0, 10) ?? NULL}/hour=${iso?.slice(11, 13) ?? NULL}`;
    },
  ],
  [value('service_name', 'service'), (row) => `service=${encodeValue((row.service_name as string) ?? '')}`],
  [value('route'), (row) => `route=${encodeValue(attributeOf(row, 'route') ?? '')}`],
  [
    { type: 'hash', field: 'trace_id', name: 'b', numPartitions: 3 },
    (row) => `b=${row.trace_id === undefined ? NULL : bucketOf(hashText(row.trace_id as string), 3)}`,
  ],
  [
    { type: 'range', field: 'number', name: 'r', ranges: RANGES, default: 'other' },
    ({ number }) => `r=${number === undefined ? NULL : rangeOf(number as number)}`,
  ],
];

function attributeOf(row: Row, key: string): string | undefined {
  const maps = [row.attributes, row.resource_attributes] as (Record<string, string | null> | undefined)[];
  return maps.map((map) => map?.[key]).find((text) => text !== undefined && text !== null) ?? undefined;
}

function rangeOf(number: number): string {
  return RANGES.find(({ from, to }) => from <= number && number < to)?.label ?? 'other';
}

test('assign agrees with working out each row by itself, whatever the strategies', () => {
  const chosen = fc.shuffledSubarray([...STRATEGIES], { minLength: 1 });
  fc.assert(
    fc.property(chosen, fc.array(anyRow, { maxLength: 40 }), (pairs, rows) => {
      const assigned = assign(
        pairs.map(([strategy]) => strategy),
        rows as Row[],
      );
      const expected = (rows as Row[]).map((row) => pairs.map(([, reference]) => reference(row)).join('/'));
      assert.deepEqual(pathsOf(assigned), expected);
      assert.deepEqual(assigned.paths, [...new Set(expected)]);
    }),
  );
});

test('many distinct values in two strategies are paired without a table of all pairs', () => {
  const rows = Array.from({ length: 1000 }, (_, i): Row => ({ service_name: `s${i}`, number: i }));
  const paths = pathsOf(assign([value('service_name'), value('number')], rows));
  assert.deepEqual(
    paths,
    rows.map((_, i) => `service_name=s${i}/number=${i}`),
  );
});

test('nested columns and times that are none are refused', () => {
  for (const strategy of [value('attributes'), value('events'), { ...HOURLY, field: 'service_name' }]) {
    assert.throws(
      () => createPartitioner([strategy], WIDE),
      (error) => error instanceof BridgeError && error.code === 'config',
    );
  }
});

test('a table without the time column has no row with a time', () => {
  const strategy = { ...HOURLY, field: 'observed_time_unix_nano' };
  assert.deepEqual(assign([strategy], [{}]).paths, [`date=${NULL}/hour=${NULL}`]);
});
