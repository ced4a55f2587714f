/** Reads touch only what they need: what is pruned by filters and pages, and how many requests are made. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { createFooterCache } from '../../src/read/parquet/footer-cache.ts';
import { readRows } from '../../src/read/read.ts';
import { type ReadParameters, readRequest } from '../../src/read/request.ts';
import type { ReadDeps } from '../../src/read/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { lakeFile } from './lake-file.ts';
import { readDeps, span, texts } from './rows.ts';

const GROUP_ROWS = 60_000;
/** Ids without an order, so that statistics say nothing of them. */
const idOf = (i: number) => Math.imul(i, 0x9e3779b1).toString(16).replace('-', 'f').padStart(32, 'a');
const group = (g: number) => {
  return Array.from({ length: GROUP_ROWS }, (_, i) => {
    const n = g * GROUP_ROWS + i;
    return span(i, { trace_id: idOf(n), service_name: `service-${Math.floor(i / 10_000)}` });
  });
};
const file = lakeFile([group(0), group(1), group(2), group(3)]);

async function lake(): Promise<ObjectStore> {
  const store = createMemoryStore();
  await store.put('traces/a.parquet', file);
  return store;
}

async function read(deps: ReadDeps, parameters: ReadParameters, column = 'trace_id') {
  const result = readRows(readRequest('traces', parameters), deps);
  return { found: await texts(result.batches(), column), stats: result.stats };
}

test('a needle is found by the Bloom filters, in at most three requests', async () => {
  const wanted = idOf(2 * GROUP_ROWS + 33_333);
  const { found, stats } = await read(readDeps(await lake()), { filter: `trace_id = '${wanted}'` });
  assert.deepEqual(found, [wanted]);
  assert.deepEqual([stats.rowGroupsPrunedByBloom, stats.rowGroupsScanned], [3, 1]);
  assert.ok(stats.requests <= 3, `${stats.requests} requests`);
  assert.ok(stats.bytesRead < file.length / 2, `${stats.bytesRead} of ${file.length} bytes`);
});

test('an id that is in no row costs the footer only, and nothing the second time', async () => {
  const deps = readDeps(await lake(), { footers: createFooterCache(1 << 24) });
  const absent = { filter: "trace_id IN ('00000000000000000000000000000000', 'ffffffffffffffffffffffffffffffff')" };
  const first = await read(deps, absent);
  assert.deepEqual([first.found, first.stats.filesPrunedByFooter], [[], 1]);
  assert.ok(first.stats.requests <= 2, `${first.stats.requests} requests`);
  assert.equal((await read(deps, absent)).stats.requests, 0);
});

test('a file that was replaced is not answered from its old footer', async () => {
  const store = createMemoryStore();
  const footers = createFooterCache(1 << 24);
  const objects = async () => {
    const { size, modifiedMs } = await store.head('traces/a.parquet');
    const partition = { table: 'traces', key: 'traces/a.parquet', partition: '', commitId: undefined } as const;
    return [{ ...partition, size, modifiedMs, rows: undefined, minTimestamp: undefined, maxTimestamp: undefined }];
  };
  const found: (string | null)[][] = [];
  for (const name of ['before', 'behind the times']) {
    await store.put('traces/a.parquet', lakeFile([[span(1, { name })]]));
    found.push((await read(readDeps(store, { objects, footers }), {}, 'name')).found);
  }
  assert.deepEqual(found, [['before'], ['behind the times']]);
});

test('pages whose statistics exclude the filter are not read', async () => {
  const { found, stats } = await read(readDeps(await lake()), {
    filter: "service_name = 'service-0' AND duration_nano < 3000",
  });
  assert.equal(found.length, 12);
  assert.ok(stats.pagesPruned > stats.pagesScanned, `${stats.pagesPruned} pages pruned, ${stats.pagesScanned} read`);
  assert.ok(stats.rowsScanned <= (4 * GROUP_ROWS) / 2, `${stats.rowsScanned} rows scanned`);
});

test('the columns outside the filter are decoded around the hits only, with the right values in all of them', async () => {
  const wanted = [5, 29_999, 30_000, 59_999].map((i) => span(i).span_id);
  const filter = `span_id IN (${wanted.map((id) => `'${id}'`).join(', ')})`;
  const deps = readDeps(await lake());
  const rows: string[] = [];
  const result = readRows(readRequest('traces', { filter }), deps);
  for await (const { batch, rows: hits } of result.batches()) {
    const [ids, durations, maps] = [batch.column('span_id'), batch.column('duration_nano'), batch.map('attributes')];
    assert.ok(ids.kind === 'text' && durations.kind === 'int');
    for (const row of hits) {
      const at = maps.offsets[row]!;
      const code = maps.values.codes?.[at] ?? at;
      const route = Buffer.from(maps.values.bytes.subarray(maps.values.offsets[code]!, maps.values.offsets[code + 1]!));
      rows.push(`${durations.values[row]} ${route}`);
    }
  }
  const expected = [5, 29_999, 30_000, 59_999].map((i) => `${i}000 /items/${i % 5}`);
  assert.deepEqual(
    rows,
    [0, 1, 2, 3].flatMap(() => expected),
  );
});

test('no request is made after a reader has left', async () => {
  const store = await lake();
  let asked = 0;
  let left = false;
  const watched: ObjectStore = {
    ...store,
    get(key, options) {
      assert.ok(!left, 'a request was made after the reader left');
      asked++;
      return store.get(key, options);
    },
  };
  const abort = new AbortController();
  const result = readRows(readRequest('traces', {}), readDeps(watched, { parallelism: 1 }));
  const reading = (async () => {
    for await (const _ of result.batches(abort.signal)) {
      left = true;
      abort.abort(new Error('gone'));
    }
  })();
  await assert.rejects(reading, /gone/);
  const before = asked;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(asked, before);
});

test('a limit without a filter reads the first pages of the columns, not a row group', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => {
    const noise = [0, 1, 2, 3].map((n) => createHash('sha512').update(`${i} ${n}`).digest('base64')).join();
    return span(i, { trace_id: idOf(i), attributes: new Map([['noise', noise]]), attribute_types: 's' });
  });
  const large = lakeFile([rows, rows.slice(0, 10)], { pageSize: 100_000, dictionaryEnabled: false });
  const store = createMemoryStore();
  await store.put('traces/a.parquet', large);
  const few = await read(readDeps(store), { limit: '10' });
  assert.deepEqual(
    few.found,
    rows.slice(0, 10).map(({ trace_id }) => trace_id),
  );
  assert.ok(few.stats.bytesRead < large.length / 2, `${few.stats.bytesRead} of ${large.length} bytes`);
  const more = await read(readDeps(store), { limit: '20005' });
  assert.deepEqual([more.found.length, more.found.at(-1)], [20_005, idOf(4)]);
});
