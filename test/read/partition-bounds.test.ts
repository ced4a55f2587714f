import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { PartitionStrategy, Promotion } from '../../src/model/layout.ts';
import { createPartitioner } from '../../src/partition/partition.ts';
import { bindFilter } from '../../src/read/filter/bind.ts';
import { prune } from '../../src/read/filter/prune.ts';
import { partitionKnowledge } from '../../src/read/partition-bounds.ts';
import { bindRequest, planFiles } from '../../src/read/plan.ts';
import { readRequest } from '../../src/read/request.ts';
import { batchOf, type Row as PlainRow, pathsOf } from '../partition/batch-of.ts';
import { filter, row, SMALL } from './filter/cases.ts';
import { lakeObject, type Row } from './rows.ts';

const trusted = () => true;

const RANGES = [
  { from: Number.NEGATIVE_INFINITY, to: 0, label: 'below' },
  { from: 0, to: 2.5, label: 'low' },
  { from: 5, to: 2 ** 53, label: 'high' },
  { from: 2 ** 60, to: Number.POSITIVE_INFINITY, label: 'low' },
];
const FIELDS = ['s', 'i', 'd', 'b', 'timestamp', 'k', 'n', 'http.route', "attributes['k']", "resource_attributes['n']"];

const field = fc.constantFrom(...FIELDS);
const strategy: fc.Arbitrary<PartitionStrategy> = fc.oneof(
  field.map((field) => ({ type: 'value' as const, field, name: 'v' })),
  fc
    .record({ field, numPartitions: fc.constantFrom(2, 3, 16) })
    .map((more) => ({ type: 'hash' as const, name: 'h', ...more })),
  field.map((field) => ({ type: 'range' as const, field, name: 'r', ranges: RANGES, default: 'other' })),
  fc.constant({
    type: 'time' as const,
    field: 'timestamp',
    granularity: 'hour' as const,
    format: 'date=%Y-%m-%d/hour=%H',
  }),
);

/** A row of the filters' tests as the partitioner's tests write it. */
function plain(row: Row): PlainRow {
  const entries = Object.entries(row).map(([name, value]) => {
    return [name, value instanceof Map ? Object.fromEntries(value) : value];
  });
  return Object.fromEntries(entries) as PlainRow;
}

test('a partition that is pruned holds no row that passes, whatever it is partitioned by', () => {
  const pruned = { value: 0, hash: 0, range: 0, time: 0 };
  fc.assert(
    fc.property(
      fc.array(strategy, { minLength: 1, maxLength: 2 }),
      fc.array(filter, { minLength: 8, maxLength: 8 }),
      fc.array(row, { minLength: 1, maxLength: 12 }),
      (strategies, filters, rows) => {
        const paths = pathsOf(createPartitioner(strategies, SMALL).assign(batchOf(SMALL, rows.map(plain))));
        const knowledge = partitionKnowledge(strategies, SMALL, [], trusted);
        for (const { text, of } of filters) {
          const predicate = bindFilter(text, SMALL);
          for (const path of new Set(paths)) {
            const isPruned = prune(predicate, knowledge(path)) === 'none';
            const passing = rows.filter((candidate, i) => paths[i] === path && of(candidate) === true);
            assert.ok(!isPruned || passing.length === 0, `${text} pruned ${path}`);
            for (const { type } of strategies) pruned[type] += Number(isPruned);
          }
        }
      },
    ),
    { numRuns: 600 },
  );
  for (const [type, times] of Object.entries(pruned)) assert.ok(times > 300, `${type} pruned ${times} partitions only`);
});

const PROMOTED: Promotion = { attribute: 'http.route', type: 'string', column: 'http_route' };
const STATUS: Promotion = {
  attribute: 'http.response.status_code',
  type: 'int64',
  column: 'http_response_status_code',
};
const schema = {
  name: 'traces',
  columns: [
    ...SMALL.columns,
    { name: PROMOTED.column, type: { kind: 'string' }, nullable: true, fieldId: 100, doc: '' },
    { name: STATUS.column, type: { kind: 'int64' }, nullable: true, fieldId: 101, doc: '' },
  ],
} as const;

const hash: PartitionStrategy = { type: 'hash', field: 's', name: 'bucket', numPartitions: 16 };
const route: PartitionStrategy = { type: 'hash', field: 'http.route', name: 'route', numPartitions: 16 };
const status: PartitionStrategy = {
  type: 'range',
  field: STATUS.attribute,
  name: 'class',
  ranges: [200, 300, 400, 500].map((from) => ({ from, to: from + 100, label: `${from / 100}xx` })),
  default: 'other',
};

