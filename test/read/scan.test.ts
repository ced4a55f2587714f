import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Column } from '../../src/model/table.ts';
import { TRACES } from '../../src/model/traces.ts';
import { TAIL_BYTES } from '../../src/read/parquet/footer.ts';
import { readRows } from '../../src/read/read.ts';
import { type ReadParameters, readRequest } from '../../src/read/request.ts';
import type { ReadDeps, SelectedBatch } from '../../src/read/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { lakeFile } from './lake-file.ts';
import { lakeObject, type Row, readDeps, span, texts, toParquet } from './rows.ts';

const spans = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => span(from + i));

async function lakeOf(files: Readonly<Record<string, Uint8Array>>): Promise<ObjectStore> {
  const store = createMemoryStore();
  for (const [key, body] of Object.entries(files)) await store.put(key, body);
  return store;
}

async function read(deps: ReadDeps, parameters: ReadParameters, column = 'trace_id') {
  const result = readRows(readRequest('traces', parameters), deps);
  return { found: await texts(result.batches(), column), stats: result.stats };
}

const ids = (from: number, to: number) => spans(from, to).map((row) => row.trace_id);

test('all rows come back, in the order of the files', async () => {
  const store = await lakeOf({
    'traces/a.parquet': toParquet(spans(0, 1000), TRACES, 300),
    'traces/b.parquet': toParquet(spans(1000, 1200)),
  });
  const { found, stats } = await read(readDeps(store), {});
  assert.deepEqual(found, ids(0, 1200));
  assert.equal(stats.rows, 1200);
  assert.equal(stats.filesScanned, 2);
  assert.equal(stats.rowGroupsScanned, 5);
});

test('row groups whose statistics exclude the filter are not fetched', async () => {
  const file = toParquet(spans(0, 10_000), TRACES, 1000);
  const store = await lakeOf({ 'traces/a.parquet': file });
  const { found, stats } = await read(readDeps(store), { filter: 'duration_nano BETWEEN 4500000 AND 4501000' });
  assert.deepEqual(found, ids(4500, 4502));
  assert.equal(stats.rowGroupsPruned, 9);
  assert.equal(stats.rowGroupsScanned, 1);
  assert.ok(stats.bytesRead < file.length / 2, `${stats.bytesRead} of ${file.length} bytes were read`);
});

test('only the columns of filter and selection are read', async () => {
  const file = toParquet(spans(0, 20_000));
  const store = await lakeOf({ 'traces/a.parquet': file });
  const { stats } = await read(readDeps(store), { select: 'name' }, 'name');
  assert.ok(stats.bytesRead <= TAIL_BYTES + 10_000, `${stats.bytesRead} bytes were read`);
});

test('columns outside the filter are not fetched where no row passes', async () => {
  // Incompressible names, so that the columns beside the filter's are worth waiting for.
  const rows = spans(0, 20_000).map((row, i) => ({ ...row, status_message: (i * 7919).toString(36).repeat(20) }));
  const file = toParquet(rows);
  const store = await lakeOf({ 'traces/a.parquet': file });
  const none = await read(readDeps(store), { filter: "name = 'span 3' AND status_code = 'OK'" });
  assert.deepEqual(none.found, []);
  assert.ok(none.stats.bytesRead < file.length / 4, `${none.stats.bytesRead} of ${file.length} bytes were read`);
  const some = await read(readDeps(store), { filter: 'duration_nano IN (5000, 19999000)' });
  assert.deepEqual(
    some.found,
    ids(0, 20_000).filter((_, i) => i === 5 || i === 19_999),
  );
});

test('the store is asked for no byte range twice', async () => {
  const store = await lakeOf({ 'traces/a.parquet': toParquet(spans(0, 6000), TRACES, 2000) });
  const asked: string[] = [];
  const watched: ObjectStore = {
    ...store,
    get(key, options) {
      asked.push(`${options?.range?.start}-${options?.range?.end}`);
      return store.get(key, options);
    },
  };
  await read(readDeps(watched), { filter: "attributes['http.route'] = '/items/3'" });
  assert.equal(new Set(asked).size, asked.length);
});

