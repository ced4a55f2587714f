/** What the specification asks of a receiver over HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp). */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { test } from 'node:test';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { parseConfig } from '../../src/config/load.ts';
import { decode } from '../../src/decode/protobuf-writer.ts';
import { type ContentType, SIGNAL_LIST } from '../../src/model/signal.ts';
import { len } from '../decode/wire-bytes.ts';
import { startBridge } from '../support/daemon.ts';
import {
  callGrpc,
  exportPath,
  listName,
  namesOf,
  post,
  readAnswer,
  requestBody,
  TRACES,
  toProtobufBytes,
} from '../support/requests.ts';
import { CONTENT_TYPES } from '../support/send.ts';
import { sharedBridge } from '../support/shared-bridge.ts';
import { snappyBlock, snappyFramed } from '../support/snappy.ts';
import { tempFolder } from '../support/temp.ts';

const LIMIT = 100_000;
const TOML = `[limits]\nmax_attribute_count = 8`;
const bridge = sharedBridge(TOML);
const TYPES: readonly ContentType[] = ['protobuf', 'json'];
const TOO_MANY = Array.from({ length: 9 }, (_, i) => ({ key: `k${i}`, value: { intValue: i } }));

const COMPRESS: Readonly<Record<string, (body: Uint8Array) => Buffer>> = {
  identity: (body) => Buffer.from(body),
  gzip: gzipSync,
  'x-gzip': gzipSync,
  deflate: deflateSync,
  zlib: deflateSync,
  zstd: zstdCompressSync,
  snappy: snappyBlock,
  'x-snappy-framed': snappyFramed,
};

/** The answer's google.rpc.Status, in the encoding that was asked for. */
async function statusOf(response: Response, type: ContentType): Promise<{ code: number; message: string }> {
  assert.equal(response.headers.get('content-type'), CONTENT_TYPES[type]);
  const body = new Uint8Array(await response.arrayBuffer());
  const status = type === 'json' ? JSON.parse(Buffer.from(body).toString()) : decode('google.rpc.Status', body);
  assert.equal(typeof status.code, 'number');
  assert.ok(status.message.length > 0);
  return status;
}

for (const signal of SIGNAL_LIST) {
  for (const type of TYPES) {
    for (const [encoding, compress] of Object.entries(COMPRESS)) {
      test(`${signal.name} in ${type}, ${encoding}, are taken: 200 with an answer of the same type`, async () => {
        const service = `http-${signal.name}-${type}-${encoding}`;
        const body = compress(requestBody(signal, type, service, [{ name: 'one' }, { name: 'two' }]));
        const response = await post(bridge.otlp, signal, type, new Uint8Array(body), { 'content-encoding': encoding });
        assert.equal(response.status, 200);
        assert.equal(response.headers.get('content-type'), CONTENT_TYPES[type]);
        assert.equal(response.headers.get('content-encoding'), null);
        // Full success leaves partial_success unset: nothing is left of the message.
        assert.equal(await response.text(), type === 'json' ? '{}' : '');
        assert.deepEqual(await namesOf(bridge.api, signal, service), ['one', 'two']);
      });
    }

    test(`an empty request of ${signal.name} in ${type} is success`, async () => {
      const list = listName(signal);
      const bodies =
        type === 'json' ? ['{}', `{"${list}":[]}`, `{"${list}":[{}]}`] : [new Uint8Array(0), Buffer.from([10, 0])];
      for (const body of bodies) {
        const response = await post(bridge.otlp, signal, type, body);
        assert.equal(response.status, 200);
        assert.equal(await response.text(), type === 'json' ? '{}' : '');
      }
    });

    test(`rows of ${signal.name} in ${type} over the limits are refused alone: partial success with count and message`, async () => {
      const service = `http-partial-${signal.name}-${type}`;
      const bad = { name: 'bad', changes: { attributes: TOO_MANY } };
      const body = requestBody(signal, type, service, [{ name: 'good' }, bad, bad, { name: 'last' }]);
      const response = await post(bridge.otlp, signal, type, body);
      assert.equal(response.status, 200);
      assert.equal(response.headers.get('content-type'), CONTENT_TYPES[type]);
      const answer = readAnswer(signal, type, new Uint8Array(await response.arrayBuffer()));
      assert.equal(answer.rejected, 2);
      assert.match(answer.message!, /9 attributes.*8|attributes/);
      assert.deepEqual(await namesOf(bridge.api, signal, service), ['good', 'last']);
    });

    test(`undecodable ${signal.name} in ${type} get 400 with a Status that says where`, async () => {
      const body = type === 'json' ? `{"${listName(signal)}":[{"resource":7}` : Buffer.from([0x0a, 0x05, 0x01]);
      const response = await post(bridge.otlp, signal, type, body);
      assert.equal(response.status, 400);
      const { code, message } = await statusOf(response, type);
      assert.equal(code, 3);
      assert.match(message, /byte \d+|resource\w+\[0\]\.resource/);
    });
  }
}

