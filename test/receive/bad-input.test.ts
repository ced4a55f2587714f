import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { test } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { type ServiceError, status } from '@grpc/grpc-js';
import { decode } from '../../src/decode/protobuf-writer.ts';
import { startBridge, type TestBridge } from '../support/daemon.ts';
import { readSamples } from '../support/samples.ts';
import { CONTENT_TYPES, exportGrpc, exportHttp } from '../support/send.ts';

const sample = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 10)!;
const jsonSample = readSamples('traces').find(({ encoding }) => encoding === 'json')!;

interface StatusBody {
  readonly code: number;
  readonly message: string;
}

/** The answer's google.rpc.Status, in the encoding its Content-Type promises. */
async function statusOf(response: Response, type: keyof typeof CONTENT_TYPES): Promise<StatusBody> {
  assert.equal(response.headers.get('content-type'), CONTENT_TYPES[type]);
  const body = new Uint8Array(await response.arrayBuffer());
  return (
    type === 'json' ? JSON.parse(new TextDecoder().decode(body)) : decode('google.rpc.Status', body)
  ) as StatusBody;
}

async function assertNothingStored(bridge: TestBridge): Promise<void> {
  assert.deepEqual(await bridge.rows(), []);
  assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 200, 'the bridge goes on');
  assert.equal((await bridge.rows()).length, sample.items);
}

const cut = sample.body.slice(0, sample.body.length - 7);
const garbage = new Uint8Array(1000).fill(0xff);

interface BadRequest {
  readonly name: string;
  readonly body: Uint8Array<ArrayBuffer> | string;
  readonly type: keyof typeof CONTENT_TYPES;
  readonly headers?: Record<string, string>;
  readonly http: number;
  readonly grpc: number;
  readonly message: RegExp;
}

const BAD: readonly BadRequest[] = [
  { name: 'garbage protobuf', body: garbage, type: 'protobuf', http: 400, grpc: 3, message: /byte/ },
  { name: 'cut protobuf', body: cut, type: 'protobuf', http: 400, grpc: 3, message: /byte/ },
  { name: 'garbage JSON', body: '{"resourceSpans": [', type: 'json', http: 400, grpc: 3, message: /JSON/ },
  {
    name: 'JSON of the wrong shape',
    body: '{"resourceSpans": 7}',
    type: 'json',
    http: 400,
    grpc: 3,
    message: /resourceSpans/,
  },
  { name: 'JSON that is no object', body: '[]', type: 'json', http: 400, grpc: 3, message: /object/ },
  {
    name: 'corrupt gzip',
    body: new Uint8Array(gzipSync(sample.body)).map((byte, i) => (i > 50 && i < 90 ? byte ^ 0x55 : byte)),
    type: 'protobuf',
    headers: { 'content-encoding': 'gzip' },
    http: 400,
    grpc: 3,
    message: /gzip/,
  },
  {
    name: 'gzip that is none',
    body: garbage,
    type: 'json',
    headers: { 'content-encoding': 'gzip' },
    http: 400,
    grpc: 3,
    message: /gzip/,
  },
  {
    name: 'an unknown encoding',
    body: garbage,
    type: 'protobuf',
    headers: { 'content-encoding': 'br' },
    http: 415,
    grpc: 3,
    message: /"br"/,
  },
];

for (const { name, body, type, headers, http, grpc, message } of BAD) {
  test(`${name} over HTTP gets ${http} with a Status in ${type}, and leaves nothing behind`, async (t) => {
    const bridge = await startBridge(t);
    const response = await exportHttp(bridge.otlp, body, type, headers);
    assert.equal(response.status, http);
    const answer = await statusOf(response, type);
    assert.equal(answer.code, grpc);
    assert.match(answer.message, message);
    await assertNothingStored(bridge);
  });
}

test('a wrong path, method or content type over HTTP is answered 404, 405 and 415 with a Status', async (t) => {
  const bridge = await startBridge(t);
  const headers = { 'content-type': CONTENT_TYPES.protobuf };
  const path = await fetch(`${bridge.otlp}/v1/nothing`, { method: 'POST', body: 'x', headers });
  assert.equal(path.status, 404);
  assert.match((await statusOf(path, 'protobuf')).message, /\/v1\/traces/);
  const method = await fetch(`${bridge.otlp}/v1/traces`, { headers: { 'content-type': CONTENT_TYPES.json } });
  assert.equal(method.status, 405);
  assert.equal(method.headers.get('allow'), 'POST');
  assert.match((await statusOf(method, 'json')).message, /POST/);
  const type = await fetch(`${bridge.otlp}/v1/traces`, {
    method: 'POST',
    body: 'x',
    headers: { 'content-type': 'text/plain' },
  });
  assert.equal(type.status, 415);
  assert.match((await statusOf(type, 'json')).message, /text\/plain/);
  await assertNothingStored(bridge);
});

