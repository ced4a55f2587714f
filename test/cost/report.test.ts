import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../../src/config/load.ts';
import type { LifecycleRule } from '../../src/config/types.ts';
import { reportCost } from '../../src/cost/report.ts';
import type { CostReport } from '../../src/cost/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { ObjectInfo, ObjectStore } from '../../src/store/store.ts';

const DAY_MS = 86_400_000;
const GIB = 1024 ** 3;
const NOW_MS = 1000 * DAY_MS;
const { cost } = parseConfig('', 'a.toml', {});
const OPTIONS = { coldAfterDays: 30, coldClass: 'STANDARD_IA', targetBytes: 128 * 1024 ** 2, readsPerMonth: 30 };

/** A store that lists these: key, size, age in days, class. */
function storeOf(objects: readonly (readonly [string, number, number, string?])[]): ObjectStore {
  return {
    ...createMemoryStore(),
    async *list() {
      for (const [key, size, ageDays, storageClass] of objects) {
        yield { key, size, modifiedMs: NOW_MS - ageDays * DAY_MS, etag: undefined, storageClass } satisfies ObjectInfo;
      }
    },
  };
}

function report(
  objects: Parameters<typeof storeOf>[0],
  lifecycle: LifecycleRule[] = [],
  counted?: Parameters<typeof reportCost>[0]['counted'],
) {
  const hooks = { signal: new AbortController().signal, onProgress: () => {} };
  return reportCost({ store: storeOf(objects), cost, lifecycle, counted, nowMs: NOW_MS }, OPTIONS, hooks);
}

const near = (found: number, expected: number) =>
  assert.ok(Math.abs(found - expected) < 1e-9, `${found} is not ${expected}`);
const estimate = ({ estimates }: CostReport, kind: string) => estimates.find((one) => one.kind === kind)!;

test('bytes are summed by table, partition and class, and priced by class', async () => {
  const { stored, monthly, traffic } = await report([
    ['traces/date=2026-11-20/a.parquet', 10 * GIB, 0, 'STANDARD'],
    ['traces/date=2026-11-20/b.parquet', 2 * GIB, 0],
    ['traces/date=2026-11-20/c.parquet', 100 * GIB, 0, 'GLACIER_IR'],
    ['traces/date=2026-11-21/a.parquet', GIB, 0, 'STANDARD'],
    ['_lake/commits/x.json', 1000, 0, 'STANDARD'],
    ['notes.txt', 5, 0, 'OF_ANOTHER_SERVER'],
  ]);
  assert.deepEqual(
    stored.map(({ table, partition, storageClass, files, bytes }) => [table, partition, storageClass, files, bytes]),
    [
      ['', '', 'OF_ANOTHER_SERVER', 1, 5],
      ['_lake', '', 'STANDARD', 1, 1000],
      ['traces', 'date=2026-11-20', 'GLACIER_IR', 1, 100 * GIB],
      ['traces', 'date=2026-11-20', 'STANDARD', 2, 12 * GIB],
      ['traces', 'date=2026-11-21', 'STANDARD', 1, GIB],
    ],
  );
  assert.equal(stored[0]!.monthly, null, 'a class without a price is no class for nothing');
  near(stored[2]!.monthly!, 0.4);
  near(stored[3]!.monthly!, 12 * 0.023);
  near(monthly.storage, 0.4 + 13 * 0.023 + (1000 / GIB) * 0.023);
  assert.equal(traffic, undefined);
});

