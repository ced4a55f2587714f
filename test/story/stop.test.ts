/** How a bridge stops: as a process of its own, by signals. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { spawnBridge, type TestBridge } from '../support/daemon.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { tempFolder } from '../support/temp.ts';

const sample = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;

/** A store that takes calls and never answers. */
async function silentStore(t: TestContext): Promise<string> {
  const server: Server = createServer(() => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return `[s3]
bucket = "lake"
region = "us-east-1"
endpoint = "http://127.0.0.1:${port}"
force_path_style = true
[s3.credentials]
type = "explicit"
access_key_id = "a-key"
secret_access_key = "a-secret-key"
`;
}

async function start(t: TestContext, toml: string): Promise<TestBridge & { process: ChildProcess; said(): string }> {
  const bridge = await spawnBridge(tempFolder(t), toml);
  t.after(() => bridge.process.kill('SIGKILL'));
  let said = '';
  bridge.process.stderr!.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  return { ...bridge, said: () => said };
}

async function exitCode(child: ChildProcess): Promise<{ code: number; tookMs: number }> {
  const startMs = performance.now();
  const [code] = (await once(child, 'close')) as [number];
  return { code, tookMs: performance.now() - startMs };
}

test('a stop says that everything acknowledged is in the lake', async (t) => {
  const bridge = await start(t, '');
  assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 200);
  bridge.process.kill('SIGTERM');
  assert.equal((await exitCode(bridge.process)).code, 0);
  assert.match(bridge.said(), /stopped; everything acknowledged is in the lake/);
});

test('a stop ends within operations.drain_seconds and says what is left; meanwhile /readyz says why', async (t) => {
  const bridge = await start(t, `${await silentStore(t)}[operations]\ndrain_seconds = 4`);
  assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 200);
  bridge.process.kill('SIGTERM');
  const ended = exitCode(bridge.process);
  let ready = await (await fetch(`${bridge.api}/readyz`)).json();
  while ((ready as { ready: boolean }).ready) ready = await (await fetch(`${bridge.api}/readyz`)).json();
  assert.match(JSON.stringify(ready), /the bridge is stopping; \d segments are being committed/);
  const { code, tookMs } = await ended;
  assert.equal(code, 0);
  assert.ok(tookMs < 12_000, `${tookMs} ms`);
  assert.match(bridge.said(), /stopped; 1 segment \(\d+ KiB\) stay in the journal.*: the time to stop ran out/);
  assert.equal(readdirSync(join(bridge.folder, 'journal', 'segments')).length, 1);
});

test('a second signal stops at once, and the journal keeps what was acknowledged', async (t) => {
  const bridge = await start(t, await silentStore(t));
  assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 200);
  bridge.process.kill('SIGTERM');
  while (!bridge.said().includes('second signal')) await once(bridge.process.stderr!, 'data');
  bridge.process.kill('SIGINT');
  const { code, tookMs } = await exitCode(bridge.process);
  assert.equal(code, 1);
  assert.ok(tookMs < 5000, `${tookMs} ms`);
  assert.equal(readdirSync(join(bridge.folder, 'journal', 'segments')).length, 1);
});