test('the limit on a request is 64 MiB unless configured', () => {
  assert.equal(parseConfig('', 'a.toml', {}).server.maxRequestBytes, 64 * 1024 * 1024);
});

test('the limit is configurable and counts decompressed bytes: one byte more is 413 with a Status of the type', async (t) => {
  const limited = await startBridge(t, `[server]\nmax_request_bytes = ${LIMIT}`);
  for (const type of TYPES) {
    const json = `{"resourceSpans":[]${' '.repeat(LIMIT - 20)}}`;
    const exact = type === 'json' ? Buffer.from(json) : len(1000, 'x'.repeat(LIMIT - 5));
    assert.equal(exact.length, LIMIT);
    for (const [encoding, compress] of Object.entries(COMPRESS)) {
      const headers = { 'content-encoding': encoding };
      const taken = await post(limited.otlp, TRACES, type, new Uint8Array(compress(exact)), headers);
      assert.equal(taken.status, 200, `${type} ${encoding}`);
      const over = type === 'json' ? Buffer.from(`${json} `) : len(1000, 'x'.repeat(LIMIT - 4));
      const refused = await post(limited.otlp, TRACES, type, new Uint8Array(compress(over)), headers);
      assert.equal(refused.status, 413, `${type} ${encoding}`);
      assert.equal(refused.headers.get('retry-after'), null);
      assert.match((await statusOf(refused, type)).message, /100000/);
    }
  }
});

for (const type of TYPES) {
  test(`every refusal is a Status in ${type} where the request is in ${type}: 400, 404, 405, 415`, async () => {
    const headers = { 'content-type': CONTENT_TYPES[type] };
    const url = `${bridge.otlp}${TRACES.httpPath}`;
    const asked: [number, Promise<Response>][] = [
      [400, post(bridge.otlp, TRACES, type, 'x')],
      [404, fetch(`${bridge.otlp}/v1/nothing`, { method: 'POST', headers, body: 'x' })],
      [404, fetch(bridge.otlp, { headers })],
      [405, fetch(url, { headers })],
      [405, fetch(url, { method: 'PUT', headers, body: 'x' })],
      [405, fetch(url, { method: 'DELETE', headers })],
      [405, fetch(url, { method: 'OPTIONS', headers })],
      [415, post(bridge.otlp, TRACES, type, 'x', { 'content-encoding': 'br' })],
    ];
    for (const [status, answer] of asked) {
      const response = await answer;
      assert.equal(response.status, status);
      await statusOf(response, type);
    }
  });
}

test('a media type that is not taken is 415; its parameters and case do not matter', async () => {
  for (const type of ['text/plain', 'application/xml', 'application/grpc', 'constructor', '']) {
    const response = await fetch(`${bridge.otlp}${TRACES.httpPath}`, {
      method: 'POST',
      body: Buffer.from('{}'),
      headers: { 'content-type': type },
    });
    assert.equal(response.status, 415);
    await statusOf(response, 'json');
  }
  const response = await post(bridge.otlp, TRACES, 'json', '{}', { 'content-type': 'Application/JSON; charset=utf-8' });
  assert.equal(response.status, 200);
});

test('an unknown compression is 415 and names those there are', async () => {
  const response = await post(bridge.otlp, TRACES, 'protobuf', 'x', { 'content-encoding': 'lz4' });
  assert.equal(response.status, 415);
  assert.equal(response.headers.get('accept-encoding'), 'gzip, zstd, deflate, snappy, identity');
});

test('answers are gzip only where that is asked for, and only where it makes them smaller', async () => {
  const url = `${bridge.otlp}/${'x'.repeat(900)}`;
  const ask = (value: string) => fetch(url, { method: 'POST', headers: { 'accept-encoding': value } });
  for (const wanted of ['gzip', 'deflate, gzip;q=0.5', '*']) {
    const response = await ask(wanted);
    assert.equal(response.headers.get('content-encoding'), 'gzip', wanted);
    assert.match(((await response.json()) as { message: string }).message, /there is nothing at/);
  }
  for (const unwanted of ['', 'identity', 'br', 'gzip;q=0', '*;q=0', 'gzip;q=0, *']) {
    assert.equal((await ask(unwanted)).headers.get('content-encoding'), null, unwanted);
  }
  const tiny = await post(bridge.otlp, TRACES, 'json', '{}', { 'accept-encoding': 'gzip' });
  assert.equal(tiny.headers.get('content-encoding'), null);
});