test('a limit ends the read early, across batches and files', async () => {
  const store = await lakeOf({
    'traces/a.parquet': toParquet(spans(0, 150)),
    'traces/b.parquet': toParquet(spans(150, 300)),
    'traces/c.parquet': toParquet(spans(300, 450)),
  });
  const { found, stats } = await read(readDeps(store), { limit: '205' });
  assert.deepEqual(found, ids(0, 205));
  assert.equal(stats.filesScanned, 2);
  assert.deepEqual((await read(readDeps(store), { limit: '0' })).found, []);
});

test('a column an older file has not is null there; a promoted one is answered from the maps', async () => {
  const promoted: Column = { name: 'http_route', type: { kind: 'string' }, nullable: true, fieldId: 1 << 30, doc: '' };
  const later: Column = { name: 'later', type: { kind: 'string' }, nullable: true, fieldId: 1000, doc: '' };
  const schema = { name: 'traces', columns: [...TRACES.columns, later, promoted] } as const;
  const newer = spans(5, 10).map((row, i) => ({ ...row, later: 'yes', http_route: `/items/${(i + 5) % 5}` }));
  const store = await lakeOf({
    'traces/a.parquet': toParquet(spans(0, 5)),
    'traces/b.parquet': toParquet(newer, schema),
  });
  const promotions = [{ attribute: 'http.route', type: 'string', column: 'http_route' }] as const;
  const deps = readDeps(store, { schema, promotions });
  assert.deepEqual(
    (await read(deps, { filter: "http_route = '/items/2'" })).found,
    ['2', '7'].map((n) => n.padStart(32, '0')),
  );
  assert.deepEqual((await read(deps, { filter: 'later IS NULL' })).found, ids(0, 5));
  assert.deepEqual((await read(deps, { filter: "later = 'yes'" })).found, ids(5, 10));
  assert.deepEqual((await read(deps, { select: 'later' }, 'later')).found, [
    ...Array(5).fill(null),
    ...Array(5).fill('yes'),
  ]);
});

test('a file that was cut, is empty or is no Parquet is an error that names it', async () => {
  const whole = toParquet(spans(0, 500));
  const garbled = Uint8Array.from(whole);
  const footerBytes = new DataView(whole.buffer, whole.byteOffset + whole.length - 8).getUint32(0, true);
  garbled.fill(0xa5, whole.length - 8 - footerBytes, whole.length - 8);
  const bodies = {
    cut: whole.subarray(0, whole.length - 50),
    'no Parquet': Buffer.from('hello, this is no Parquet file at all'),
    empty: new Uint8Array(0),
    'footer of garbage': garbled,
    'footer longer than the file': Buffer.concat([
      Buffer.alloc(20),
      Buffer.from([255, 255, 255, 0x7f]),
      Buffer.from('PAR1'),
    ]),
  };
  for (const [what, body] of Object.entries(bodies)) {
    const store = await lakeOf({ 'traces/a.parquet': toParquet(spans(0, 3)), 'traces/bad.parquet': body });
    await assert.rejects(
      read(readDeps(store), {}),
      (error: { code: string; message: string }) =>
        error.code === 'corrupt' && /traces\/bad\.parquet/.test(error.message),
      what,
    );
    const skipping = await read(readDeps(store), { on_error: 'skip' });
    assert.deepEqual(skipping.found, ids(0, 3), what);
    assert.deepEqual(
      skipping.stats.skipped.map(({ key }) => key),
      ['traces/bad.parquet'],
      what,
    );
  }
});

test('pages of garbage are an error that names the file, and the thread goes on', async () => {
  const good = toParquet(spans(0, 500));
  const bad = Uint8Array.from(good);
  bad.fill(0xff, 8, good.length >> 1);
  const store = await lakeOf({ 'traces/bad.parquet': bad, 'traces/good.parquet': good });
  const broken = { code: 'corrupt', message: /traces\/bad\.parquet/ };
  await assert.rejects(read(readDeps(store), {}), broken);
  const { found, stats } = await read(readDeps(store), { on_error: 'skip' });
  assert.deepEqual(found, ids(0, 500));
  assert.equal(stats.skipped.length, 1);
});

test('bytes flipped anywhere in a file give rows or an error that names it, never a crash', async () => {
  const good = toParquet(spans(0, 200), TRACES, 100);
  let seed = 42;
  const random = (below: number) => {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return seed % below;
  };
  for (let round = 0; round < 150; round++) {
    const bad = Uint8Array.from(good);
    for (let flips = 0; flips < 4; flips++) bad[random(bad.length)] = random(256);
    const store = await lakeOf({ 'traces/bad.parquet': bad });
    const outcome = await read(readDeps(store), {}).catch((error) => error);
    const named = outcome instanceof Error ? /traces\/bad\.parquet/.test(outcome.message) : outcome.found.length <= 200;
    assert.ok(named, String(outcome));
  }
});