function kept(strategies: readonly PartitionStrategy[], paths: readonly string[], text: string): readonly string[] {
  const knowledge = partitionKnowledge(strategies, schema, [PROMOTED, STATUS], trusted);
  return paths.filter((path) => prune(bindFilter(text, schema), knowledge(path)) === 'maybe');
}

const buckets = Array.from({ length: 16 }, (_, bucket) => `bucket=${bucket}`);

test('equality and IN on a hashed column leave one bucket a value', () => {
  assert.equal(kept([hash], buckets, "s = 'a'").length, 1);
  assert.ok(kept([hash], buckets, "s IN ('a', 'b', 'c')").length <= 3);
  assert.equal(kept([hash], buckets, "s > 'a'").length, 16);
  assert.equal(kept([hash], buckets, "s <> 'a'").length, 16);
  assert.deepEqual(kept([hash], ['bucket=__HIVE_DEFAULT_PARTITION__'], "s = 'a'"), []);
});

test('an attribute that is partitioned by prunes for its name and for its promoted column', () => {
  const paths = buckets.map((path) => path.replace('bucket', 'route'));
  const found = kept([route], paths, `"http.route" = '/cart'`);
  assert.equal(found.length, 1);
  assert.deepEqual(kept([route], paths, "http_route = '/cart'"), found);
  assert.deepEqual(kept([route], paths, "attributes['http.route'] = '/cart'"), found);
  assert.equal(kept([route], paths, "resource_attributes['http.route'] = '/cart'").length, 16);
});

test('ranges prune comparisons of numbers, in columns and in attributes', () => {
  const paths = ['2xx', '3xx', '4xx', '5xx', 'other'].map((label) => `class=${label}`);
  assert.deepEqual(kept([status], paths, 'http_response_status_code >= 500'), ['class=5xx', 'class=other']);
  assert.deepEqual(kept([status], paths, 'http_response_status_code = 404'), ['class=4xx']);
  assert.deepEqual(kept([status], paths, 'http_response_status_code IN (200, 503)'), ['class=2xx', 'class=5xx']);
  assert.deepEqual(kept([status], paths, `"http.response.status_code" BETWEEN 300 AND 350`), [
    'class=3xx',
    'class=other',
  ]);
  assert.deepEqual(kept([status], paths, `"http.response.status_code" = '404'`), ['class=4xx']);
});

test('a bucket prunes only under the strategies its commit was written by', () => {
  const objects = buckets.map((path) => lakeObject(`traces/${path}/a.parquet`, 100));
  const context = { schema, promotions: [], partitioning: [hash], fromJournal: new Set<string>() };
  const request = readRequest('traces', { filter: "s = 'a'" });
  const bound = bindRequest(request, schema);
  assert.equal(planFiles(request, bound, objects, context).files.length, 16);
  const written = objects.map((object) => ({ ...object, partitioning: [hash] }));
  const plan = planFiles(request, bound, written, { ...context, partitioning: [] });
  assert.deepEqual([plan.files.length, plan.partitions], [1, { asked: 16, pruned: 15 }]);
});

test('what another writer encodes in another way is not pruned for that', () => {
  const strategies: readonly PartitionStrategy[] = [{ type: 'value', field: 's', name: 's' }];
  const verdict = (path: string, text: string, by = strategies) =>
    prune(bindFilter(text, SMALL), partitionKnowledge(by, SMALL, [], trusted)(path));
  assert.equal(verdict('s=a b%2Fc', "s = 'a b/c'"), 'maybe');
  assert.equal(verdict('s=a b%2Fc', "s = 'a b'"), 'none');
  assert.equal(verdict('s=café', "s = 'café'"), 'maybe');
  assert.equal(verdict('s=café%20au lait', "s = 'café au lait'"), 'maybe');
  const numbers = (field: string): readonly PartitionStrategy[] => [{ type: 'value', field, name: field }];
  assert.equal(verdict('d=1e3', 'd = 1000', numbers('d')), 'maybe');
  assert.equal(verdict('d=1000.0', 'd = 1001', numbers('d')), 'none');
  assert.equal(verdict('i=007', 'i = 7', numbers('i')), 'maybe');
  const at = "timestamp = '2026-11-21T08:00:00Z'";
  assert.equal(verdict('timestamp=2026-11-21 08%3A00%3A00', at, numbers('timestamp')), 'maybe');
  assert.equal(verdict('timestamp=2026-11-21T09%3A00%3A00.000000Z', at, numbers('timestamp')), 'none');
});
