import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { batchWrite, discard } from '../../src/connector/batch-write.ts';
import { ConnectorError, S3Error, SchemaError } from '../../src/connector/errors.ts';
import {
  HashPartitioning,
  type Partitioning,
  RangePartitioning,
  TimePartitioning,
  ValuePartitioning,
} from '../../src/connector/partitionings.ts';
import { read } from '../../src/connector/read.ts';
import { BridgeError } from '../../src/errors.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { contextOver, keysOf } from './support.ts';

const FIELDS = [
  { name: 'id', type: 'int64' },
  { name: 'timestamp', type: 'timestamp(ns, UTC)' },
  { name: 'day', type: 'date' },
  { name: 'service_name', type: 'string' },
  { name: 'price', type: 'decimal(12,3)' },
  { name: 'ratio', type: 'float32' },
  { name: 'flag', type: 'bool' },
  { name: 'key', type: 'uuid' },
  { name: 'bytes', type: 'binary' },
  { name: 'unsigned', type: 'uint64' },
  { name: 'tags', type: 'list<string>' },
  { name: 'attributes', type: 'map<string,string>' },
] as const;
const SCHEMA = { fields: FIELDS };

const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 4 });
const name = fc.constantFrom('web', 'ä/ö', '', '..', '%2E', '__HIVE_DEFAULT_PARTITION__', 'x'.repeat(300));
const record = fc.record({
  id: maybe(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  timestamp: maybe(fc.bigInt({ min: -(2n ** 62n), max: 2n ** 62n })),
  day: maybe(fc.constantFrom('1969-12-31', '2026-11-21', '2028-02-29')),
  service_name: maybe(name),
  price: maybe(fc.constantFrom('-1.500', '0.000', '999999999.999')),
  ratio: maybe(fc.float({ noNaN: true })),
  flag: maybe(fc.boolean()),
  key: maybe(fc.uuid()),
  bytes: maybe(fc.uint8Array({ maxLength: 5 })),
  unsigned: maybe(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })),
  tags: maybe(fc.array(maybe(name), { maxLength: 3 })),
  attributes: maybe(
    fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), maybe(name), { maxKeys: 2, noNullPrototype: true }),
  ),
});

const scalar = fc.constantFrom(...FIELDS.map((field) => field.name).filter((one) => !/tags|attributes/.test(one)));
const strategy: fc.Arbitrary<Partitioning> = fc.oneof(
  scalar.map((field) => new ValuePartitioning(field, { name: `value_of_${field}` })),
  fc.constantFrom('timestamp', 'day').map((field) => new TimePartitioning({ field, format: 'on=%Y-%m-%d/at=%H' })),
  fc.tuple(scalar, fc.integer({ min: 1, max: 5 })).map(([field, count]) => new HashPartitioning(field, count)),
  scalar.map(
    (field) =>
      new RangePartitioning(field, [
        [-10, 0, 'low'],
        [0, 1e12, 'high'],
      ]),
  ),
);
const strategies = fc.uniqueArray(strategy, { maxLength: 3, selector: ({ entry }) => entry.type });

/** A row as text in which equal rows are equal. */
function rowText(row: Readonly<Record<string, unknown>>): string {
  const plain = (value: unknown): unknown => {
    if (value instanceof Uint8Array) return `0x${Buffer.from(value).toString('hex')}`;
    if (typeof value === 'bigint') return String(value);
    if (Object.is(value, -0)) return '-0';
    if (Array.isArray(value)) return value.map(plain);
    if (typeof value === 'object' && value !== null) {
      return Object.entries(value)
        .sort()
        .map(([key, inner]) => [key, plain(inner)]);
    }
    return value;
  };
  return JSON.stringify(FIELDS.map((field) => plain(row[field.name])));
}

