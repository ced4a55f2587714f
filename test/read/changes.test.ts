/** Incremental reads over a lake that commits, late and out of order, while it is read. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createCatalog } from '../../src/catalog/catalog.ts';
import { createCommits } from '../../src/catalog/commits.ts';
import { objectKey } from '../../src/catalog/keys.ts';
import { type CommitRecord, commitId } from '../../src/model/commit.ts';
import { readRows } from '../../src/read/read.ts';
import { type ReadParameters, readRequest } from '../../src/read/request.ts';
import type { ReadDeps } from '../../src/read/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { readDeps, span, texts, toParquet } from './rows.ts';

const ROWS = 7;
const PARTITIONS = ['p=0', 'p=1'];
/** Commit `n`: the time in its id says nothing about when it is committed. */
const idOf = (n: number) => commitId(1_800_000_000_000 + ((n * 7) % 10) * 1000, n % 2 ? '4f9c1a2b' : '00000001', n);
const rowsOf = (n: number, p: number) => Array.from({ length: ROWS }, (_, i) => span(n * 100 + p * 10 + i));
const traceIds = (n: number) => PARTITIONS.flatMap((_, p) => rowsOf(n, p).map((row) => row.trace_id as string));

/** The steps of a commit: its objects, then its record. */
function commitSteps(store: ObjectStore, n: number): (() => Promise<unknown>)[] {
  const objects = PARTITIONS.map((partition) => {
    const key = objectKey('traces', partition, idOf(n));
    return { table: 'traces', key, partition, rows: ROWS, bytes: 1, etag: undefined } as const;
  });
  const record = {
    formatVersion: 1,
    commitId: idOf(n),
    committedAt: '',
    objects: objects.map((object) => ({ ...object, minTimestamp: null, maxTimestamp: null })),
    rows: {},
  } as unknown as CommitRecord;
  return [
    ...objects.map(
      ({ key }, p) =>
        () =>
          store.put(key, toParquet(rowsOf(n, p))),
    ),
    () => createCommits(store).write(record),
  ];
}

async function commit(store: ObjectStore, n: number): Promise<void> {
  for (const step of commitSteps(store, n)) await step();
}

function depsOf(store: ObjectStore): ReadDeps {
  const catalog = createCatalog(store);
  return readDeps(store, { objects: (table, partition) => catalog.objects(table, { partition }) });
}

async function poll(deps: ReadDeps, after: string, parameters: ReadParameters = {}) {
  const { batches, stats } = readRows(readRequest('traces', { after, ...parameters }), deps);
  const found = (await texts(batches(), 'trace_id')) as string[];
  return { found, cursor: stats.cursor!, stats };
}

test('whatever commits between the steps of whichever read, every row is given exactly once', async () => {
  const limits = fc.option(fc.integer({ min: 1, max: 40 }), { nil: undefined });
  const turns = fc.array(fc.tuple(fc.nat(3), fc.array(fc.nat(5), { maxLength: 5 }), limits), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(turns, fc.boolean(), async (plan, isFiltered) => {
      const store = createMemoryStore();
      const queues = Array.from({ length: 6 }, (_, n) => commitSteps(store, n));
      const advance = async (n: number) => void (await queues[n]!.shift()?.());
      // Commits move on while the store is listed and read too.
      let moves: number[] = [];
      const moving: ObjectStore = {
        ...store,
        async *list(prefix, options) {
          yield* store.list(prefix, options);
          for (const n of moves.splice(0, 2)) await advance(n);
        },
        async get(key, options) {
          for (const n of moves.splice(0, 1)) await advance(n);
          return store.get(key, options);
        },
      };
      const deps = depsOf(moving);
      const filter = isFiltered ? { filter: 'flags = 1' } : {};
      const given: string[] = [];
      let after = 'begin';
      const read = async (limit: number | undefined) => {
        const { found, cursor } = await poll(deps, after, { ...filter, ...(limit ? { limit: String(limit) } : {}) });
        assert.ok(limit === undefined || found.length <= limit);
        given.push(...found);
        after = cursor;
        return found.length;
      };
      for (const [before, during, limit] of plan) {
        await advance(before);
        moves = [...during];
        await read(limit);
      }
      moves = [];
      for (const queue of queues) for (const step of queue.splice(0)) await step();
      while ((await read(11)) > 0);
      assert.deepEqual(
        given.toSorted(),
        Array.from({ length: 6 }, (_, n) => traceIds(n))
          .flat()
          .toSorted(),
      );
    }),
    { numRuns: 25 },
  );
});

