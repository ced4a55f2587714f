/**
 * A group of requests that was refused because the disk failed, and is in the segment's file all the same: it could not
 * be cut off. From there on, everything that can go wrong before the commit is whole.
 */
import assert from 'node:assert/strict';
import { existsSync, fstatSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { commitSegment } from '../../src/ingest/commit-segment.ts';
import type { SealedSegment } from '../../src/ingest/messages.ts';
import { listSegments } from '../../src/journal/journal.ts';
import { type Files, systemFiles } from '../../src/platform/files.ts';
import type { ObjectStore } from '../../src/store/store.ts';
import { type Bench, createBench, onDisk, SAMPLE } from './support.ts';

/** Calls that fail while they are in here. */
type Failing = Set<'syncData' | 'truncate' | 'rename'>;

function failingFiles(failing: Failing): Files {
  const fail =
    <Args extends readonly unknown[], Result>(
      name: 'syncData' | 'truncate' | 'rename',
      call: (...args: Args) => Result,
    ) =>
    (...args: Args): Result => {
      if (failing.has(name)) throw Object.assign(new Error(`EIO: i/o error, ${name}`), { code: 'EIO' });
      return call(...args);
    };
  return {
    ...systemFiles,
    syncData: fail('syncData', systemFiles.syncData),
    truncate: fail('truncate', systemFiles.truncate),
    rename: fail('rename', systemFiles.rename),
  };
}

/** A segment with one request that was accepted, and one behind it that was refused and is in its file. */
function refusedInFile(t: TestContext): { bench: Bench; failing: Failing; segment: SealedSegment } {
  const failing: Failing = new Set();
  const bench = createBench(t, TWO_PARTITIONS, failingFiles(failing));
  assert.equal(bench.send(SAMPLE.body)[0]!.ok, true);
  failing.add('syncData').add('truncate');
  assert.equal(bench.send(SAMPLE.body)[0]!.ok, false);
  const segment = bench.sealed[0]!;
  assert.equal(segment.needsCopy, true);
  assert.ok(onDisk(segment).journalBytes > segment.journalBytes, 'the refused request is in the file');
  return { bench, failing, segment };
}

const TWO_PARTITIONS =
  '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 2\n[operations]\nparallelism = 1';

/** A store that takes so many objects and is then away. */
function takesOnly(store: ObjectStore, objects: number): ObjectStore {
  let left = objects;
  return {
    ...store,
    async write(...args) {
      if (left-- <= 0) throw Object.assign(new Error('ECONNRESET'), { code: 'ECONNRESET' });
      return store.write(...args);
    },
  };
}

/** What a restart finds: the file, and nothing that was in memory. */
const afterCrash = onDisk;
/** What a further try in the same run has: the segment without its batches. */
const tryAgain = (segment: SealedSegment): SealedSegment => ({ ...segment, batches: undefined });

test('the refused request is cut off before anything is stored, and again in every further try', async (t) => {
  const { bench, failing, segment } = refusedInFile(t);
  failing.clear();
  await assert.rejects(commitSegment(segment, { ...bench.deps, store: takesOnly(bench.deps.store, 1) }));
  await bench.commit(tryAgain(segment));
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
});

test('a crash after the cut finds the segment as it was acknowledged, with objects of the try before', async (t) => {
  const { bench, failing, segment } = refusedInFile(t);
  failing.clear();
  await assert.rejects(commitSegment(segment, { ...bench.deps, store: takesOnly(bench.deps.store, 1) }));
  const { quarantined } = await bench.commit(afterCrash(segment));
  assert.equal(quarantined, undefined);
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
});

test('a crash between copy and rename leaves a copy that no replay takes for a segment, and the commit removes', async (t) => {
  const { bench, failing, segment } = refusedInFile(t);
  failing.clear();
  failing.add('rename');
  await assert.rejects(bench.commit(tryAgain(segment)), /rename/);
  failing.clear();
  assert.ok(existsSync(`${segment.path}.copy`));
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), [segment.path]);
  // Nothing was stored before the cut: the refused request may come in, whole, as one whose answer was lost.
  await bench.commit(afterCrash(segment));
  assert.equal(await bench.rowsInLake(), 2 * SAMPLE.items);
  assert.deepEqual(readdirSync(join(bench.journalPath, 'segments')), []);
});

