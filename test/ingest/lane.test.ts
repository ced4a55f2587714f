import assert from 'node:assert/strict';
import { readdirSync, rmSync, statSync, symlinkSync } from 'node:fs';
import { test } from 'node:test';
import { listSegments, segmentsFolder } from '../../src/journal/journal.ts';
import { checkLock, lockJournal } from '../../src/journal/lock.ts';
import { openSegment } from '../../src/journal/segment-reader.ts';
import { systemFiles } from '../../src/platform/files.ts';
import { tempFolder } from '../support/temp.ts';
import { createBench, SAMPLE } from './support.ts';

test('a group is answered in order, and only whole requests are in the journal', (t) => {
  const bench = createBench(t);
  const answers = bench.send(SAMPLE.body, SAMPLE.body.slice(0, 50), new Uint8Array(0), SAMPLE.body);
  assert.deepEqual(
    answers.map((answer) => (answer.ok ? answer.outcome.accepted : answer.error.code)),
    [SAMPLE.items, 'invalid_argument', 0, SAMPLE.items],
  );
  const [path] = listSegments(systemFiles, bench.journalPath);
  const reader = openSegment(systemFiles, path!)!;
  assert.deepEqual(
    [...reader.records()].map(({ body }) => body.length),
    [SAMPLE.body.length, SAMPLE.body.length],
  );
  reader.close();
});

test('nothing is opened for requests without rows', (t) => {
  const bench = createBench(t);
  bench.send(new Uint8Array(0));
  assert.deepEqual(listSegments(systemFiles, bench.journalPath), []);
  assert.equal(bench.lane.seal('request'), undefined);
});

for (const [reason, toml, sends] of [
  ['rows', `[flush]\nmax_rows = ${SAMPLE.items * 2}`, 2],
  ['bytes', `[flush]\nmax_bytes = ${SAMPLE.body.length * 3}`, 3],
] as const) {
  test(`a segment is sealed by ${reason}`, (t) => {
    const bench = createBench(t, toml);
    for (let i = 1; i < sends; i++) bench.send(SAMPLE.body);
    assert.equal(bench.sealed.length, 0);
    bench.send(SAMPLE.body);
    assert.equal(bench.sealed.length, 1);
    assert.deepEqual(bench.sealed[0]!.counts.traces, {
      received: SAMPLE.items * sends,
      rejected: 0,
      rejectedBy: {},
      journalled: SAMPLE.items * sends,
    });
  });
}

test('a segment is sealed by age', (t) => {
  const bench = createBench(t, '[flush]\nmax_age_seconds = 60');
  bench.send(SAMPLE.body);
  bench.clock.now += 59_000;
  bench.lane.tick();
  assert.equal(bench.sealed.length, 0);
  bench.clock.now += 1000;
  bench.lane.tick();
  assert.equal(bench.sealed.length, 1);
});

test('commit ids stay in order when the clock steps back', (t) => {
  const bench = createBench(t);
  for (const step of [0, -86_400_000, 5]) {
    bench.clock.now += step;
    bench.send(SAMPLE.body);
    bench.lane.seal('request');
  }
  const ids = bench.sealed.map(({ commitId }) => commitId);
  assert.deepEqual([...ids].sort(), ids);
  assert.equal(new Set(ids).size, 3);
});

test('when the disk fails, the group is refused as unavailable and what was durable before is sealed', (t) => {
  const disk = { failing: false };
  const files = {
    ...systemFiles,
    syncData(fd: number) {
      if (disk.failing) throw new Error('EIO: i/o error, fdatasync');
      systemFiles.syncData(fd);
    },
  };
  const bench = createBench(t, '', files);
  bench.send(SAMPLE.body);
  disk.failing = true;
  const [answer] = bench.send(SAMPLE.body);
  assert.ok(answer && !answer.ok);
  assert.equal(answer.error.code, 'unavailable');
  assert.equal(answer.error.retryable, true);
  assert.equal(answer.error.retryAfterMs, 5000);
  assert.match(answer.error.message, /EIO/);
  assert.equal(bench.sealed.length, 1);
  assert.equal(bench.sealed[0]!.batches![0]!.rows, SAMPLE.items);
  disk.failing = false;
  assert.ok(bench.send(SAMPLE.body)[0]!.ok, 'a new segment is opened when the disk is back');
  assert.equal(listSegments(systemFiles, bench.journalPath).length, 2);
});

test('a journal that failed is tried again by itself, and says why for as long as it fails', (t) => {
  const disk = { full: false };
  const files = {
    ...systemFiles,
    append(fd: number, buffers: readonly Uint8Array[]) {
      if (disk.full) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
      systemFiles.append(fd, buffers);
    },
  };
  const bench = createBench(t, '', files);
  disk.full = true;
  assert.ok(!bench.send(SAMPLE.body)[0]!.ok);
  assert.ok(!bench.send(SAMPLE.body)[0]!.ok);
  bench.lane.tick();
  assert.match(bench.lane.journalFailure!, /ENOSPC/);
  assert.deepEqual(
    readdirSync(segmentsFolder(bench.journalPath)),
    [],
    'nothing is left of segments that were not begun',
  );
  disk.full = false;
  bench.lane.tick();
  assert.equal(bench.lane.journalFailure, undefined);
  assert.ok(bench.send(SAMPLE.body)[0]!.ok);
  assert.equal(bench.sealed.length, 0);
});

test('with sync "interval" a seal syncs what it hands on', (t) => {
  let syncs = 0;
  const files = {
    ...systemFiles,
    syncData(fd: number) {
      syncs++;
      systemFiles.syncData(fd);
    },
  };
  const bench = createBench(t, 'sync = "interval"', files);
  bench.send(SAMPLE.body);
  assert.equal(syncs, 0);
  bench.lane.seal('request');
  assert.equal(syncs, 1);
});

for (const when of ['before the requests are written', 'between their write and their answer'] as const) {
  test(`a journal that another bridge takes over ${when} is answered with nothing`, async (t) => {
    const journal = tempFolder(t);
    const held = await lockJournal(journal);
    const takeOver = () => {
      rmSync(held.mark.path);
      symlinkSync('1-2-abcd-elsewhere', held.mark.path);
    };
    let syncs = 0;
    const files = {
      ...systemFiles,
      syncData(fd: number) {
        if (syncs++ > 0) takeOver();
        systemFiles.syncData(fd);
      },
    };
    const bench = createBench(t, `[flush]\nmax_rows = ${2 * SAMPLE.items}`, files, () => checkLock(held.mark));
    assert.ok(bench.send(SAMPLE.body)[0]!.ok);
    if (when === 'before the requests are written') takeOver();
    const [path] = listSegments(systemFiles, bench.journalPath);
    const before = statSync(path!).size;
    assert.throws(() => bench.send(SAMPLE.body), { code: 'conflict', message: /taken over by process 1/ });
    assert.equal(statSync(path!).size === before, when === 'before the requests are written');
  });
}
