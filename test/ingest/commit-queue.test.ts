import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { BridgeError, errorToData } from '../../src/errors.ts';
import { type CommitQueue, createCommitQueue } from '../../src/ingest/commit-queue.ts';
import type { FromEncoder, SealedSegment, ToEncoder } from '../../src/ingest/messages.ts';
import type { ThreadPort } from '../../src/ingest/threads.ts';

/** The other end of an encoder's port, played by the test. */
interface Played {
  readonly taken: ToEncoder[];
  commit(): void;
  fail(): void;
  die(): void;
}

function play(encoders = 1, maxMemoryBytes = 1000): { queue: CommitQueue; threads: Played[]; retries: number[] } {
  const threads: Played[] = [];
  const retries: number[] = [];
  const queue = createCommitQueue({
    encoders,
    maxMemoryBytes,
    transferables: () => [],
    onCommitted() {},
    onEncoderDown() {},
    onFailed: (_id, _error, retryInMs) => void retries.push(retryInMs),
    startThread(): ThreadPort<ToEncoder, FromEncoder> {
      let answer: (message: FromEncoder) => void = () => {};
      let exit: (error: Error | undefined) => void = () => {};
      const taken: ToEncoder[] = [];
      const last = () => taken.at(-1)!;
      threads.push({
        taken,
        commit() {
          const { id, segment } = last();
          answer({
            type: 'committed',
            id,
            result: { commitId: segment.commitId, record: undefined, quarantined: undefined },
          });
        },
        fail: () =>
          answer({
            type: 'failed',
            id: last().id,
            error: errorToData(new BridgeError('unavailable', 'away')),
            ends: false,
          }),
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
  return { queue, threads, retries };
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
  const { queue, threads, retries } = play();
  queue.add(segment('a'));
  const drained = queue.drain([]);
  threads[0]!.fail();
  await assert.rejects(drained, /away/);
  assert.equal(queue.failure!.message, 'away');
  assert.equal(queue.memoryBytes, 0);
  assert.ok(retries[0]! >= 500 && retries[0]! <= 1000);
  const again = queue.drain(['a']);
  assert.equal(threads[0]!.taken.length, 2, 'drain does not wait for the timer');
  assert.equal(threads[0]!.taken[1]!.segment.batches, undefined);
  threads[0]!.commit();
  assert.deepEqual(
    (await again).map(({ commitId }) => commitId),
    ['a'],
  );
  assert.equal(queue.failure, undefined);
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