test('a crash in a commit that could not be cut, with an object stored: the replay leaves out what was refused', async (t) => {
  const { bench, failing, segment } = refusedInFile(t);
  const { store } = bench.deps;
  // The disk still fails, so the rows go to the lake from memory; the store goes away after the first object.
  await assert.rejects(commitSegment(segment, { ...bench.deps, store: takesOnly(store, 1) }));
  const [object] = await Array.fromAsync(store.list('traces/'));
  await assert.rejects(bench.commit(afterCrash(segment)), /EIO/); // still failing: it waits
  failing.clear();
  await bench.commit(afterCrash(segment));
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
  assert.equal((await store.head(object!.key)).etag, object!.etag);
  assert.deepEqual(await Array.fromAsync(store.list('_lake/cuts/')), []);
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
});

test('rows of a disk that fails for good are in the lake all the same', async (t) => {
  const { bench, failing, segment } = refusedInFile(t);
  await bench.commit(segment);
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
  failing.clear();
  // A restart that finds the file again finds the commit, too.
  await bench.commit(afterCrash(segment));
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
  assert.deepEqual(await Array.fromAsync(bench.deps.store.list('_lake/cuts/')), []);
});

test('while neither the disk lets the segment be cut nor the store notes it, nothing is stored', async (t) => {
  const { bench, segment } = refusedInFile(t);
  const away: ObjectStore = {
    ...bench.deps.store,
    put: () => Promise.reject(Object.assign(new Error('ECONNRESET'), { code: 'ECONNRESET' })),
  };
  await assert.rejects(commitSegment(segment, { ...bench.deps, store: away }));
  assert.deepEqual(await Array.fromAsync(bench.deps.store.list('')), []);
});

/** Files whose syncs fail while `failing`, and the files (by inode) that were synced at all. */
function watchedSyncs(): { files: Files; synced: number[]; failing: boolean } {
  const watched = {
    synced: [] as number[],
    failing: false,
    files: {
      ...systemFiles,
      syncData(fd: number) {
        watched.synced.push(fstatSync(fd).ino);
        if (watched.failing) throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
        systemFiles.syncData(fd);
      },
    },
  };
  return watched;
}

for (const [what, isMended] of [
  ['is copied in the same try where the disk takes new files', true],
  ['is copied by the next try, of another thread or process', false],
] as const) {
  test(`a segment whose sync failed before its replay is not synced again: it ${what}`, async (t) => {
    const disk = watchedSyncs();
    const bench = createBench(t, '', disk.files);
    bench.send(SAMPLE.body);
    bench.lane.seal('request');
    const segment = onDisk(bench.sealed[0]!);
    const { ino } = statSync(segment.path);
    disk.synced.length = 0;
    let fails = 0;
    const files: Files = {
      ...disk.files,
      syncData(fd) {
        disk.failing = isMended ? fails++ === 0 : true;
        disk.files.syncData(fd);
      },
    };
    const first = commitSegment(segment, { ...bench.deps, files });
    await (isMended ? first : assert.rejects(first, /EIO/));
    disk.failing = false;
    await bench.commit(onDisk(segment));
    assert.equal(disk.synced.filter((one) => one === ino).length, 1);
    assert.ok(disk.synced.length > 1, 'its copy was synced');
    assert.equal(await bench.rowsInLake(), SAMPLE.items);
    assert.deepEqual(readdirSync(join(bench.journalPath, 'segments')), []);
  });
}

test('with sync "interval" a segment whose sync failed is copied before anything is stored', async (t) => {
  const disk = watchedSyncs();
  const bench = createBench(t, 'sync = "interval"', disk.files);
  assert.ok(bench.send(SAMPLE.body)[0]!.ok);
  disk.failing = true;
  bench.lane.tick();
  disk.failing = false;
  const segment = bench.sealed[0]!;
  const { ino } = statSync(segment.path);
  await assert.rejects(commitSegment(segment, { ...bench.deps, store: takesOnly(bench.deps.store, 0) }));
  assert.notEqual(statSync(segment.path).ino, ino);
  assert.equal(disk.synced.filter((one) => one === ino).length, 1);
  await bench.commit(tryAgain(segment));
  assert.equal(await bench.rowsInLake(), SAMPLE.items);
});