test('a rule that is not configured moves rows of that age, and no small files, colder ones or bookkeeping', async () => {
  const found = await report([
    ['traces/d=1/old.parquet', 10 * GIB, 31, 'STANDARD'],
    ['traces/d=1/young.parquet', 10 * GIB, 29, 'STANDARD'],
    ['traces/d=1/small.parquet', 100_000, 31, 'STANDARD'],
    ['traces/d=1/cold.parquet', 10 * GIB, 31, 'GLACIER_IR'],
    ['_lake/commits/old.json', 10 * GIB, 31, 'STANDARD'],
  ]);
  const { files, bytes, monthlySaving, once, arithmetic } = estimate(found, 'transition');
  assert.deepEqual([files, bytes], [1, 10 * GIB]);
  near(monthlySaving, 10 * (0.023 - 0.0125));
  near(once, 0.01 / 1000);
  assert.match(
    arithmetic,
    /0\.23 now - 10 GiB x 0\.0125; once: 1 files \/ 1000 x 0\.01; each read of all of it: 0\.1 more/,
  );
});

test('rules of the configuration are estimated as they are: each its prefix, the coldest class that is due, and deletions', async () => {
  const rule: LifecycleRule = {
    id: 'cool',
    prefix: 'traces/',
    enabled: true,
    transitions: [
      { days: 30, storageClass: 'STANDARD_IA' },
      { days: 90, storageClass: 'GLACIER_IR' },
    ],
    expirationDays: 365,
    noncurrentExpirationDays: undefined,
    newerNoncurrentVersions: undefined,
    abortIncompleteMultipartUploadDays: undefined,
  };
  const objects = [
    ['traces/d=1/a.parquet', GIB, 40],
    ['traces/d=1/b.parquet', GIB, 100],
    ['traces/d=1/c.parquet', GIB, 400],
    ['logs/d=1/d.parquet', GIB, 400],
  ] as const;
  const { estimates } = await report(objects, [rule, { ...rule, id: 'off', enabled: false }]);
  assert.deepEqual(estimates.map(({ kind, what, files }) => [kind, what.split(' that')[0], files]).slice(0, 3), [
    ['transition', 'rule "cool"', 1],
    ['transition', 'rule "cool"', 1],
    ['expiration', 'rule "cool"', 1],
  ]);
  near(estimates[1]!.monthlySaving, 0.023 - 0.004);
  near(estimates[2]!.monthlySaving, 0.023);
});

test('a merge is counted partition by partition', async () => {
  const small = (table: string, count: number, mib: number) =>
    Array.from({ length: count }, (_, i) => [`${table}/${i}.parquet`, mib * 1024 ** 2, 1] as const);
  const found = await report([
    ...small('traces/d=1', 100, 2),
    ...small('traces/d=2', 1, 2),
    ...small('logs/d=1', 2, 200),
  ]);
  const { what, files, bytes, monthlySaving, once } = estimate(found, 'compaction');
  assert.match(what, /^merging 100 files into 2 of up to 128 MiB/);
  assert.deepEqual([files, bytes], [100, 200 * 1024 ** 2]);
  near(monthlySaving, 30 * (((98 * 2) / 1000) * 0.0004 + (98 / 1000 / 1000) * 0.005));
  near(once, (200 / 1000) * 0.0004 + (2 / 1000) * 0.005);
});

test('requests are priced by what they are, and taken to a month at their rate', async () => {
  const counts = (
    operation: 'PutObject' | 'GetObject' | 'DeleteObjects' | 'ListObjectsV2',
    requests: number,
    receivedBytes = 0,
  ) => {
    return { operation, requests, errors: 0, sentBytes: 0, receivedBytes, milliseconds: 0 };
  };
  const requests = [
    counts('PutObject', 2000),
    counts('GetObject', 5000, 3 * GIB),
    counts('DeleteObjects', 9000),
    counts('ListObjectsV2', 1000),
  ];
  const { traffic, monthly } = await report([], [], { requests, sinceSeconds: 73 * 3600 });
  assert.deepEqual(
    traffic!.requests.map(({ soFar }) => soFar),
    [0.01, 0.002, 0, 0.005],
  );
  near(monthly.requests, 10 * 0.017);
  near(traffic!.transfer.soFar, 3 * 0.09);
  near(monthly.transfer, 10 * 3 * 0.09);
});