function timestampText(nanos: bigint | null): string | null {
  if (nanos === null) return null;
  const rest = ((nanos % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n;
  const seconds = new Date(Number((nanos - rest) / 1_000_000n)).toISOString().slice(0, -5);
  return `${seconds}.${String(rest).padStart(9, '0')}Z`;
}

test('any records under any partitioning, written and read back, are the same rows', async () => {
  const cases = fc.tuple(
    fc.array(record, { minLength: 1, maxLength: 40 }),
    strategies,
    fc.integer({ min: 1, max: 20 }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([records, partitioning, batchSize]) => {
      const context = contextOver();
      // Small buffers: most cases are written in several flushes.
      const options = { schema: SCHEMA, records, partitioning, batchSize, maxBufferedBytes: 2048 };
      const { recordCount, files } = await batchWrite(context, options);
      assert.equal(recordCount, records.length);
      const { records: found } = await read(context, {});
      const expected = records.map((row) => rowText({ ...row, timestamp: timestampText(row.timestamp) }));
      assert.deepEqual(found.map(rowText).sort(), expected.sort());
      for (const { path } of files) assert.ok(Buffer.byteLength(path) <= 1024);
    }),
    { numRuns: 60 },
  );
});

test('rows are ordered inside their files, and each partition is in one file a flush', async () => {
  const context = contextOver(undefined, { parquet: { sortBy: ['id'] } });
  const records = Array.from({ length: 300 }, (_, i) => ({ id: (i * 7) % 300, kind: `k${i % 3}` }));
  const { files } = await batchWrite(context, { records, partitioning: new ValuePartitioning('kind') });
  assert.equal(files.length, 3);
  const { records: found } = await read(context, { partitionPath: 'kind=k1', selectFields: ['id'] });
  const ids = found.map(({ id }) => Number(id));
  assert.deepEqual(
    ids,
    ids.toSorted((a, b) => a - b),
  );
});

/** A store whose files whose key holds `text` cannot be closed. */
function failingStore(isBad: (key: string) => boolean): ObjectStore {
  const store = createMemoryStore();
  return {
    ...store,
    async write(key, options) {
      const writer = await store.write(key, options);
      if (!isBad(key)) return writer;
      return {
        ...writer,
        close: () => Promise.reject(new BridgeError('unavailable', `the store does not take ${key}`)),
      };
    },
  };
}

const many = (count: number) => Array.from({ length: count }, (_, id) => ({ id, kind: `k${id % 4}` }));
const byKind = new ValuePartitioning('kind');

test('a failed batch names what was stored, shows none of it, and can be discarded', async () => {
  const store = failingStore((key) => key.includes('kind=k3'));
  const context = contextOver(store);
  const options = { records: many(40), partitioning: byKind, parallelism: 1 };
  const error = await batchWrite(context, options).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof S3Error && error.retryable && error.code === 'unavailable');
  assert.deepEqual([error.written?.fileCount, error.written?.recordCount], [3, 30]);
  assert.deepEqual(await keysOf(store), error.written!.files.map(({ path }) => path).sort());
  await assert.rejects(read(context, {}), { code: 'not_found' });
  await discard(context, error.written!);
  assert.deepEqual(await keysOf(store), []);
});

test('a record that does not fit ends the batch, is left out, or loses its value, as it is told', async () => {
  const schema = { fields: [{ name: 'id', type: 'int8' }] };
  const records = [{ id: 1 }, { id: 1000 }, { id: 'x' }, { id: 4 }];
  const failing = await batchWrite(contextOver(), { schema, records }).catch((thrown: unknown) => thrown);
  assert.ok(failing instanceof SchemaError && /row 1, column id: found 1000/.test(failing.message), String(failing));
  const skipped = await batchWrite(contextOver(), { schema, records, onInvalid: 'skip' });
  assert.deepEqual([skipped.recordCount, skipped.report.skipped, skipped.report.invalid.length], [2, 2, 2]);
  const nulled = await batchWrite(contextOver(), { schema, records, onInvalid: 'null' });
  assert.deepEqual([nulled.recordCount, nulled.report.nulled], [4, 2]);
});

test('what the source of the records throws is the cause of the error, and the source is asked to end', async () => {
  const cause = new Error('the cable is out');
  let ended = false;
  async function* broken() {
    try {
      yield* many(5);
      throw cause;
    } finally {
      ended = true;
    }
  }
  const context = contextOver();
  const error = await batchWrite(context, { records: broken(), batchSize: 2, maxBufferedBytes: 1 }).catch(
    (e: unknown) => e,
  );
  assert.ok(error instanceof ConnectorError && error.cause === cause && ended);
  assert.match(error.message, /after 5 of them/);
  assert.ok(error.written!.recordCount >= 4);
});

test('a signal ends a batch, also while the source does not answer, and nothing is committed', async () => {
  const store = createMemoryStore();
  const stop = new AbortController();
  async function* silent() {
    yield* many(20);
    stop.abort(new Error('enough'));
    await new Promise(() => {});
  }
  const options = { records: silent(), batchSize: 5, maxBufferedBytes: 1, signal: stop.signal };
  const error = await batchWrite(contextOver(store), options).catch((thrown: unknown) => thrown);
  assert.ok(error instanceof ConnectorError && error.code === 'cancelled');
  assert.equal((error.cause as Error).message, 'enough');
  assert.deepEqual(
    (await keysOf(store)).filter((key) => key.startsWith('_lake')),
    [],
  );
  assert.equal((await keysOf(store)).length, error.written!.fileCount);
  const before = AbortSignal.abort();
  await assert.rejects(batchWrite(contextOver(store), { records: many(1), signal: before }), { code: 'cancelled' });
});

test('no more files are open than parallelism says, and memory waits for them', async () => {
  const store = createMemoryStore();
  let open = 0;
  let most = 0;
  const slow: ObjectStore = {
    ...store,
    async write(key, options) {
      const writer = await store.write(key, options);
      most = Math.max(most, ++open);
      return {
        ...writer,
        async close() {
          await sleep(2);
          open--;
          return writer.close();
        },
      };
    },
  };
  const context = contextOver(slow);
  const partitioning = new HashPartitioning('id', 20);
  await batchWrite(context, { records: many(500), partitioning, parallelism: 3 });
  assert.deepEqual([most, open], [3, 0]);
});
