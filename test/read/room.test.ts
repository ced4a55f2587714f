import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { createHolds, createRoom, type Hold } from '../../src/read/room.ts';

const NEVER = new AbortController().signal;

/** Memory that holds settled bytes only, as the resident memory does. */
function memory() {
  let bytes = 0;
  return {
    resident: () => bytes,
    add(more: number) {
      bytes += more;
    },
  };
}

async function isLetIn(entering: Promise<Hold>): Promise<boolean> {
  return Promise.race([entering.then(() => true), nextTurn(false)]);
}

test('what fits is let in at once, what does not waits until room is given back', async () => {
  const room = createRoom(100, { resident: () => 0 });
  const first = await room.enter(60, NEVER);
  const second = room.enter(60, NEVER);
  assert.equal(await isLetIn(second), false);
  first.release();
  assert.equal(await isLetIn(second), true);
});

test('one is always let in, however much it asks for and however full memory is', async () => {
  const room = createRoom(100, { resident: () => 1000 });
  const first = await room.enter(5000, NEVER);
  const second = room.enter(1, NEVER);
  assert.equal(await isLetIn(second), false);
  first.release();
  (await second).release();
});

test('what is settled counts through the resident memory alone', async () => {
  const { resident, add } = memory();
  const room = createRoom(100, { resident });
  const first = await room.enter(60, NEVER);
  add(30);
  first.settle();
  assert.equal(await isLetIn(room.enter(60, NEVER)), true);
});

test('room that the rest of the process gives back is seen', async () => {
  const { resident, add } = memory();
  add(90);
  const room = createRoom(100, { resident });
  await room.enter(5, NEVER);
  const second = room.enter(50, NEVER);
  assert.equal(await isLetIn(second), false);
  add(-80);
  await second;
});

test('who waits too long is told to come again', async () => {
  const room = createRoom(100, { resident: () => 1000, maxWaitMs: 20 });
  await room.enter(1, NEVER);
  await assert.rejects(room.enter(1, NEVER), { code: 'overloaded', retryable: true });
});

test('who is cancelled while waiting gives its place to the next', async () => {
  const room = createRoom(100, { resident: () => 0 });
  await room.enter(60, NEVER);
  const cancel = new AbortController();
  const large = room.enter(80, cancel.signal);
  const small = room.enter(30, NEVER);
  assert.equal(await isLetIn(small), false);
  cancel.abort(new Error('gone'));
  await assert.rejects(large, /gone/);
  assert.equal(await isLetIn(small), true);
});

test('a scan that ends gives back what it holds and waits no longer', async () => {
  const room = createRoom(100, { resident: () => 0 });
  const holds = createHolds(room, NEVER);
  await holds.enter(60);
  const waiting = holds.enter(60);
  holds.releaseAll();
  await assert.rejects(waiting, { code: 'cancelled' });
  assert.equal(await isLetIn(room.enter(100, NEVER)), true);
});

test('holds never pass the limit together but for one, and everybody is let in in the end', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 150 }), { minLength: 1, maxLength: 20 }), async (sizes) => {
      const room = createRoom(100, { resident: () => 0 });
      let held = 0;
      let holders = 0;
      let worst = 0;
      const work = sizes.map(async (bytes) => {
        const hold = await room.enter(bytes, NEVER);
        held += bytes;
        holders++;
        worst = Math.max(worst, holders > 1 ? held : 0);
        await nextTurn();
        held -= bytes;
        holders--;
        hold.release();
      });
      await Promise.race([Promise.all(work), sleep(5000).then(() => assert.fail('somebody waits for ever'))]);
      assert.ok(worst <= 100, `${worst} bytes were held`);
    }),
    { numRuns: 50 },
  );
});