test('a file that is deleted during the read is an error that names it, or is skipped', async () => {
  const store = await lakeOf({
    'traces/a.parquet': toParquet(spans(0, 3)),
    'traces/c.parquet': toParquet(spans(3, 6)),
  });
  const gone = lakeObject('traces/b.parquet', 5000);
  const deps = readDeps(store);
  const listed: ReadDeps = {
    ...deps,
    async objects(table, partition, signal) {
      const [a, c] = await deps.objects(table, partition, signal);
      return [a!, gone, c!];
    },
  };
  await assert.rejects(read(listed, {}), {
    code: 'conflict',
    message: /traces\/b\.parquet was deleted/,
    retryable: true,
  });
  const { found, stats } = await read(listed, { on_error: 'skip' });
  assert.deepEqual(found, ids(0, 6));
  assert.deepEqual(
    stats.skipped.map(({ key, error }) => [key, error.code]),
    [['traces/b.parquet', 'conflict']],
  );
});

test('a store that does not answer ends the read, also with on_error=skip', async () => {
  const store = await lakeOf({ 'traces/a.parquet': toParquet(spans(0, 3)) });
  const { BridgeError } = await import('../../src/errors.ts');
  const down: ObjectStore = { ...store, get: () => Promise.reject(new BridgeError('unavailable', 'timed out')) };
  const failure = { code: 'unavailable', message: 'traces/a.parquet: timed out', retryable: true };
  await assert.rejects(read(readDeps(down), { on_error: 'skip' }), failure);
});

test('an aborted read ends with the reason of its signal', async () => {
  const store = await lakeOf({ 'traces/a.parquet': toParquet(spans(0, 10_000), TRACES, 1000) });
  const abort = new AbortController();
  const result = readRows(readRequest('traces', {}), readDeps(store));
  const reading = (async () => {
    for await (const _ of result.batches(abort.signal)) abort.abort(new Error('enough'));
  })();
  await assert.rejects(reading, /enough/);
  assert.ok(result.stats.rows < 10_000);
});

test('a column of another type in a file of another writer is an error that names file and types', async () => {
  const other: Column = { name: 'duration_nano', type: { kind: 'string' }, nullable: true, fieldId: 3, doc: '' };
  const file = toParquet([{ duration_nano: 'x' }], { name: 'traces', columns: [other] });
  const store = await lakeOf({ 'traces/a.parquet': file });
  for (const parameters of [{}, { filter: 'duration_nano = 5' }, { select: 'duration_nano' }]) {
    await assert.rejects(read(readDeps(store), parameters, 'duration_nano'), {
      code: 'unprocessable',
      message: 'traces/a.parquet: column duration_nano is Utf8 in the file, an integer in the table',
    });
    const { stats } = await read(readDeps(store), { ...parameters, on_error: 'skip' }, 'duration_nano');
    assert.equal(stats.skipped.length, 1);
  }
});

test('batches stay as they are when the scan has gone on, however the file is compressed', async () => {
  const groups = [0, 1, 2].map((g) => spans(10_000 * g, 10_000 * (g + 1)));
  for (const compression of ['UNCOMPRESSED', 'ZSTD', 'SNAPPY', 'GZIP'] as const) {
    const store = await lakeOf({ 'traces/a.parquet': lakeFile(groups, { compression }) });
    for (const filter of ["service_name <> 'none'", "name <> 'span 3' AND flags = 1", undefined]) {
      const columns = ['trace_id', 'span_id', 'name', 'service_name', 'kind'];
      const request = readRequest('traces', { filter, select: columns.join(',') });
      const kept: SelectedBatch[] = [];
      for await (const selected of readRows(request, readDeps(store)).batches()) kept.push(selected);
      const filtered = groups.flat().filter((row) => filter?.includes('flags') !== true || passes(row));
      for (const column of columns) {
        async function* again() {
          yield* kept;
        }
        assert.deepEqual(
          await texts(again(), column),
          filtered.map((row) => row[column] ?? null),
          `${column} in ${compression}`,
        );
      }
    }
  }
});

function passes({ name, flags }: Row): boolean {
  return name !== 'span 3' && flags === 1n;
}
