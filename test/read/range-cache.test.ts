import assert from 'node:assert/strict';
import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { BLOCK_BYTES, createRangeCache } from '../../src/read/range-cache.ts';
import type { ByteRange } from '../../src/store/store.ts';
import { tempFolder } from '../support/temp.ts';

const FILE = { key: 'traces/a.parquet', size: 5 * BLOCK_BYTES + 1234, modifiedMs: 1 };
const CONTENT = Uint8Array.from({ length: FILE.size }, (_, i) => (i * 2654435761) >>> 24);

function open(folder: string, { maxBytes = 1 << 30, location = 's3://bucket' } = {}) {
  const problems: unknown[] = [];
  const fetched: ByteRange[] = [];
  const cache = createRangeCache({ folder, maxBytes, location, onProblem: (error) => problems.push(error) });
  return {
    problems,
    fetched,
    settled: () => cache.settled(),
    async read(range: ByteRange, file = FILE, content = CONTENT) {
      const before = fetched.length;
      const { bytes, cachedBytes } = await cache.read(file, range, async (wanted) => {
        fetched.push(wanted);
        return content.slice(wanted.start, wanted.end);
      });
      await cache.settled();
      assert.deepEqual(Buffer.from(bytes), Buffer.from(content.subarray(range.start, range.end)));
      return { cachedBytes, requests: fetched.length - before };
    },
  };
}

function blocks(folder: string): readonly string[] {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return names.map((name) => join(folder, name)).filter((path) => statSync(path).isFile());
}

const ALL = { start: 0, end: FILE.size };

test('any ranges in any order are the bytes of the object, and those read before come from the disk', async (t) => {
  const range = fc
    .tuple(fc.nat(FILE.size - 1), fc.integer({ min: 1, max: FILE.size }))
    .map(([start, length]) => ({ start, end: Math.min(FILE.size, start + length) }));
  await fc.assert(
    fc.asyncProperty(fc.array(range, { minLength: 1, maxLength: 6 }), async (ranges) => {
      const folder = tempFolder(t);
      const cache = open(folder);
      for (const one of ranges) await cache.read(one);
      const again = open(folder);
      for (const one of ranges) {
        assert.deepEqual(await again.read(one), { cachedBytes: one.end - one.start, requests: 0 });
      }
      assert.deepEqual([...cache.problems, ...again.problems], []);
    }),
    { numRuns: 40 },
  );
});

test('of a range that is kept in part, each run of missing blocks is one request', async (t) => {
  const cache = open(tempFolder(t));
  await cache.read({ start: 2 * BLOCK_BYTES + 5, end: 2 * BLOCK_BYTES + 6 });
  assert.deepEqual(await cache.read(ALL), { cachedBytes: BLOCK_BYTES, requests: 2 });
  assert.deepEqual(cache.fetched, [
    { start: 2 * BLOCK_BYTES, end: 3 * BLOCK_BYTES },
    { start: 0, end: 2 * BLOCK_BYTES },
    { start: 3 * BLOCK_BYTES, end: FILE.size },
  ]);
});

test('an object that was replaced, and one of another lake, are read anew', async (t) => {
  const folder = tempFolder(t);
  const cache = open(folder);
  await cache.read(ALL);
  const replaced = CONTENT.map((byte) => byte ^ 1);
  assert.equal((await cache.read(ALL, { ...FILE, modifiedMs: 2 }, replaced)).requests, 1);
  assert.equal((await open(folder, { location: 's3://other' }).read(ALL)).requests, 1);
  assert.equal((await open(folder).read(ALL)).requests, 0);
});

test('a block that was damaged or cut on the disk is fetched again', async (t) => {
  const folder = tempFolder(t);
  await open(folder).read({ start: 0, end: 2 * BLOCK_BYTES });
  const [first, second] = blocks(folder) as [string, string];
  const damaged = readFileSync(first);
  damaged[1000]! ^= 1;
  writeFileSync(first, damaged);
  writeFileSync(second, readFileSync(second).subarray(0, 999));
  const cache = open(folder);
  assert.equal((await cache.read({ start: 0, end: 2 * BLOCK_BYTES })).cachedBytes, 0);
  assert.equal((await cache.read({ start: 0, end: 2 * BLOCK_BYTES })).requests, 0);
});

test('a folder that is removed under the cache is made again, and reads go on', async (t) => {
  const folder = join(tempFolder(t), 'cache');
  const cache = open(folder);
  await cache.read(ALL);
  rmSync(folder, { recursive: true });
  assert.equal((await cache.read(ALL)).requests, 1);
  assert.equal((await cache.read(ALL)).requests, 0);
  assert.deepEqual(cache.problems, []);
});

test('a folder that cannot be written is said once, and reads go on', async (t) => {
  const folder = join(tempFolder(t), 'file');
  writeFileSync(folder, 'no folder');
  const cache = open(folder);
  const { length } = cache.problems;
  assert.equal((await cache.read({ start: 0, end: 10 })).requests, 1);
  assert.equal((await cache.read({ start: 0, end: 10 })).requests, 1);
  assert.ok(cache.problems.length > length);
  assert.match(String(cache.problems[0]), /ENOTDIR|EEXIST/);
});

test('what was used longest ago is removed when the bound is passed, also what an earlier process left', async (t) => {
  const folder = tempFolder(t);
  await open(folder).read(ALL);
  const kept = open(folder);
  const hour = new Date(Date.now() - 3_600_000);
  for (const path of blocks(folder)) utimesSync(path, hour, hour);
  await kept.read({ start: 0, end: 1 }); // is used now
  const bound = 3 * BLOCK_BYTES;
  const cache = open(folder, { maxBytes: bound });
  await cache.read(ALL, { ...FILE, key: 'traces/b.parquet' });
  await cache.read({ start: 0, end: 1 }, { ...FILE, key: 'traces/c.parquet' });
  const bytes = blocks(folder).reduce((sum, path) => sum + statSync(path).size, 0);
  assert.ok(bytes <= bound, `${bytes} bytes are left, the bound is ${bound}`);
});

test('blocks are for their owner alone', async (t) => {
  const folder = tempFolder(t);
  mkdirSync(join(folder, 'cache'));
  chmodSync(join(folder, 'cache'), 0o755);
  await open(join(folder, 'cache')).read(ALL);
  for (const path of blocks(join(folder, 'cache'))) assert.equal(statSync(path).mode & 0o077, 0);
});
