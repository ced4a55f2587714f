import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { type SupervisedThread, supervise } from '../../src/ingest/supervise.ts';
import type { ThreadPort } from '../../src/ingest/threads.ts';

interface Watched {
  readonly thread: SupervisedThread<string>;
  readonly restarts: number[];
  starts: number;
  die(error?: Error): void;
  live(ms: number): void;
}

/** A thread played by the test, under a clock of its own; `failing` starts throw first. */
function watch(t: TestContext, failing = 0): Watched {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  let now = 0;
  let exit: (error: Error | undefined) => void = () => {};
  const restarts: number[] = [];
  const watched = { restarts, starts: 0 };
  const thread = supervise<string, string>({
    name: 'lane 1',
    start(): ThreadPort<string, string> {
      if (watched.starts++ < failing) throw new Error('no thread to be had');
      return {
        post() {},
        onMessage() {},
        onExit(handler) {
          exit = handler;
        },
        terminate: async () => exit(undefined),
      };
    },
    onMessage() {},
    onDown: (_error, restartInMs) => void restarts.push(restartInMs),
    onUp() {},
    clock: { nowMs: () => now, monotonicMs: () => now },
  });
  return Object.assign(watched, {
    thread,
    die: (error?: Error) => exit(error),
    live(ms: number) {
      now += ms;
      t.mock.timers.tick(ms);
    },
  });
}

test('a thread that ends is started again at once, then ever later while it goes on dying', (t) => {
  const watched = watch(t);
  for (let i = 0; i < 10; i++) {
    watched.die();
    assert.equal(watched.thread.isUp, false);
    watched.live(watched.restarts.at(-1)!);
    assert.equal(watched.thread.isUp, true);
  }
  assert.deepEqual(watched.restarts, [0, 250, 500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]);
  assert.equal(watched.starts, 11);
  watched.live(60_000);
  watched.die();
  assert.equal(watched.restarts.at(-1), 0, 'after a long life the row begins anew');
});

test('its trouble is told with the number of deaths and the last reason until it runs', (t) => {
  const watched = watch(t);
  assert.equal(watched.thread.trouble, undefined);
  watched.die();
  watched.live(0);
  watched.die(new Error('heap full'));
  assert.equal(watched.thread.trouble, 'lane 1 ended 2 times in a row and is started again: heap full');
  watched.live(250);
  assert.equal(watched.thread.trouble, undefined);
});

test('a start that throws is a death like any other', async (t) => {
  const watched = watch(t, 2);
  await Promise.resolve();
  assert.match(watched.thread.trouble!, /no thread to be had/);
  watched.live(0);
  await Promise.resolve();
  watched.live(250);
  assert.equal(watched.thread.isUp, true);
  assert.deepEqual(watched.restarts, [0, 250]);
});

test('after a stop nothing is started again', async (t) => {
  const watched = watch(t);
  await watched.thread.stop();
  watched.live(60_000);
  assert.equal(watched.starts, 1);
  assert.deepEqual(watched.restarts, []);
});
