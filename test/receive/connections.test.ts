/** Connections: sockets in the file system, HTTP/2 settings, paths, and browsers. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:http2';
import { join } from 'node:path';
import { test } from 'node:test';
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { startBridge } from '../support/daemon.ts';
import { callGrpc, exportPath, namesOf, requestBody, TRACES } from '../support/requests.ts';
import { CONTENT_TYPES } from '../support/send.ts';
import { tempFolder } from '../support/temp.ts';

function sendThrough(socketPath: string, path: string, body: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { 'content-type': CONTENT_TYPES.json };
    const sent = request({ socketPath, path, method: 'POST', headers }, (response) => {
      response.resume();
      resolve(response.statusCode!);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

test('every listener can be a Unix socket; one left by a process that was killed is taken over, and none is left', async (t) => {
  const folder = tempFolder(t);
  const [grpc, http, api] = ['grpc', 'http', 'api'].map((name) => join(folder, `${name}.sock`)) as [
    string,
    string,
    string,
  ];
  const leave = `require('node:net').createServer().listen('${http}', () => process.kill(process.pid, 'SIGKILL'))`;
  spawnSync(process.execPath, ['-e', leave]);
  assert.ok(existsSync(http));
  const stops: (() => unknown)[] = [];
  const toml = `[server]\notlp_grpc = "unix:${grpc}"\notlp_http = "unix:${http}"\napi = "unix:${api}"`;
  const { daemon } = await startBridge({ after: (stop: () => unknown) => void stops.push(stop) } as never, toml);
  assert.deepEqual([daemon.grpc, daemon.http, daemon.api], [`unix:${grpc}`, `unix:${http}`, `unix:${api}`]);
  const body = requestBody(TRACES, 'json', 'sockets', [{ name: 'one' }]);
  assert.equal(await sendThrough(http, '/v1/traces', body), 200);
  const answer = await callGrpc(
    `unix:${grpc}`,
    exportPath(TRACES),
    requestBody(TRACES, 'protobuf', 's', [{ name: 'x' }]),
  );
  assert.equal(answer.code, 0, answer.message);

  const taken = `[server]\notlp_http = "unix:${http}"`;
  await assert.rejects(startBridge(t, taken), {
    code: 'config',
    message: /server\.otlp_http.*socket or file of another/,
  });
  for (const stop of stops.reverse()) await stop();
  assert.deepEqual(
    [grpc, http, api].map((path) => existsSync(path)),
    [false, false, false],
  );
});

test('a file that is no socket is never removed for one', async (t) => {
  const path = join(tempFolder(t), 'notes.txt');
  writeFileSync(path, 'keep me');
  for (const key of ['otlp_grpc', 'otlp_http', 'api']) {
    await assert.rejects(startBridge(t, `[server]\n${key} = "unix:${path}"`), {
      code: 'config',
      message: new RegExp(key),
    });
  }
  assert.ok(existsSync(path));
});

test('gRPC connections are pinged, told how many streams they may have, and asked to connect again at their age', async (t) => {
  const keys = ['max_concurrent_streams = 7', 'grpc_keepalive_seconds = 1', 'grpc_max_connection_age_seconds = 2'];
  const bridge = await startBridge(t, `[server]\n${keys.join('\n')}\ngrpc_max_connection_age_grace_seconds = 1`);
  const session = connect(`http://${bridge.grpc}`);
  const pinged = once(session, 'ping');
  const goaway = once(session, 'goaway');
  const closed = once(session, 'close');
  await once(session, 'remoteSettings');
  assert.equal(session.remoteSettings.maxConcurrentStreams, 7);
  await pinged;
  const [code] = await goaway;
  assert.equal(code, 0);
  await closed;
});

test('every signal has a path of its own that can be changed', async (t) => {
  const keys = SIGNAL_LIST.map(({ name }) => `${name}_path = "/otlp/in/${name}"`).join('\n');
  const bridge = await startBridge(t, `[server]\n${keys}`);
  for (const signal of SIGNAL_LIST) {
    const body = requestBody(signal, 'json', 'paths', [{ name: 'one' }]);
    const init = { method: 'POST', body, headers: { 'content-type': CONTENT_TYPES.json } };
    assert.equal((await fetch(`${bridge.otlp}/otlp/in/${signal.name}`, init)).status, 200);
    assert.deepEqual(await namesOf(bridge.api, signal, 'paths'), ['one']);
    const old = await fetch(`${bridge.otlp}${signal.httpPath}`, init);
    assert.equal(old.status, 404);
    assert.match(((await old.json()) as { message: string }).message, /\/otlp\/in\/traces/);
  }
});

const CORS = `[server.cors]
allowed_origins = ["https://shop.example.com", "https://*.pages.example.com"]
allowed_headers = ["X-Tenant"]
max_age_seconds = 60`;

test('pages of allowed origins may send and read every answer, errors included; others may not', async (t) => {
  const bridge = await startBridge(t, CORS);
  const url = `${bridge.otlp}${TRACES.httpPath}`;
  const send = (origin: string, body: string) =>
    fetch(url, { method: 'POST', body, headers: { origin, 'content-type': CONTENT_TYPES.json } });
  for (const origin of ['https://shop.example.com', 'https://a.pages.example.com', 'https://a.b.pages.example.com']) {
    for (const [body, status] of [
      ['{}', 200],
      ['{', 400],
    ] as const) {
      const response = await send(origin, body);
      assert.equal(response.status, status);
      assert.equal(response.headers.get('access-control-allow-origin'), origin);
      assert.equal(response.headers.get('access-control-expose-headers'), 'Retry-After');
      assert.equal(response.headers.get('vary'), 'Origin');
    }
    const missing = await fetch(`${bridge.otlp}/nothing`, { method: 'POST', headers: { origin } });
    assert.equal(missing.headers.get('access-control-allow-origin'), origin);
  }
  const others = [
    'https://evil.example',
    'https://shop.example.com.evil.example',
    'https://x/.pages.example.com',
    'null',
  ];
  for (const origin of others) {
    const response = await send(origin, '{}');
    assert.equal(response.status, 200, 'CORS is the browser’s rule, not a check of senders');
    assert.equal(response.headers.get('access-control-allow-origin'), null);
    assert.equal(response.headers.get('vary'), 'Origin');
  }
});

function preflight(otlp: string, origin: string): Promise<Response> {
  return fetch(`${otlp}${TRACES.httpPath}`, {
    method: 'OPTIONS',
    headers: {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,x-tenant',
    },
  });
}

test('a preflight request names methods, headers and how long that holds, to allowed origins only', async (t) => {
  const bridge = await startBridge(t, CORS);
  const allowed = await preflight(bridge.otlp, 'https://shop.example.com');
  assert.equal(allowed.status, 204);
  assert.equal(allowed.headers.get('access-control-allow-origin'), 'https://shop.example.com');
  assert.equal(allowed.headers.get('access-control-allow-methods'), 'POST');
  assert.equal(
    allowed.headers.get('access-control-allow-headers'),
    'authorization, content-encoding, content-type, x-tenant',
  );
  assert.equal(allowed.headers.get('access-control-max-age'), '60');
  const refused = await preflight(bridge.otlp, 'https://evil.example');
  assert.equal(refused.headers.get('access-control-allow-origin'), null);
  assert.equal(refused.headers.get('access-control-allow-methods'), null);
});

test('"*" allows every origin and every header; without origins nothing is said', async (t) => {
  const open = await startBridge(t, '[server.cors]\nallowed_origins = ["*"]\nallowed_headers = ["*"]');
  const answer = await preflight(open.otlp, 'https://any.example');
  assert.equal(answer.headers.get('access-control-allow-origin'), 'https://any.example');
  assert.equal(answer.headers.get('access-control-allow-headers'), 'content-type,x-tenant');
  const closed = await startBridge(t);
  assert.equal((await preflight(closed.otlp, 'https://any.example')).headers.get('access-control-allow-origin'), null);
});
