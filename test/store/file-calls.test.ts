import assert from 'node:assert/strict';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createFileStore } from '../../src/store/file.ts';
import { blockingWhileQuick, createFileCalls, type FileCalls } from '../../src/store/file-calls.ts';
import { tempFolder } from '../support/temp.ts';

/** Calls that tell who made them, and take the given times in turn. */
function told(tookMs: readonly number[]) {
  const made: string[] = [];
  let nowMs = 0;
  const by = (name: string): FileCalls => {
    const call = () => {
      made.push(name);
      nowMs += tookMs[made.length - 1] ?? 0;
      return [];
    };
    return { readdir: call, stat: call as never, readRange: call as never };
  };
  const calls = blockingWhileQuick(by('thread'), by('pool'), () => nowMs);
  return { made, calls };
}

test('the thread makes calls itself while they are quick, but for one in 10 ms that lets others have a turn', () => {
  const { made, calls } = told(Array.from({ length: 40 }, () => 1));
  for (let i = 0; i < 40; i++) calls.readdir('');
  const stretches = made
    .join(' ')
    .split('pool')
    .map((stretch) => stretch.split('thread').length - 1);
  assert.equal(made[0], 'pool');
  assert.ok(Math.max(...stretches) <= 10 && made.filter((who) => who === 'pool').length <= 5, made.join(' '));
});

test('after two slow calls they go to the pool, for a while', () => {
  const { made, calls } = told([0, 0, 0, 3, 0, 3]);
  for (let i = 0; i < 400; i++) calls.stat('');
  assert.deepEqual(made.slice(0, 6), ['pool', 'thread', 'thread', 'thread', 'thread', 'thread']);
  assert.equal(made.slice(6).indexOf('thread'), 256);
  assert.ok(made.slice(6 + 256).every((who) => who === 'thread'));
});

test('a slow call now and then is none of the disk', () => {
  const { made, calls } = told(Array.from({ length: 400 }, (_, i) => (i % 90 === 3 ? 3 : 0)));
  for (let i = 0; i < 400; i++) calls.stat('');
  assert.ok(made.filter((who) => who === 'pool').length < 5, made.join(' '));
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
