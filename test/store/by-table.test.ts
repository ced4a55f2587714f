import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createStoreByTable } from '../../src/store/by-table.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { keysOf, storeConformance } from './conformance.ts';

const bytes = new Uint8Array(1);

/** Folders that the suite uses, some of them in stores of their own, two in one. */
storeConformance('a lake over several stores', async () => {
  const shared = createMemoryStore();
  const tables = ['l/', 'many/', 'once/', 'signal/', 'uploads/'].map((folder, i) => ({
    folder,
    store: i < 2 ? shared : createMemoryStore(),
  }));
  return { store: createStoreByTable(createMemoryStore(), tables), close: async () => {} };
});

function twoStores() {
  const [main, traces] = [createMemoryStore(), createMemoryStore()];
  return { main, traces, store: createStoreByTable(main, [{ folder: 'traces/', store: traces }]) };
}

test('a table with a store of its own lies there, everything else in the lake, and listings are in order over both', async () => {
  const { main, traces, store } = twoStores();
  const keys = ['_lake/commits/c.json', 'logs/a', 'traces-old/a', 'traces/a', 'traces/b/c', 'tracez'];
  for (const key of keys.toReversed()) await store.put(key, bytes);
  assert.deepEqual(await keysOf(traces, ''), ['traces/a', 'traces/b/c']);
  assert.deepEqual(
    await keysOf(main, ''),
    keys.filter((key) => !key.startsWith('traces/')),
  );
  for (const prefix of ['', 't', 'traces', 'traces/', 'traces/b', 'l', '_lake/']) {
    const expected = keys.filter((key) => key.startsWith(prefix));
    assert.deepEqual(await keysOf(store, prefix), expected, prefix);
    assert.deepEqual(
      await keysOf(store, prefix, 'traces/a'),
      expected.filter((key) => key > 'traces/a'),
      prefix,
    );
  }
  await store.delete(['logs/a', 'traces/a', 'tracez']);
  assert.deepEqual(await keysOf(store, ''), ['_lake/commits/c.json', 'traces-old/a', 'traces/b/c']);
});

test('files that a table left in the lake are an error that says where they have to go, and no part of the table', async () => {
  const { main, store } = twoStores();
  await main.put('traces/old', bytes);
  assert.deepEqual(await keysOf(store, ''), []);
  await assert.rejects(store.check(), {
    code: 'config',
    message: /holds files of traces \(traces\/old\)/,
    hint: /sync/,
  });
  await main.delete(['traces/old']);
  await store.check();
});
