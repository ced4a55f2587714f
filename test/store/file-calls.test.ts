import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFileStore } from '../../src/store/file.ts';
import { blockingWhileQuick, createFileCalls, type FileCalls } from '../../src/store/file-calls.ts';
import { tempFolder } from '../support/temp.ts';

/** Calls that tell who made them, and take the given times in turn; the event loop comes around with those of the pool. */
function told(tookMs: (call: number) => number) {
  const made: string[] = [];
  let nowMs = 0;
  const waiting: (() => void)[] = [];
  const by = (name: string): FileCalls => {
    const call = () => {
      nowMs += tookMs(made.length);
      made.push(name);
      for (const run of name === 'pool' ? waiting.splice(0) : []) run();
      return [];
    };
    return { readdir: call, stat: call as never, readRange: call as never };
  };
  const turns = { nowMs: () => nowMs, next: (run: () => void) => void waiting.push(run) };
  const calls = blockingWhileQuick(by('thread'), by('pool'), turns);
  return { made, calls };
}

test('the thread makes calls itself while they are quick, but for one in 10 ms that lets others have a turn', () => {
  const { made, calls } = told(() => 1);
  for (let i = 0; i < 48; i++) calls.readdir('');
  assert.equal(made.join(' '), Array.from({ length: 4 }, () => `${'thread '.repeat(11)}pool`).join(' '));
});

test('after slow calls they go to the pool, for a while', () => {
  const { made, calls } = told((i) => (i < 4 ? 3 : 0));
  for (let i = 0; i < 400; i++) calls.stat('');
  assert.deepEqual(made.slice(0, 4), ['thread', 'thread', 'thread', 'thread']);
  assert.equal(made.slice(4).indexOf('thread'), 256);
  assert.ok(made.slice(4 + 256).every((who) => who === 'thread'));
});

test('a slow call now and then is none of the disk', () => {
  const { made, calls } = told((i) => (i % 4 === 3 ? 3 : 0));
  for (let i = 0; i < 400; i++) calls.stat('');
  assert.ok(!made.join(' ').includes('pool pool'));
});

test('both ways give the same folders, files, ranges and errors', async (t) => {
  const folder = tempFolder(t);
  mkdirSync(join(folder, 'a'));
  writeFileSync(join(folder, 'a/b'), 'bytes of a file');
  for (const mayBlock of [false, true]) {
    const calls = createFileCalls(mayBlock);
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(
        (await calls.readdir(folder)).map(({ name }) => name),
        ['a'],
      );
      assert.equal((await calls.stat(join(folder, 'a/b'))).ino, statSync(join(folder, 'a/b'), { bigint: true }).ino);
      const found = await calls.readRange(join(folder, 'a/b'), ({ isFile, size }) => {
        assert.deepEqual({ isFile, size }, { isFile: true, size: 15 });
        return { start: 9, end: 20 };
      });
      assert.equal(Buffer.from(found).toString(), 'a file');
    }
    await assert.rejects(async () => calls.readdir(join(folder, 'no')), { code: 'ENOENT' });
  }
});

test('a store that may block hears of a cancellation in the midst of a listing', async (t) => {
  const folder = tempFolder(t);
  for (let i = 0; i < 2000; i++) {
    mkdirSync(join(folder, `d${i}`));
    writeFileSync(join(folder, `d${i}/f`), '');
  }
  const store = createFileStore(folder, { mayBlock: true });
  const cancel = new AbortController();
  setImmediate(() => cancel.abort());
  const listing = async () => {
    for (;;) for await (const _ of store.list('', { signal: cancel.signal }));
  };
  await assert.rejects(listing, { code: 'cancelled' });
});
