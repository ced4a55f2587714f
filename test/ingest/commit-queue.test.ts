import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BridgeError, type ErrorCode, errorToData } from '../../src/errors.ts';
import { type CommitFailure, type CommitQueue, createCommitQueue } from '../../src/ingest/commit-queue.ts';
import type { FromEncoder, SealedSegment, StoredObjects, ToEncoder } from '../../src/ingest/messages.ts';
import type { ThreadPort } from '../../src/ingest/threads.ts';

/** The other end of an encoder's port, played by the test. */
interface Played {
  readonly taken: ToEncoder[];
  commit(keptBytes?: number): void;
  /** Whether it has a segment in hand. */
  isBusy(): boolean;
  fail(code?: ErrorCode, stored?: StoredObjects): void;
  die(): void;
}

interface Play {
  readonly queue: CommitQueue;
  readonly threads: Played[];
  readonly failures: CommitFailure[];
  readonly recoveries: number[];
}

function play(encoders = 1, maxMemoryBytes = 1000, isShort = () => false): Play {
  const threads: Played[] = [];
  const failures: CommitFailure[] = [];
  const recoveries: number[] = [];
  const queue = createCommitQueue({
    encoders,
    maxMemoryBytes,
    replayBytes: 50,
    maxEncoderBytes: 1000,
    isShort,
    transferables: () => [],
    onCommitted() {},
    onEncoderDown() {},
    onFailed: (failure) => void failures.push(failure),
    onRecovered: (awayMs) => void recoveries.push(awayMs),
    startThread(): ThreadPort<ToEncoder, FromEncoder> {
      let answer: (message: FromEncoder) => void = () => {};
      let exit: (error: Error | undefined) => void = () => {};
      const taken: ToEncoder[] = [];
      const last = () => taken.at(-1)!;
      let answered = -1;
      threads.push({
        taken,
        commit(keptBytes = 0) {
          const { id, segment } = last();
          answered = id;
          answer({
            type: 'committed',
            keptBytes,
            id,
            result: { commitId: segment.commitId, record: undefined, quarantined: undefined },
          });
        },
        isBusy: () => taken.length > 0 && last().id !== answered,
        fail(code = 'unavailable', stored = new Map()) {
          const { id, segment } = last();
          answered = id;
          answer({
            type: 'failed',
            id,
            error: errorToData(new BridgeError(code, `${segment.commitId} failed`)),
            stored,
            ends: false,
          });
        },
        die: () => exit(new Error('out of memory')),
      });
      return {
        post: (message) => void taken.push(message),
        onMessage: (handler) => {
          answer = handler;
        },
        onExit: (handler) => {
          exit = handler;
        },
        terminate: async () => {},
      };
    },
  });
  return { queue, threads, failures, recoveries };
}

function segment(commitId: string, memoryBytes = 100): SealedSegment {
  return { commitId, path: commitId, batches: [], counts: {}, memoryBytes, journalBytes: 10 };
}

test('segments are given to encoders oldest first, one each', async () => {
  const { queue, threads } = play(2);
  for (const id of ['a', 'b', 'c']) queue.add(segment(id));
  assert.deepEqual(
    threads.map(({ taken }) => taken.map((message) => message.segment.commitId)),
    [['a'], ['b']],
  );
  threads[1]!.commit();
  assert.deepEqual(
    threads[1]!.taken.map((message) => message.segment.commitId),
    ['b', 'c'],
  );
  assert.deepEqual(queue.waiting, ['a', 'c']);
  await queue.stop();
});

test('where memory is short, one encoder works at a time', () => {
  let isShort = true;
  const { queue, threads } = play(2, 1000, () => isShort);
  for (const id of ['a', 'b', 'c', 'd']) queue.add(segment(id));
  const busy = () => threads.filter((thread) => thread.isBusy()).length;
  assert.equal(busy(), 1);
  threads[0]!.commit();
  assert.equal(busy(), 1);
  isShort = false;
  threads.find((thread) => thread.isBusy())!.commit();
  assert.equal(busy(), 2);
});

test('batches that find no room in memory are let go; their segment is read again', async () => {
  const { queue, threads } = play(1, 250);
  for (const id of ['a', 'b', 'c']) queue.add(segment(id));
  assert.equal(queue.memoryBytes, 200);
  threads[0]!.commit();
  threads[0]!.commit();
  assert.deepEqual(
    threads[0]!.taken.map((message) => message.segment.batches !== undefined),
    [true, true, false],
  );
  await queue.stop();
});

test('a failed commit is tried again from its segment, drain says why, and a later success clears the failure', async () => {
  const { queue, threads, failures } = play();
  queue.add(segment('a'));
  const drained = queue.drain([]);
  threads[0]!.fail();
  await assert.rejects(drained, /a failed/);
  assert.equal(queue.failures[0]!.message, 'a failed');
  assert.equal(queue.memoryBytes, 0);
  const [{ retryInMs }] = failures as [CommitFailure];
  assert.ok(retryInMs >= 500 && retryInMs <= 1000);
  const again = queue.drain(['a']);
  assert.equal(threads[0]!.taken.length, 2, 'drain does not wait for the timer');
  assert.equal(threads[0]!.taken[1]!.segment.batches, undefined);
  threads[0]!.commit();
  assert.deepEqual(
    (await again).map(({ commitId }) => commitId),
    ['a'],
  );
  assert.deepEqual(queue.failures, []);
  await queue.stop();
});

test('the segment of an encoder that dies is tried again by a new one', async () => {
  const { queue, threads } = play();
  queue.add(segment('a'));
  threads[0]!.die();
  assert.match(queue.troubles.join(), /encoder 1 ended once and is started again: out of memory/);
  await setImmediate();
  assert.equal(threads.length, 2);
  assert.deepEqual(queue.troubles, []);
  const drained = queue.drain([]);
  assert.equal(threads[1]!.taken[0]!.segment.commitId, 'a');
  threads[1]!.commit();
  assert.equal((await drained).length, 1);
  await queue.stop();
});

