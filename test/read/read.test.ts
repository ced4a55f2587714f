import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { TRACES } from '../../src/model/traces.ts';
import { readRows } from '../../src/read/read.ts';
import { type ReadParameters, readRequest } from '../../src/read/request.ts';
import type { FreshSource, ReadDeps } from '../../src/read/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { type Row, readDeps, span, texts, toBatch, toParquet } from './rows.ts';

const ids = (rows: readonly Row[]) => rows.map((row) => row.trace_id as string);
const commitId = (n: number) => `20261121T085523123Z-4f9c1a2b-${n.toString(16).padStart(4, '0')}`;

interface Segment {
  readonly id: string;
  /** Rows by object: two objects a commit, as with two partitions. */
  readonly parts: readonly (readonly Row[])[];
}

function segment(n: number): Segment {
  const part = (p: number) => [span(n * 100 + p * 10), span(n * 100 + p * 10 + 1)];
  return { id: commitId(n), parts: [part(0), part(1)] };
}

/** A journal and a lake between which commits move in three steps: first object, second object, commit record. */
function bridge(segments: readonly Segment[]) {
  const store = createMemoryStore();
  const progress = new Map(segments.map(({ id }) => [id, 0]));
  const records = new Set<string>();
  let closed = 0;

  async function step({ id, parts }: Segment): Promise<void> {
    const done = progress.get(id)!;
    if (done < parts.length) await store.put(`traces/p=${done}/${id}.parquet`, toParquet(parts[done]!));
    else records.add(id);
    progress.set(id, done + 1);
  }

  const isOpen = ({ id, parts }: Segment) => progress.get(id)! <= parts.length;

  const fresh: FreshSource = {
    open() {
      const held = segments.filter(isOpen);
      return {
        commitIds: held.map(({ id }) => id),
        *batches(except) {
          for (const { id, parts } of held) {
            if (!except.has(id)) for (const rows of parts) yield { commitId: id, batch: toBatch(rows) };
          }
        },
        close() {
          closed++;
        },
      };
    },
  };
  return { store, step, fresh, records, closedCount: () => closed };
}

async function read(deps: ReadDeps, parameters: ReadParameters = {}) {
  const result = readRows(readRequest('traces', parameters), deps);
  return { found: await texts(result.batches(), 'trace_id'), stats: result.stats };
}

test('whatever is committed between the steps of a read, every row is seen exactly once', async () => {
  const steps = fc.array(fc.nat(2), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(steps, steps, steps, steps, async (before, afterOpen, afterCommitted, afterList) => {
      const segments = [0, 1, 2].map(segment);
      const { store, step, fresh, records } = bridge(segments);
      const advance = async (moves: readonly number[]) => {
        for (const move of moves) await step(segments[move]!);
      };
      await advance(before);
      const plain = readDeps(store);
      const deps: ReadDeps = {
        ...plain,
        fresh: {
          async open(table, options) {
            const snapshot = await fresh.open(table, options);
            await advance(afterOpen);
            return snapshot;
          },
        },
        async committed(asked) {
          const known = new Set(asked.filter((id) => records.has(id)));
          await advance(afterCommitted);
          return known;
        },
        async objects(...given) {
          const listed = await plain.objects(...given);
          await advance(afterList);
          return listed;
        },
      };
      const { found } = await read(deps);
      assert.deepEqual(found.sort(), ids(segments.flatMap(({ parts }) => parts.flat())).sort());
    }),
    { numRuns: 60 },
  );
});

test('fresh rows are filtered, limited and counted, and the snapshot is closed', async () => {
  const { store, fresh, closedCount } = bridge([segment(0), segment(1)]);
  const deps = readDeps(store, { fresh });
  const all = await read(deps);
  assert.equal(all.found.length, 8);
  assert.deepEqual([all.stats.rows, all.stats.freshRows, all.stats.rowsScanned], [8, 8, 8]);
  const some = await read(deps, { filter: 'duration_nano >= 100000', limit: '3' });
  assert.deepEqual(some.found, ids([span(100), span(101), span(110)]));
  assert.equal(closedCount(), 2);
});

test('buffered=false leaves the journal unopened', async () => {
  const fresh: FreshSource = {
    open() {
      throw new Error('the journal was opened');
    },
  };
  assert.deepEqual((await read(readDeps(createMemoryStore(), { fresh }), { buffered: 'false' })).found, []);
});

test('the snapshot is closed where a read fails or is left early', async () => {
  const { store, fresh, closedCount } = bridge([segment(0)]);
  const deps = readDeps(store, { fresh });
  const failing = { ...deps, objects: () => Promise.reject(new Error('no list')) };
  await assert.rejects(read(failing), /no list/);
  assert.equal(closedCount(), 1);
  for await (const _ of readRows(readRequest('traces', {}), deps).batches()) break;
  assert.equal(closedCount(), 2);
});

test('the journal is asked only for the partition of the request', async () => {
  const asked: string[] = [];
  const { store, fresh } = bridge([segment(0)]);
  const watched: FreshSource = {
    open(table, options) {
      asked.push(options.partition);
      return fresh.open(table, options);
    },
  };
  await read(readDeps(store, { fresh: watched }), { partition: 'p=0/' });
  assert.deepEqual(asked, ['p=0']);
});

test('from is inclusive, to exclusive, rows without a time are left out', async () => {
  const store = createMemoryStore();
  const rows = [span(0), span(1), span(2), span(3, { timestamp: null })];
  await store.put('traces/a.parquet', toParquet(rows));
  const deps = readDeps(store);
  assert.deepEqual((await read(deps, { from: '2026-11-21T08:00:00.000001Z' })).found, ids([span(1), span(2)]));
  assert.deepEqual((await read(deps, { to: '2026-11-21T08:00:00.000002Z' })).found, ids([span(0), span(1)]));
  assert.deepEqual((await read(deps, {})).found, ids(rows));
});

test('a request that does not fit the table fails before anything is read', () => {
  const deps = readDeps(createMemoryStore());
  assert.throws(() => readRows(readRequest('traces', { filter: 'nope = 1' }), deps), { code: 'invalid_argument' });
  assert.throws(() => readRows(readRequest('traces', { select: 'nope' }), deps), { code: 'invalid_argument' });
});

test('the output of a read names the columns of the table in their order', () => {
  const { output } = readRows(readRequest('traces', {}), readDeps(createMemoryStore()));
  assert.deepEqual(
    output.map(({ field }) => field.name),
    TRACES.columns.map(({ name }) => name),
  );
});