for (const [encoding, compress] of Object.entries({ gzip: gzipSync, zstd: zstdCompressSync, deflate: deflateSync })) {
  test(`a bomb in ${encoding} is refused as too large without being unpacked, and the memory stays small`, async (t) => {
    const bridge = await startBridge(t, '[limits]\nmemory_bytes = 268435456');
    const bomb = new Uint8Array(compress(Buffer.alloc(512 * 1024 * 1024)));
    const before = process.memoryUsage().rss;
    const response = await exportHttp(bridge.otlp, bomb, 'protobuf', { 'content-encoding': encoding });
    assert.equal(response.status, 413);
    assert.match((await statusOf(response, 'protobuf')).message, /67108864/);
    assert.ok(process.memoryUsage().rss - before < 300 * 1024 * 1024);
    await assertNothingStored(bridge);
  });

  test(`bodies in ${encoding} arrive whole, in protobuf and JSON`, async (t) => {
    const bridge = await startBridge(t);
    for (const { body, encoding: type } of [sample, jsonSample]) {
      const packed = new Uint8Array(compress(body));
      assert.equal((await exportHttp(bridge.otlp, packed, type, { 'content-encoding': encoding })).status, 200);
    }
    assert.equal((await bridge.rows()).length, sample.items + jsonSample.items);
  });
}

test('a body over the limit is refused with 413 before it is read to its end', async (t) => {
  const bridge = await startBridge(t);
  const { hostname, port } = new URL(bridge.otlp);
  const answer = await new Promise<string>((resolve, reject) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 1000000000\r\n\r\n{"resource`,
      );
    });
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('end', () => resolve(text));
    socket.on('error', reject);
  });
  assert.match(answer, /^HTTP\/1.1 413 /);
  assert.match(answer, /max_request_bytes/);
  await assertNothingStored(bridge);
});

test('a connection that ends in the middle of a body harms nothing', async (t) => {
  const bridge = await startBridge(t);
  const { hostname, port } = new URL(bridge.otlp);
  await new Promise<void>((resolve) => {
    const socket = connect(Number(port), hostname, () => {
      socket.write(
        'POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"res',
      );
      globalThis.setTimeout(() => socket.destroy(), 50);
    });
    socket.on('close', () => resolve());
  });
  await assertNothingStored(bridge);
});

test('over gRPC garbage is INVALID_ARGUMENT, too large RESOURCE_EXHAUSTED, an unknown method UNIMPLEMENTED', async (t) => {
  const bridge = await startBridge(t);
  for (const body of [garbage, cut]) {
    await assert.rejects(
      exportGrpc(bridge.grpc, body),
      (error: ServiceError) => error.code === status.INVALID_ARGUMENT,
    );
  }
  await assert.rejects(
    exportGrpc(bridge.grpc, new Uint8Array(67108865)),
    (error: ServiceError) => error.code === status.RESOURCE_EXHAUSTED,
  );
  await assert.rejects(
    exportGrpc(bridge.grpc, sample.body, '/opentelemetry.proto.collector.trace.v1.TraceService/Nothing'),
    (error: ServiceError) => error.code === status.UNIMPLEMENTED,
  );
  await assertNothingStored(bridge);
});

test('a span with an id of wrong length is refused alone, with its count, and the rest is stored', async (t) => {
  const bridge = await startBridge(t);
  const good = { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', name: 'good' };
  const spans = [good, { ...good, traceId: '5b8e', name: 'bad' }, { ...good, spanId: '', name: 'bad' }];
  const body = JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] });
  const response = await exportHttp(bridge.otlp, body, 'json');
  assert.equal(response.status, 200);
  const { partialSuccess } = (await response.json()) as {
    partialSuccess: { rejectedSpans: string; errorMessage: string };
  };
  assert.equal(Number(partialSuccess.rejectedSpans), 2);
  assert.match(partialSuccess.errorMessage, /trace.?id/i);
  assert.deepEqual(
    (await bridge.rows()).map((row) => row.name),
    ['good'],
  );
  const metrics = await (await fetch(`${bridge.api}/metrics`)).text();
  for (const reason of ['trace_id', 'span_id']) {
    assert.match(metrics, new RegExp(`otel_lake_rejected_rows_total\\{signal="traces",reason="${reason}"\\} 1\n`));
  }
});

test('overload is answered 503 with Retry-After and UNAVAILABLE, and ends by itself', async (t) => {
  const bridge = await startBridge(t, '[limits]\nmemory_bytes = 16777216');
  const { hostname, port } = new URL(bridge.otlp);
  // Senders hold what they have sent of their bodies in the budget until they are done or gone.
  const head = `POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 2096000\r\n\r\n{`;
  const sockets = Array.from({ length: 8 }, () => connect(Number(port), hostname));
  for (const socket of sockets) {
    socket.on('error', () => {});
    socket.write(head + ' '.repeat(2_095_000));
  }
  await untilHeld(bridge, 16_700_000);
  const response = await exportHttp(bridge.otlp, sample.body);
  assert.equal(response.status, 503);
  assert.ok(Number(response.headers.get('retry-after')) >= 1);
  assert.equal((await statusOf(response, 'protobuf')).code, status.UNAVAILABLE);
  await assert.rejects(exportGrpc(bridge.grpc, sample.body), (error: ServiceError) => {
    const [details] = error.metadata.get('grpc-status-details-bin');
    const { details: infos } = decode('google.rpc.Status', details as Buffer) as { details: { typeUrl: string }[] };
    return error.code === status.UNAVAILABLE && infos[0]!.typeUrl.endsWith('google.rpc.RetryInfo');
  });
  for (const socket of sockets) socket.destroy();
  await setTimeout(300);
  await assertNothingStored(bridge);
});

/** Waits until requests hold so many bytes of the budget. */
async function untilHeld(bridge: TestBridge, bytes: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const text = await (await fetch(`${bridge.api}/metrics`)).text();
    if (Number(/^otel_lake_memory_bytes (\d+)$/m.exec(text)![1]) >= bytes) return;
    await setTimeout(50);
  }
  assert.fail(`${bytes} bytes were never held`);
}