test('drain names a commit that was done just before it was asked for', async () => {
  const { queue, threads } = play();
  queue.add(segment('a'));
  threads[0]!.commit();
  assert.deepEqual(
    (await queue.drain(['a'])).map(({ commitId }) => commitId),
    ['a'],
  );
  await queue.stop();
});

const HOUR_MS = 3_600_000;

test('six hours without a store: one try a minute, one line in the log, nothing in memory, and all of it recovers', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { queue, threads, failures, recoveries } = play(2, 1000);
  const failAll = () => {
    for (const thread of threads) if (thread.isBusy()) thread.fail();
  };
  for (let i = 0; i < 500; i++) {
    queue.add(segment(`s${i}`));
    failAll();
  }
  for (let ms = 0; ms < 6 * HOUR_MS; ms += 1000) {
    t.mock.timers.tick(1000);
    failAll();
  }
  assert.ok(failures.length > 360 && failures.length < 730, `${failures.length} tries`);
  assert.equal(failures.filter(({ isNews }) => isNews).length, 1);
  assert.equal(queue.memoryBytes <= 1000, true);
  assert.equal(queue.waiting.length, 500);
  assert.equal(queue.isStoreAway, true);
  assert.ok(new Set(failures.map(({ commitId }) => commitId)).size > 300, 'each time another one');

  for (let ms = 0; ms < 2 * 60_000 && queue.waiting.length > 0; ms += 1000) {
    t.mock.timers.tick(1000);
    for (let busy = true; busy; ) {
      busy = false;
      for (const thread of threads) {
        if (!thread.isBusy()) continue;
        busy = true;
        thread.commit();
      }
    }
  }
  assert.deepEqual(queue.waiting, []);
  assert.deepEqual(queue.failures, []);
  assert.equal(recoveries.length, 1);
  await queue.stop();
});

test('while the store is away only one segment is tried at a time', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { queue, threads } = play(3);
  for (const id of ['a', 'b', 'c', 'd', 'e', 'f']) queue.add(segment(id));
  for (const thread of threads) thread.fail();
  t.mock.timers.tick(1000);
  assert.equal(threads.filter((thread) => thread.isBusy()).length, 1);
  threads.find((thread) => thread.isBusy())!.commit();
  assert.equal(threads.filter((thread) => thread.isBusy()).length, 3);
  await queue.stop();
});

test('a segment that cannot be stored is reported once, and stops no other', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { queue, threads, failures } = play();
  queue.add(segment('blocked'));
  queue.add(segment('b'));
  threads[0]!.fail('already_exists');
  threads[0]!.commit();
  assert.deepEqual(queue.waiting, ['blocked']);
  assert.equal(queue.isStoreAway, false);
  assert.deepEqual(
    queue.failures.map(({ code }) => code),
    ['already_exists'],
  );
  for (let i = 0; i < 5; i++) {
    t.mock.timers.tick(60_000);
    threads[0]!.fail('already_exists');
  }
  assert.deepEqual(
    failures.map(({ isNews }) => isNews),
    [true, false, false, false, false, false],
  );
  queue.add(segment('c'));
  assert.equal(threads[0]!.taken.at(-1)!.segment.commitId, 'c');
  await queue.stop();
});

test('one that always fails as if the store were away does not keep the others from being tried', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { queue, threads } = play();
  queue.add(segment('endless'));
  for (let i = 0; i < 10; i++) queue.add(segment(`s${i}`));
  for (let ms = 0; ms < 60_000; ms += 500) {
    const thread = threads[0]!;
    while (thread.isBusy()) {
      if (thread.taken.at(-1)!.segment.commitId === 'endless') thread.fail();
      else thread.commit();
    }
    t.mock.timers.tick(500);
  }
  assert.deepEqual(queue.waiting, ['endless']);
  await queue.stop();
});

test('what a failed try has stored is given to the next one', async () => {
  const { queue, threads } = play();
  queue.add(segment('a'));
  const stored: StoredObjects = new Map([['traces/x', { object: {} as never, storedMs: 1 }]]);
  threads[0]!.fail('unavailable', stored);
  const drained = queue.drain([]);
  assert.equal(threads[0]!.taken[1]!.stored, stored);
  threads[0]!.commit();
  await drained;
  await queue.stop();
});

test('tries that get on wait no longer each time, and hold no other segment back', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const { queue, threads, failures } = play();
  queue.add(segment('a'));
  const stored: StoredObjects = new Map();
  for (let i = 0; i < 20; i++) {
    threads[0]!.fail('unavailable', new Map(stored.set(`traces/${i}`, { object: {} as never, storedMs: 1 })));
    assert.equal(queue.isStoreAway, false);
    t.mock.timers.tick(1000);
    assert.ok(threads[0]!.isBusy());
  }
  assert.ok(failures.every(({ retryInMs }) => retryInMs <= 1000));
  await queue.stop();
});

test('an encoder that keeps too much memory is started anew after its commit, and the next segment goes to the new one', async () => {
  const { queue, threads } = play();
  for (const id of ['a', 'b', 'c']) queue.add(segment(id));
  threads[0]!.commit(1000);
  assert.equal(threads.length, 1);
  threads[0]!.commit(1001);
  assert.equal(threads.length, 2);
  assert.deepEqual(
    threads.map(({ taken }) => taken.map((message) => message.segment.commitId)),
    [['a', 'b'], ['c']],
  );
  threads[1]!.commit();
  assert.deepEqual(queue.waiting, []);
  await queue.stop();
});