test('an answer stays far under 4 MiB whatever a request puts into its message', async () => {
  const long = 'ä€😀'.repeat(2000);
  const bodies = [
    JSON.stringify({ resourceSpans: [{ [long]: 1, scopeSpans: [{ spans: [{ kind: long }] }] }] }),
    JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [{ traceId: long }] }] }] }),
    `{"resourceSpans":${JSON.stringify(long)}}`,
  ];
  for (const body of bodies) {
    const answer = await (await post(bridge.otlp, TRACES, 'json', body)).arrayBuffer();
    assert.ok(answer.byteLength < 8192);
  }
  const path = await fetch(`${bridge.otlp}/${'y'.repeat(9000)}`, { method: 'POST' });
  assert.ok((await path.arrayBuffer()).byteLength < 8192);
});

test('what is no HTTP request gets a Status too', async () => {
  const { hostname, port } = new URL(bridge.otlp);
  const ask = (text: string) =>
    new Promise<string>((resolve, reject) => {
      const socket = connect(Number(port), hostname, () => socket.write(text));
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      socket.on('close', () => resolve(answer));
      socket.on('error', reject);
    });
  const broken = await ask('POST /v1/traces HTTP/9.9\r\n\r\n');
  assert.match(broken, /^HTTP\/1\.1 400 .*\r\n\r\n\{"code":3,"message":/s);
  const large = await ask(`POST /v1/traces HTTP/1.1\r\nX: ${'x'.repeat(40_000)}\r\n\r\n`);
  assert.match(large, /^HTTP\/1\.1 431 .*"message":/s);
  const withoutHost = await ask('GET /v1/traces HTTP/1.1\r\nConnection: close\r\n\r\n');
  assert.match(withoutHost, /^HTTP\/1\.1 405 .*"message":/s);
  const expecting = await ask(
    'POST /v1/traces HTTP/1.1\r\nHost: x\r\nExpect: wonders\r\nContent-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}',
  );
  assert.match(expecting, /^HTTP\/1\.1 200 /);
});

test('trouble of store or journal that may pass is 503 with Retry-After or UNAVAILABLE with RetryInfo, never 500, never partial success', async (t) => {
  const full = await startBridge(t, '[journal]\nmax_bytes = 1048576');
  // A file where the lake's folder was: nothing can be committed, so the journal fills up.
  rmSync(join(full.folder, 'lake'), { recursive: true, force: true });
  writeFileSync(join(full.folder, 'lake'), 'no folder');
  const body = requestBody(TRACES, 'json', 'full', [{ name: 'x'.repeat(200_000) }]);
  let response = await post(full.otlp, TRACES, 'json', body);
  for (let i = 0; i < 50 && response.status === 200; i++) {
    assert.equal(await response.text(), '{}');
    response = await post(full.otlp, TRACES, 'json', body);
  }
  assert.equal(response.status, 503);
  assert.ok(Number(response.headers.get('retry-after')) >= 1);
  assert.equal((await statusOf(response, 'json')).code, 14);
  const grpc = await callGrpc(full.grpc, exportPath(TRACES), toProtobufBytes(TRACES, body.toString()));
  assert.equal(grpc.code, 14);
  assert.ok(grpc.hasRetryInfo);
  rmSync(join(full.folder, 'lake'));
  await full.flush();
  assert.equal((await post(full.otlp, TRACES, 'json', '{}')).status, 200, 'it ends by itself');
});

test('a missing or wrong token is 401 with a Status and WWW-Authenticate', async (t) => {
  const file = join(tempFolder(t), 'tokens');
  writeFileSync(file, 'secret\n');
  const guarded = await startBridge(t, `[server.auth]\ningest_token_file = "${file}"`);
  for (const type of TYPES) {
    for (const headers of [{}, { authorization: 'Bearer wrong' }] as Record<string, string>[]) {
      const response = await post(guarded.otlp, TRACES, type, '{}', headers);
      assert.equal(response.status, 401);
      assert.equal(response.headers.get('www-authenticate'), 'Bearer');
      assert.equal((await statusOf(response, type)).code, 16);
    }
  }
  assert.equal((await post(guarded.otlp, TRACES, 'json', '{}', { authorization: 'Bearer secret' })).status, 200);
  assert.equal((await callGrpc(guarded.grpc, exportPath(TRACES), Buffer.alloc(0))).code, 16);
  const shown = await callGrpc(guarded.grpc, exportPath(TRACES), Buffer.alloc(0), {
    metadata: { authorization: 'Bearer secret' },
  });
  assert.equal(shown.code, 0);
});
