/** Formats that are read as a whole: Parquet, JSON and OTLP/JSON read back, and what is left where a read fails. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RecordBatchReader } from 'apache-arrow';
import { TRACES } from '../../../src/model/traces.ts';
import { createReadBatch } from '../../../src/read/columns/batch.ts';
import { emit } from '../../../src/read/emit/emit.ts';
import { readRows } from '../../../src/read/read.ts';
import { READ_FORMATS, type ReadFormat, type ReadParameters, readRequest } from '../../../src/read/request.ts';
import { bindSelection } from '../../../src/read/selection.ts';
import type { SelectedBatch } from '../../../src/read/types.ts';
import { createMemoryStore } from '../../../src/store/memory.ts';
import { PARQUET, readDeps, span, toBatch, toParquet } from '../rows.ts';

const OPTIONS = { table: 'traces', parquet: PARQUET } as const;
const events = [
  { time_unix_nano: 7n, name: 'e', attributes: new Map(), attribute_types: '', dropped_attributes_count: 0n },
];
const SPANS = Array.from({ length: 5000 }, (_, i) =>
  span(i, {
    ...(i % 3 === 0 ? { events } : {}),
    trace_state: i % 2 ? null : 'ü=1',
    duration_nano: 2n ** 62n + BigInt(i),
  }),
);

async function lake(body: Uint8Array) {
  const store = createMemoryStore();
  await store.put('traces/a.parquet', body);
  return readDeps(store);
}

async function read(body: Uint8Array, parameters: ReadParameters): Promise<Buffer> {
  const deps = await lake(body);
  const request = readRequest('traces', parameters);
  const { output, batches } = readRows(request, deps);
  const chunks: Uint8Array[] = [];
  for await (const chunk of emit(request.format, output, batches(), OPTIONS)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const stored = toParquet(SPANS, TRACES, 700);

test('Parquet that is given out reads as the rows it was made of, with every column and null', async () => {
  for (const filter of ['flags = 1', "name = 'span 3'", "name = 'no such span'"]) {
    const file = await read(stored, { format: 'parquet', filter });
    assert.ok((await read(file, {})).equals(await read(stored, { filter })), filter);
  }
});

test('few hits in many batches become one row group', async () => {
  const file = await read(stored, { format: 'parquet', filter: "name = 'span 3'", select: 'name,trace_id' });
  const deps = await lake(file);
  const { batches, stats } = readRows(readRequest('traces', {}), deps);
  for await (const _ of batches());
  assert.deepEqual([stats.rows, stats.rowGroupsScanned], [500, 1]);
});

test('Parquet is given out while it is written, in row groups of bounded bytes', async () => {
  const big = Array.from({ length: 3000 }, (_, i) => span(i, { name: `${i} `.repeat(4000) }));
  async function* batches(): AsyncGenerator<SelectedBatch> {
    for (let from = 0; from < big.length; from += 500) {
      const arrow = toBatch(big.slice(from, from + 500));
      taken = from + 500;
      yield {
        batch: createReadBatch(arrow, { schema: TRACES, promotions: [] }),
        rows: Int32Array.from({ length: 500 }, (_, i) => i),
      };
    }
  }
  let taken = 0;
  for await (const _ of emit('parquet', bindSelection(undefined, TRACES), batches(), OPTIONS)) break;
  assert.ok(taken < big.length, `the first bytes came after ${taken} of ${big.length} rows`);
});

test('JSON is one array of the objects NDJSON has line by line', async () => {
  for (const filter of ['flags = 1', "name = 'span 3'", "name = 'no such span'"]) {
    const lines = (await read(stored, { filter })).toString().split('\n').filter(Boolean);
    const array = (await read(stored, { filter, format: 'json' })).toString();
    assert.deepEqual(
      JSON.parse(array),
      lines.map((line) => JSON.parse(line)),
    );
  }
});

test('OTLP/JSON is one export request, however many rows there are', async () => {
  type Request = { resourceSpans?: { scopeSpans: { spans: { spanId: string }[] }[] }[] };
  const whole = JSON.parse((await read(stored, { format: 'otlp-json' })).toString()) as Request;
  const ids = whole.resourceSpans!.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans));
  assert.deepEqual(ids.map(({ spanId }) => spanId).sort(), SPANS.map(({ span_id }) => span_id).sort());
  assert.equal((await read(stored, { format: 'otlp-json', filter: 'flags = 2' })).toString(), '{}\n');
});

/** What each format has at its end and nowhere else. */
const isWhole: Readonly<Record<ReadFormat, (bytes: Buffer) => boolean>> = {
  ndjson: (bytes) => bytes.toString().split('\n').length === 101,
  csv: (bytes) => bytes.toString().split('\n').length === 102,
  json: (bytes) => bytes.toString().endsWith(']\n'),
  'otlp-json': (bytes) => bytes.toString().endsWith(']}\n'),
  arrow: (bytes) => bytes.subarray(-8).equals(Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])),
  parquet: (bytes) => bytes.subarray(-4).toString() === 'PAR1',
};

for (const format of READ_FORMATS) {
  test(`${format} that breaks off throws and lacks its end`, async () => {
    const arrow = toBatch(SPANS.slice(0, 100));
    const batch = createReadBatch(arrow, { schema: TRACES, promotions: [] });
    const rows = Int32Array.from({ length: 100 }, (_, i) => i);
    async function* batches(broken: boolean): AsyncGenerator<SelectedBatch> {
      yield { batch, rows };
      if (broken) throw new Error('the store has gone');
    }
    const take = async (broken: boolean, chunks: Uint8Array[]) => {
      const output = bindSelection(undefined, TRACES);
      for await (const chunk of emit(format, output, batches(broken), OPTIONS)) chunks.push(chunk);
    };
    const broken: Uint8Array[] = [];
    await assert.rejects(take(true, broken), /the store has gone/);
    assert.equal(isWhole[format](Buffer.concat(broken)), false);
    const whole: Uint8Array[] = [];
    await take(false, whole);
    assert.equal(isWhole[format](Buffer.concat(whole)), true);
  });
}

test('an Arrow stream has its schema before the first row is there', async () => {
  async function* none(): AsyncGenerator<SelectedBatch> {
    yield await Promise.reject(new Error('no rows yet'));
  }
  const chunks = emit('arrow', bindSelection(['name'], TRACES), none(), OPTIONS);
  const { value } = await chunks.next();
  assert.deepEqual(RecordBatchReader.from(value as Uint8Array).open().schema.names, ['name']);
});
