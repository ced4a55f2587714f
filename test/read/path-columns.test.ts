/** Columns that stand in the path of another writer's file alone (Hive's layout), beside files that have them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PartitionStrategy } from '../../src/model/layout.ts';
import { TRACES } from '../../src/model/traces.ts';
import { emit } from '../../src/read/emit/emit.ts';
import { pathTextsOf } from '../../src/read/path-columns.ts';
import { readRows } from '../../src/read/read.ts';
import { type ReadParameters, readRequest } from '../../src/read/request.ts';
import type { ReadDeps } from '../../src/read/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { parseNdjson } from '../support/daemon.ts';
import { PARQUET, readDeps, span, toParquet } from './rows.ts';

/** Four spans in a file that lacks columns. */
function fileWithout(...names: string[]): Uint8Array {
  const columns = TRACES.columns.filter(({ name }) => !names.includes(name));
  return toParquet(
    [0, 1, 2, 3].map((i) => span(i)),
    { ...TRACES, columns },
  );
}

async function depsOf(files: Record<string, Uint8Array>, more: Partial<ReadDeps> = {}): Promise<ReadDeps> {
  const store = createMemoryStore();
  for (const [key, body] of Object.entries(files)) await store.put(key, body);
  return readDeps(store, more);
}

async function read(deps: ReadDeps, parameters: ReadParameters) {
  const request = readRequest('traces', parameters);
  const result = readRows(request, deps);
  const chunks: Uint8Array[] = [];
  const options = { table: 'traces', parquet: PARQUET } as const;
  for await (const chunk of emit(request.format, result.output, result.batches(), options)) chunks.push(chunk);
  return { rows: parseNdjson(Buffer.concat(chunks).toString()), stats: result.stats };
}

const byService = {
  'traces/service_name=cart/part-0.parquet': fileWithout('service_name'),
  'traces/service_name=caf%C3%A9%20au%20lait/part-0.parquet': fileWithout('service_name'),
  'traces/service_name=crème brûlée/part-0.parquet': fileWithout('service_name'),
  'traces/service_name=__HIVE_DEFAULT_PARTITION__/part-0.parquet': fileWithout('service_name'),
  'traces/service_name=wrong/part-0.parquet': fileWithout(),
};
const value: PartitionStrategy = { type: 'value', field: 'service_name', name: 'service_name' };

for (const [how, partitioning] of [
  ['the bridge partitions by nothing', []],
  ['the bridge partitions by the same column', [value]],
] as const) {
  test(`a column that only the path has is selected and filtered by, where ${how}`, async () => {
    const deps = await depsOf(byService, { partitioning });
    const { rows } = await read(deps, { select: 'service_name,name' });
    const services = new Map<unknown, number>();
    for (const row of rows) services.set(row.service_name, (services.get(row.service_name) ?? 0) + 1);
    assert.deepEqual(Object.fromEntries(services), {
      cart: 4,
      'café au lait': 4,
      'crème brûlée': 4,
      null: 4,
      'service-0': 2,
      'service-1': 1,
      'service-2': 1,
    });
    const count = async (filter: string) => (await read(deps, { filter, select: 'name' })).rows.length;
    assert.equal(await count("service_name = 'cart' AND name = 'span 2'"), 1);
    assert.equal(await count("service_name IN ('café au lait', 'crème brûlée', 'x')"), 8);
    assert.equal(await count('service_name IS NULL'), 4);
    assert.equal(await count("service_name LIKE 'c%' AND duration_nano >= 2000"), 6);
  });
}

test('a file whose path excludes the filter is left at its footer', async () => {
  const deps = await depsOf(byService);
  const { rows, stats } = await read(deps, { filter: "service_name = 'cart'", select: 'name' });
  assert.deepEqual([rows.length, stats.filesScanned, stats.filesPrunedByFooter], [4, 1, 4]);
});

test('numbers, times and truth values of paths are those of their columns', async () => {
  const promotion = { attribute: 'ok', type: 'bool', column: 'ok' } as const;
  const ok = { name: 'ok', type: { kind: 'bool' }, nullable: true, fieldId: 1 << 30, doc: '' } as const;
  const schema = { ...TRACES, columns: [...TRACES.columns, ok] };
  const path = 'traces/flags=257/duration_nano=9223372036854775807/timestamp=2026-11-21 08%3A00%3A00/ok=TRUE/a.parquet';
  const files = { [path]: fileWithout('flags', 'duration_nano', 'timestamp') };
  const deps = await depsOf(files, { schema, promotions: [promotion] });
  const { rows } = await read(deps, {
    select: 'flags,duration_nano,timestamp,ok,span_id',
    filter: "flags = 257 AND duration_nano > 9223372036854775806 AND ok AND timestamp < '2026-11-21T08:00:00.000001Z'",
  });
  assert.deepEqual(rows[3], {
    flags: 257,
    duration_nano: '9223372036854775807',
    timestamp: '2026-11-21T08:00:00.000000Z',
    ok: true,
    span_id: '0000000000000003',
  });
  assert.equal(rows.length, 4);
  assert.equal((await read(deps, { from: '2026-11-22' })).stats.filesPrunedByFooter, 1);
});

test('a path that holds no value of its column is an error that names file, column and text, or is left out', async () => {
  const deps = await depsOf({
    'traces/flags=1/a.parquet': fileWithout('flags'),
    'traces/flags=many/b.parquet': fileWithout('flags'),
  });
  await assert.rejects(read(deps, {}), {
    code: 'unprocessable',
    message: 'traces/flags=many/b.parquet: column flags is "many" in the path, uint32 in the table',
  });
  const { rows, stats } = await read(deps, { on_error: 'skip' });
  assert.deepEqual([rows.length, stats.skipped.length], [4, 1]);
  assert.equal((await read(deps, { select: 'name' })).rows.length, 8, 'no harm where it is not asked for');
});

test('what is no column, or stands there for something else by the strategies in force, is not taken for one', () => {
  const strategies: readonly PartitionStrategy[] = [
    { type: 'time', field: 'timestamp', granularity: 'day', format: 'timestamp=%Y-%m-%d' },
    { type: 'value', field: 'service_name', name: 'name' },
    { type: 'hash', field: 'trace_id', name: 'trace_id', numPartitions: 16 },
    { type: 'value', field: 'kind', name: 'kind' },
  ];
  const texts = pathTextsOf(TRACES, strategies);
  assert.equal(texts('timestamp=2026-11-21/name=cart/trace_id=7/date=1/attributes=x/plain'), undefined);
  assert.deepEqual(
    texts('x=1/kind=SERVER/status_code=%zz'),
    new Map([
      ['kind', 'SERVER'],
      ['status_code', '%zz'],
    ]),
  );
});
