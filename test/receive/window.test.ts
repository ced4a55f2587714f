/** The window of accepted times: what is outside of it is refused alone, and a replay refuses the same. */
import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { createRecordDecoder } from '../../src/ingest/replay.ts';
import type { Layout } from '../../src/model/layout.ts';
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { startBridge } from '../support/daemon.ts';
import { callGrpc, exportPath, type Item, namesOf, post, readAnswer, requestBody } from '../support/requests.ts';
import { tempFolder } from '../support/temp.ts';

const WINDOW = '[limits]\nmax_past_seconds = 3600\nmax_future_seconds = 60';
const SECOND = 1000;

/** Items of any signal at times relative to `nowMs`; the time's field is that of each signal. */
function items(nowMs: number, offsets: Readonly<Record<string, number>>): Item[] {
  return Object.entries(offsets).map(([name, offsetMs]) => {
    const time = `${nowMs + offsetMs}000000`;
    return { name, changes: { timeUnixNano: time, startTimeUnixNano: time } };
  });
}

const OFFSETS = {
  ancient: -1e12,
  old: -3700 * SECOND,
  recent: -3500 * SECOND,
  now: 0,
  soon: 30 * SECOND,
  ahead: 120 * SECOND,
};
const TAKEN = ['now', 'recent', 'soon'];

for (const signal of SIGNAL_LIST) {
  test(`${signal.name} with a time outside of the window are refused alone, with count and message, on both transports, protobuf and JSON`, async (t) => {
    const bridge = await startBridge(t, WINDOW);
    for (const transport of ['http', 'json', 'grpc']) {
      const type = transport === 'json' ? 'json' : 'protobuf';
      const body = requestBody(signal, type, transport, items(Date.now(), OFFSETS));
      const answer =
        transport === 'grpc'
          ? (await callGrpc(bridge.grpc, exportPath(signal), body)).body
          : new Uint8Array(await (await post(bridge.otlp, signal, type, body)).arrayBuffer());
      const { rejected, message } = readAnswer(signal, type, answer);
      assert.equal(rejected, 3);
      assert.match(message!, /refused: its time \S+Z is before \S+Z, the bound of limits\.max_past_seconds/);
      assert.deepEqual(await namesOf(bridge.api, signal, transport), TAKEN);
    }
    await bridge.flush();
    assert.deepEqual(await namesOf(bridge.api, signal, 'http'), TAKEN);
  });

  test(`a replay judges ${signal.name} by the time they were received, however late it is`, () => {
    const receivedMs = Date.parse('2020-01-01');
    const limits = { maxAttributeCount: 10, maxNesting: 5, maxPastSeconds: 3600, maxFutureSeconds: 60 };
    const promote = { traces: [], logs: [], metrics: [] };
    const layout: Layout = { schemaVersion: 1, partitioning: [], promote, sortBy: [], limits };
    const body = requestBody(signal, 'protobuf', 'late', items(receivedMs, OFFSETS));
    const record = {
      signal: signal.name,
      contentType: 'protobuf',
      contentEncoding: 'identity',
      maxBytes: 1e6,
    } as const;
    const decoder = createRecordDecoder(layout);
    decoder.decode({ ...record, receivedMs, body });
    assert.deepEqual(decoder.finish().counts, {
      [signal.name]: { received: 6, rejected: 3, rejectedBy: { time: 3 }, journalled: 3 },
    });
  });
}

test('rows without a time, and any time without a window, are taken', async (t) => {
  const windowed = await startBridge(t, WINDOW);
  const open = await startBridge(t);
  for (const signal of SIGNAL_LIST) {
    const timeless = { name: 'timeless', changes: { timeUnixNano: '0', startTimeUnixNano: '0' } };
    assert.equal(
      await (await post(windowed.otlp, signal, 'json', requestBody(signal, 'json', 'w', [timeless]))).text(),
      '{}',
    );
    const body = requestBody(signal, 'json', 'o', items(Date.now(), { first: -1.7e12, last: 1e13 }));
    assert.equal(await (await post(open.otlp, signal, 'json', body)).text(), '{}');
    assert.deepEqual(await namesOf(open.api, signal, 'o'), ['first', 'last']);
  }
});

test('a journal left by a bridge with a window is committed under that window, whatever the next configuration says', async (t) => {
  const first = await startBridge(t, WINDOW);
  const [signal] = SIGNAL_LIST as readonly [(typeof SIGNAL_LIST)[0]];
  await post(first.otlp, signal, 'protobuf', requestBody(signal, 'protobuf', 'left', items(Date.now(), OFFSETS)));
  const folder = tempFolder(t);
  cpSync(join(first.folder, 'journal', 'segments'), join(folder, 'segments'), { recursive: true });
  const second = await startBridge(t, `[journal]\npath = "${folder}"`);
  await second.flush();
  assert.deepEqual(await namesOf(second.api, signal, 'left'), TAKEN);
});
