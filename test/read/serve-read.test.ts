import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { MessageChannel } from 'node:worker_threads';
import { TRACES } from '../../src/model/traces.ts';
import { type ReadParameters, readRequest } from '../../src/read/request.ts';
import { readThroughPort, serveRead } from '../../src/read/serve-read.ts';
import type { ReadDeps } from '../../src/read/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { readDeps, span, toParquet } from './rows.ts';

async function depsWith(rows: number): Promise<ReadDeps> {
  const store = createMemoryStore();
  const spans = Array.from({ length: rows }, (_, i) => span(i));
  await store.put('traces/a.parquet', toParquet(spans, TRACES, 1000));
  return readDeps(store);
}

function open(deps: ReadDeps, parameters: ReadParameters, signal?: AbortSignal) {
  const { port1, port2 } = new MessageChannel();
  const served = serveRead(port2, deps);
  return { served, read: readThroughPort(port1, readRequest('traces', parameters), signal), port1, port2 };
}

async function textOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all).toString();
}

test('a read through a port gives the same bytes, then its counts', async () => {
  const { served, read } = open(await depsWith(3000), { filter: 'duration_nano < 2500000' });
  const before = read.stats;
  const lines = (await textOf(read)).trimEnd().split('\n');
  assert.equal(lines.length, 2500);
  assert.equal(JSON.parse(lines[2499]!).trace_id, (2499).toString(16).padStart(32, '0'));
  assert.deepEqual([before?.rows, read.stats?.rows], [undefined, 2500]);
  await served;
});

test('the server waits where its reader does not take the chunks', async () => {
  const deps = await depsWith(6000);
  let fetched = 0;
  const store: ReadDeps['store'] = {
    ...deps.store,
    get(key, options) {
      fetched++;
      return deps.store.get(key, options);
    },
  };
  const { served, read } = open({ ...deps, store, parallelism: 1 }, {});
  const chunks = read[Symbol.asyncIterator]();
  await chunks.next();
  await sleep(300);
  const whilePaused = fetched;
  let more = 0;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) more++;
  assert.ok(more > 8, `${more} chunks came after the first`);
  assert.ok(whilePaused < fetched, `${whilePaused} of ${fetched} reads were done while the reader paused`);
  await served;
});

test('an error on the server reaches the reader with code, message and hint', async () => {
  const { served, read } = open(await depsWith(1), { filter: 'nmae = 1' });
  await assert.rejects(textOf(read), {
    name: 'BridgeError',
    code: 'invalid_argument',
    message: /traces has no column nmae/,
    hint: /Did you mean name/,
  });
  await served;
});

test('leaving the loop cancels the read on the server', async () => {
  const { served, read } = open(await depsWith(6000), {});
  for await (const _ of read) break;
  await served;
  assert.equal(read.stats, undefined);
});

test('an aborted signal cancels the read on the server and ends the loop with its reason', async () => {
  const abort = new AbortController();
  const { served, read } = open(await depsWith(6000), {}, abort.signal);
  const reading = (async () => {
    for await (const _ of read) abort.abort(new Error('enough'));
  })();
  await assert.rejects(reading, /enough/);
  await served;
});

test('a server that goes away ends the loop with an error that may pass', async () => {
  const { port1, port2 } = new MessageChannel();
  const read = readThroughPort(port1, readRequest('traces', {}));
  const reading = textOf(read);
  port2.close();
  await assert.rejects(reading, { code: 'unavailable', retryable: true });
});

test('a port that is closed before its read was asked for ends the server', async () => {
  const { port1, port2 } = new MessageChannel();
  const served = serveRead(port2, await depsWith(1));
  port1.close();
  await served;
});
