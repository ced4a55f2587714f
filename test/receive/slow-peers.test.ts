/** Peers that take their time, or come in great numbers, against a bridge with little patience. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGrowingBody } from '../../src/receive/body.ts';
import { startBridge, type TestBridge } from '../support/daemon.ts';
import { callGrpc, exportPath, frame, post, requestBody, TRACES } from '../support/requests.ts';
import { randomBodies } from '../torture/memory-bodies.ts';
import { rapidReset, slowSenders, stoppedReaders } from '../torture/memory-sockets.ts';

const IMPATIENT = `[server]
header_timeout_seconds = 1
request_timeout_seconds = 1
response_timeout_seconds = 1`;

async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, what);
    await sleep(50);
  }
}

async function assertTakesRequests(bridge: TestBridge): Promise<void> {
  const body = requestBody(TRACES, 'protobuf', 'good', [{ name: 'one' }]);
  assert.equal((await post(bridge.otlp, TRACES, 'protobuf', body)).status, 200);
  assert.equal((await callGrpc(bridge.grpc, exportPath(TRACES), body)).code, 0);
}

async function metric(bridge: TestBridge, name: string): Promise<number> {
  const text = await (await fetch(`${bridge.api}/metrics`)).text();
  return Number(new RegExp(`^otel_lake_${name} (\\S+)$`, 'm').exec(text)![1]);
}

test('headers, bodies and gRPC messages that do not end are given up in time, and hold nothing any more', async (t) => {
  const bridge = await startBridge(t, IMPATIENT);
  const before = await metric(bridge, 'memory_bytes');
  const peers = slowSenders(100, bridge.otlp, bridge.grpc);
  t.after(() => peers.close());
  await until(async () => (await metric(bridge, 'memory_bytes')) > before, 'what they sent is in the budget');
  await assertTakesRequests(bridge);
  await until(() => peers.cut === peers.begun, 'all of them are cut off');
  await bridge.flush();
  assert.equal(await metric(bridge, 'memory_bytes'), 0);
});

test('a gRPC stream that never sends its message is answered UNAVAILABLE with a delay', async (t) => {
  const bridge = await startBridge(t, IMPATIENT);
  const half = frame(Buffer.alloc(1000)).subarray(0, 500);
  const answer = await callGrpc(bridge.grpc, exportPath(TRACES), Buffer.alloc(0), { raw: half, open: true });
  assert.equal(answer.code, 14, answer.message);
  assert.match(answer.message, /not whole within 1 s/);
  assert.equal(answer.hasRetryInfo, true);
});

test('a gRPC message in frames of one byte, and one of no bytes, are read whole', async (t) => {
  const bridge = await startBridge(t);
  const body = requestBody(TRACES, 'protobuf', 'bytes', [{ name: 'one' }]);
  for (const raw of [frame(body), frame(Buffer.alloc(0))]) {
    const answer = await callGrpc(bridge.grpc, exportPath(TRACES), raw, { raw, chunkBytes: 1 });
    assert.equal(answer.code, 0, answer.message);
  }
});

test('a reader that takes nothing of its answer is cut off, and its read ends', async (t) => {
  const bridge = await startBridge(t, IMPATIENT);
  const { bytes } = randomBodies(100, 100_000);
  const headers = { 'content-type': 'application/x-protobuf' };
  const sent = await fetch(`${bridge.otlp}/v1/logs`, { method: 'POST', body: new Uint8Array(bytes), headers });
  assert.equal(sent.status, 200);
  const readers = stoppedReaders(4, bridge.api, '/api/v1/tables/logs/rows');
  t.after(() => readers.close());
  const ended = async () => {
    const text = await (await fetch(`${bridge.api}/metrics`)).text();
    return /^otel_lake_reads_total\{.*code="error"\} 4$/m.test(text);
  };
  await until(ended, 'all four reads ended');
});

test('connections over the limit are closed at once, and others are taken when one has gone', async (t) => {
  const bridge = await startBridge(t, '[server]\nmax_connections = 3');
  for (const address of [new URL(bridge.otlp), new URL(`http://${bridge.grpc}`)]) {
    const open = () => connect(Number(address.port), address.hostname).on('error', () => {});
    const held = [open(), open(), open()];
    await Promise.all(held.map((socket) => once(socket, 'connect')));
    const [fourth] = [open().resume()];
    await once(fourth!, 'close');
    for (const socket of held) socket.destroy();
  }
  await until(
    () =>
      assertTakesRequests(bridge).then(
        () => true,
        () => false,
      ),
    'room for others',
  );
});

test('a connection that never begins to speak HTTP/2 is closed', async (t) => {
  const bridge = await startBridge(t, IMPATIENT);
  const { hostname, port } = new URL(`http://${bridge.grpc}`);
  const socket = connect(Number(port), hostname).resume();
  await once(socket, 'close');
});

test('streams that are opened and reset at once end their connection, and nobody else’s', async (t) => {
  const bridge = await startBridge(t);
  const opened = await rapidReset(bridge.grpc, 100_000, 10_000);
  assert.ok(opened < 1000, `${opened} streams were opened`);
  await assertTakesRequests(bridge);
});

test('a body is charged as its bytes come, not by what its sender says', () => {
  let charged = 0;
  const grow = (bytes: number) => {
    charged += bytes;
  };
  const body = createGrowingBody(4_000_000, 10_000_000, { grow });
  assert.equal(charged, 0);
  for (let i = 0; i < 400; i++) {
    body.add(Buffer.alloc(10_000, i));
    assert.ok(charged >= body.length && charged <= body.length + 64 * 1024);
  }
  const bytes = body.finish();
  assert.deepEqual([bytes.length, bytes.buffer.byteLength], [4_000_000, 4_000_000]);
  assert.ok(bytes.every((byte, i) => byte === Math.floor(i / 10_000) % 256));
});

test('a body that is refused before it is whole gets its answer, and its connection goes on', async (t) => {
  const bridge = await startBridge(t);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  t.after(() => agent.destroy());
  const body = Buffer.alloc(16 * 1024 * 1024);
  const send = () =>
    new Promise<number | undefined>((resolve, reject) => {
      const headers = { 'content-type': 'text/plain', 'content-length': body.length };
      const sent = request(`${bridge.otlp}/v1/logs`, { method: 'POST', headers, agent }, (response) => {
        response.resume().once('end', () => resolve(response.statusCode));
      });
      sent.once('error', reject);
      sent.end(body);
    });
  for (let i = 0; i < 5; i++) assert.equal(await send(), 415);
});
