import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { LakeObject } from '../../src/catalog/types.ts';
import type { PartitionStrategy } from '../../src/model/layout.ts';
import { TRACES } from '../../src/model/traces.ts';
import { bindRequest, type PlanContext, planFiles } from '../../src/read/plan.ts';
import { type ReadParameters, readRequest } from '../../src/read/request.ts';
import { lakeObject } from './rows.ts';

const partitioning: readonly PartitionStrategy[] = [
  { type: 'time', field: 'timestamp', granularity: 'day', format: 'date=%Y-%m-%d' },
  { type: 'value', field: 'service_name', name: 'service' },
];
const COMMIT = '20261121T085523123Z-4f9c1a2b-0007';

function plan(parameters: ReadParameters, objects: readonly LakeObject[], context: Partial<PlanContext> = {}) {
  const request = readRequest('traces', parameters);
  const all = { schema: TRACES, partitioning, promotions: [], fromJournal: new Set<string>(), ...context };
  return planFiles(request, bindRequest(request, all.schema), objects, all);
}

function keys(parameters: ReadParameters, objects: readonly LakeObject[], context: Partial<PlanContext> = {}) {
  return plan(parameters, objects, context).files.map(({ key }) => key);
}

const at = (path: string, more: Partial<LakeObject> = {}) => lakeObject(`traces/${path}`, 100, more);

const byService = ['checkout', 'cart', '__HIVE_DEFAULT_PARTITION__', 'caf%C3%A9'].map((service) => {
  return at(`date=2026-11-21/service=${service}/a.parquet`);
});
const [checkout, cart, missing, cafe] = byService.map(({ key }) => key);

test('values in paths prune by their column', () => {
  assert.deepEqual(keys({ filter: "service_name = 'cart'" }, byService), [cart]);
  assert.deepEqual(keys({ filter: "service_name IN ('cart', 'café')" }, byService), [cart, cafe]);
  assert.deepEqual(keys({ filter: "service_name LIKE 'c%'" }, byService), [checkout, cart, cafe]);
  assert.deepEqual(keys({ filter: "NOT service_name = 'cart'" }, byService), [checkout, missing, cafe]);
  assert.deepEqual(
    keys({ filter: "service_name = 'cart' OR name = 'x'" }, byService),
    byService.map(({ key }) => key),
  );
  assert.equal(plan({ filter: "service_name = 'cart'" }, byService).pruned.partition, 3);
});

test('the null name stands for missing and for empty values', () => {
  assert.deepEqual(keys({ filter: 'service_name IS NULL' }, byService), [missing]);
  assert.deepEqual(keys({ filter: "service_name = ''" }, byService), [missing]);
});

test('a key that is no value strategy in force prunes nothing', () => {
  const range: PartitionStrategy = {
    type: 'range',
    field: 'http.status',
    name: 'status_code',
    ranges: [{ from: 0, to: 200, label: 'OK' }],
    default: 'other',
  };
  const objects = [at('status_code=other/a.parquet'), at('service_name=x/a.parquet')];
  const filter = "status_code = 'OK' AND service_name = 'y'";
  assert.equal(keys({ filter }, objects, { partitioning: [range] }).length, 2);
});

test('a value that was cut in the path prunes nothing', () => {
  const cut = at(`service=${'a'.repeat(181)}%2D0123456789abcdef/a.parquet`);
  assert.equal(keys({ filter: "service_name = 'b'" }, [cut]).length, 1);
});

const timed = [
  at('a.parquet', {
    rows: 5,
    minTimestamp: '2026-11-21T08:00:00.000000Z',
    maxTimestamp: '2026-11-21T08:59:59.999999Z',
  }),
  at('b.parquet', {
    rows: 5,
    minTimestamp: '2026-11-21T09:00:00.000000Z',
    maxTimestamp: '2026-11-21T09:59:59.999999Z',
  }),
  at('c.parquet', { rows: 5, minTimestamp: null, maxTimestamp: null }),
  at('d.parquet'),
];

test('time ranges of commit records prune by the event time', () => {
  const names = (parameters: ReadParameters) =>
    keys(parameters, timed)
      .map((key) => key[7])
      .join('');
  assert.equal(names({ from: '2026-11-21T09:00:00Z' }), 'bd');
  assert.equal(names({ to: '2026-11-21T09:00:00Z' }), 'ad');
  assert.equal(names({ to: '2026-11-21T09:00:00.000000001Z' }), 'abd');
  assert.equal(names({ from: '2026-11-21T10:00:00Z' }), 'd');
  assert.equal(names({ filter: "timestamp = '2026-11-21T08:30:00Z'" }), 'ad');
  assert.equal(names({ filter: 'timestamp IS NULL' }), 'abcd');
  assert.equal(plan({ from: '2026-11-21T10:00:00Z' }, timed).pruned.commit, 3);
});

test('a partition is asked for by leading whole segments', () => {
  const objects = ['a/b', 'a/bc', 'a', 'ab/b'].map((path) => at(`${path}/x.parquet`));
  assert.deepEqual(keys({ partition: 'a/b' }, objects), ['traces/a/b/x.parquet']);
  assert.deepEqual(keys({ partition: 'a' }, objects).length, 3);
  assert.equal(plan({ partition: 'a' }, objects).pruned.notAsked, 1);
});

test('objects of commits that are read from the journal are left out', () => {
  const objects = [at(`${COMMIT}.parquet`), at('other.parquet')];
  assert.deepEqual(keys({}, objects, { fromJournal: new Set([COMMIT]) }), ['traces/other.parquet']);
});

test('the columns of filter and output are told apart, attributes need their maps', () => {
  const { filterColumns, outputColumns } = plan(
    { filter: `"http.route" = 'x' AND name = 'y'`, select: "trace_id,resource_attributes['k']", from: '2026-11-21' },
    [],
  );
  assert.deepEqual(filterColumns, ['timestamp', 'attributes', 'resource_attributes', 'name']);
  assert.deepEqual(outputColumns, ['trace_id', 'resource_attributes']);
});

test('selected attributes become columns of text named as they were written', () => {
  const { output } = plan({ select: `NAME,http.route,"x-y",resource_attributes['it''s']`.replace('"x-y",', '') }, []);
  assert.deepEqual(
    output.map(({ field }) => [field.name, field.type.kind]),
    [
      ['name', 'string'],
      ['http.route', 'string'],
      ["resource_attributes['it's']", 'string'],
    ],
  );
});

const BAD_SELECT: readonly (readonly [string, RegExp, RegExp])[] = [
  ['nmae', /select: traces has no column nmae/, /Did you mean name\?/],
  ['name,Name', /select names name twice/, /^/],
  ["name['x']", /name is no map/, /attributes/],
  ['count(*)', /select cannot read count\(\*\)/, /http\.route/],
  ['"nodot"', /no column nodot/, /attributes\['nodot'\]/],
];

for (const [select, message, hint] of BAD_SELECT) {
  test(`select=${select} is refused`, () => {
    assert.throws(
      () => plan({ select }, []),
      (error: { code: string; message: string; hint?: string }) =>
        error.code === 'invalid_argument' && message.test(error.message) && hint.test(error.hint ?? ''),
    );
  });
}

test('a plan is plain data', () => {
  const made = plan({ filter: 'duration_nano > 5', from: '2026-11-21' }, timed);
  assert.deepEqual(structuredClone(made), made);
});