test('rows come commit by commit, in the order of the commits', async () => {
  const store = createMemoryStore();
  for (const n of [3, 1, 2, 0]) await commit(store, n);
  const { found } = await poll(depsOf(store), 'begin');
  const order = [0, 1, 2, 3].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  assert.deepEqual(found, order.flatMap(traceIds));
});

test('now gives nothing but a cursor; a commit with an earlier id that lands behind it is given', async () => {
  const store = createMemoryStore();
  const [earliest, ...others] = [0, 1, 2, 3].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
  for (const n of others) await commit(store, n);
  const deps = depsOf(store);
  const now = await poll(deps, 'now');
  assert.deepEqual(now.found, []);
  assert.deepEqual((await poll(deps, now.cursor)).found, []);
  await commit(store, earliest!);
  assert.deepEqual((await poll(deps, now.cursor)).found, traceIds(earliest!));
});

test('without a limit the cursor is known before the first row', async () => {
  const store = createMemoryStore();
  await commit(store, 0);
  const { batches, stats } = readRows(readRequest('traces', { after: 'begin' }), depsOf(store));
  for await (const _ of batches()) break;
  assert.deepEqual((await poll(depsOf(store), stats.cursor!)).found, []);
});

test('a partition that is deleted is not given later, also where a limit ended inside of it', async () => {
  const store = createMemoryStore();
  await commit(store, 0);
  await commit(store, 1);
  const deps = depsOf(store);
  const first = await poll(deps, 'begin', { limit: '3' });
  await createCatalog(store).deletePartition('traces', 'p=0');
  const rest = await poll(deps, first.cursor, { limit: '100' });
  const kept = [0, 1].flatMap((n) => rowsOf(n, 1).map((row) => row.trace_id as string));
  assert.deepEqual(rest.found.toSorted(), kept.toSorted());
  assert.deepEqual((await poll(deps, rest.cursor)).found, []);
});

test('a cursor goes on under another filter, but not where a limit ended inside a commit', async () => {
  const store = createMemoryStore();
  await commit(store, 0);
  const deps = depsOf(store);
  const whole = await poll(deps, 'begin', { filter: 'flags = 1' });
  await commit(store, 1);
  assert.equal((await poll(deps, whole.cursor, { partition: 'p=1' })).found.length, ROWS);
  const cut = await poll(deps, 'begin', { limit: '3' });
  await assert.rejects(poll(deps, cut.cursor, { filter: 'flags = 1' }), {
    code: 'invalid_argument',
    message: /limit ended, with another filter/,
  });
  const still = await poll(deps, cut.cursor, { limit: '0' });
  const rest = await poll(deps, still.cursor, { limit: '100' });
  assert.deepEqual([still.found.length, cut.found.length + rest.found.length], [0, 2 * 2 * ROWS]);
});

test('files of other writers and rows still in a journal are no part of it', async () => {
  const store = createMemoryStore();
  await store.put('traces/p=0/foreign.parquet', toParquet(rowsOf(9, 0)));
  for (const step of commitSteps(store, 0).slice(0, -1)) await step();
  const deps = { ...depsOf(store), fresh: { open: () => assert.fail('the journal was opened') } };
  assert.deepEqual((await poll(deps, 'begin')).found, []);
  assert.throws(
    () => readRequest('traces', { after: 'begin', buffered: 'true' }),
    /buffered=true does not go with after/,
  );
});

test('few new commits are found without listing the table', async () => {
  const store = createMemoryStore();
  const listed: string[] = [];
  const watched: ObjectStore = {
    ...store,
    list(prefix, options) {
      listed.push(prefix);
      return store.list(prefix, options);
    },
  };
  await commit(store, 0);
  const deps = depsOf(watched);
  const { cursor } = await poll(deps, 'begin');
  listed.length = 0;
  await poll(deps, cursor);
  assert.deepEqual(listed, ['_lake/commits/']);
});
