import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { before, describe, type TestContext, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { Metadata, Server, ServerCredentials, type StatusObject, type sendUnaryData, status } from '@grpc/grpc-js';
import { SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { decode, encode, type PlainMessage } from '../../src/decode/protobuf-writer.ts';
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { runCli } from '../support/cli.ts';
import { startBridge, type TestBridge } from '../support/daemon.ts';
import { exportPath, post, requestBody, rowsOf, TRACES } from '../support/requests.ts';
import { readSamples } from '../support/samples.ts';
import { sharedBridge } from '../support/shared-bridge.ts';

const source = sharedBridge();
const ROWS = 25;

/** Sends a command line at the source; its counts by table, from its JSON lines. */
async function replay(words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const base = ['replay', '--config', source.configFile, '--url', source.api, '--json'];
  const result = await runCli([...base, ...words], { ...process.env, ...env });
  const lines = result.stdout.split('\n').filter(Boolean);
  const counts = lines.map((line) => JSON.parse(line) as Record<string, number> & { table: string });
  return { ...result, counts };
}

async function allRows(bridge: TestBridge, table: string): Promise<string[]> {
  const response = await fetch(`${bridge.api}/api/v1/tables/${table}/rows`);
  assert.equal(response.status, 200);
  return (await response.text()).split('\n').filter(Boolean).sort();
}

describe('from a bridge', () => {
  before(async () => {
    for (const signal of SIGNAL_LIST) {
      const items = Array.from({ length: ROWS }, (_, i) => ({ name: `row-${String(i).padStart(2, '0')}` }));
      assert.equal(
        (await post(source.otlp, signal, 'protobuf', requestBody(signal, 'protobuf', 'replayed', items))).status,
        200,
      );
      const other = requestBody(signal, 'json', 'other', [{ name: 'row' }]);
      assert.equal((await post(source.otlp, signal, 'json', other)).status, 200);
      const samples = readSamples(signal.name).filter(({ body, items: count }) => count > 0 && body.length < 20_000);
      for (const { body, encoding } of samples.slice(0, 5)) {
        assert.equal((await post(source.otlp, signal, encoding, body)).status, 200);
      }
    }
    await source.flush();
  });

  for (const protocol of ['http', 'grpc'] as const) {
    test(`every row of every table arrives at another bridge over ${protocol}, with nothing changed`, async (t) => {
      const target = await startBridge(t);
      const to = protocol === 'http' ? target.otlp : `grpc://${target.grpc}`;
      const { code, stderr, counts } = await replay(['--to', to, '--batch-size', '10']);
      assert.equal(code, 0, stderr);
      assert.deepEqual(
        counts.map(({ table }) => table),
        SIGNAL_LIST.map(({ name }) => name),
      );
      for (const { table, sent, rejected, failed, requests } of counts) {
        const rows = await allRows(source, table);
        assert.deepEqual(await allRows(target, table), rows);
        assert.deepEqual([sent, rejected, failed, requests], [rows.length, 0, 0, Math.ceil(rows.length / 10)]);
      }
    });
  }

  test('table, filter, times and limit choose the rows; without --json the counts are a table and a sentence', async (t) => {
    const target = await startBridge(t);
    const words = ['--config', source.configFile, '--url', source.api, '--to', target.otlp, '--table', 'traces'];
    const filter = ['--filter', "service_name = 'replayed'", '--since', '2025-11-21', '--until', '2025-11-22'];
    const { code, stdout, stderr } = await runCli([
      'replay',
      ...words,
      ...filter,
      '--limit',
      '7',
      '--compression',
      'none',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /table.*sent.*rejected.*failed/);
    assert.match(stdout, /7 rows sent, 0 rejected, 0 failed\./);
    assert.equal((await rowsOf(target.api, 'traces', 'replayed')).length, 7);
    const none = await replay(['--to', target.otlp, '--table', 'traces', '--until', '2001-01-01']);
    assert.deepEqual([none.code, none.counts[0]!.sent, none.counts[0]!.requests], [0, 0, 0]);
  });

  test('--rate holds the pace', async (t) => {
    const receiver = await startReceiver(t, (_, response) => answerOk(response));
    const start = performance.now();
    const { code } = await replay([
      '--to',
      receiver.url,
      '--table',
      'traces',
      '--limit',
      '20',
      '--rate',
      '10',
      '--batch-size',
      '5',
    ]);
    assert.equal(code, 0);
    assert.equal(receiver.bodies.length, 4);
    const tookMs = receiver.timesMs.at(-1)! - receiver.timesMs[0]!;
    assert.ok(tookMs >= 1400 && performance.now() - start >= tookMs, `${tookMs} ms`);
  });

  test('what may pass is tried again after the delay asked for: 429, 502, 503, 504 and broken connections', async (t) => {
    const answers = ['broken', 429, 502, 503, 504, 200] as const;
    const receiver = await startReceiver(t, (i, response) => {
      const answer = answers[i] ?? 200;
      if (answer === 'broken') return void response.socket!.destroy();
      response.writeHead(answer, answer === 200 ? {} : { 'Retry-After': i === 1 ? '1' : '0' }).end();
    });
    const { code, counts, stderr } = await replay(['--to', receiver.url, '--table', 'traces', '--limit', '5']);
    assert.equal(code, 0, stderr);
    const [{ sent, requests, retries }] = counts as [(typeof counts)[0]];
    assert.deepEqual([sent, requests, retries], [5, 6, 5]);
    assert.ok(receiver.timesMs[2]! - receiver.timesMs[1]! >= 1000, 'Retry-After');
    assert.equal(new Set(receiver.bodies.map((body) => body.toString('hex'))).size, 1, 'the same request again');
  });

  test('tries are bounded: a receiver that stays away ends it with the counts, and status 1', async (t) => {
    const receiver = await startReceiver(t, (_, response) => response.writeHead(503, { 'Retry-After': '0' }).end());
    const { code, counts, stderr } = await replay([
      '--to',
      receiver.url,
      '--table',
      'traces',
      '--retries',
      '2',
      '--batch-size',
      '5',
    ]);
    assert.equal(code, 1);
    const [{ sent, failed, requests }] = counts as [(typeof counts)[0]];
    assert.deepEqual([sent, failed, requests], [0, 5, 3]);
    assert.match(stderr, /stopped after 0 rows sent, 0 rejected, 5 failed.*503/);
    const away = await replay(['--to', await closedPort(), '--table', 'traces', '--retries', '0']);
    assert.equal(away.code, 1);
    assert.match(away.stderr, /ECONNREFUSED/);
  });

  test('rows refused in a partial success are counted, and the status is 1', async (t) => {
    const target = await startBridge(t, '[limits]\nmax_attribute_count = 1');
    const items = [
      { name: 'many', changes: { attributes: ['a', 'b'].map((key) => ({ key, value: { intValue: 1 } })) } },
    ];
    const body = requestBody(TRACES, 'json', 'refused', [...items, { name: 'few' }]);
    assert.equal((await post(source.otlp, TRACES, 'json', body)).status, 200);
    for (const to of [target.otlp, `grpc://${target.grpc}`]) {
      const words = ['--to', to, '--table', 'traces', '--filter', "service_name = 'refused'"];
      const { code, counts, stderr } = await replay(words);
      assert.equal(code, 1);
      assert.deepEqual([counts[0]!.sent, counts[0]!.rejected, counts[0]!.failed], [1, 1, 0]);
      assert.match(stderr, /not all rows arrived: .*attributes/);
    }
  });

  test('a request that is too large is cut in two until it fits; other refusals fail their rows and the rest goes on', async (t) => {
    const receiver = await startReceiver(t, (_, response, request) => {
      const spans = spansIn(request);
      if (spans.length > 3) response.writeHead(413).end();
      else if (spans.includes('row-02'))
        response.writeHead(400, { 'content-type': 'application/x-protobuf' }).end(refusal);
      else answerOk(response);
    });
    const refusal = encode('google.rpc.Status', { code: 3, message: 'row-02 is not liked' });
    const words = [
      '--to',
      receiver.url,
      '--table',
      'traces',
      '--filter',
      "service_name = 'replayed'",
      '--batch-size',
      '12',
    ];
    const { code, counts, stderr } = await replay(words);
    assert.equal(code, 1);
    assert.deepEqual([counts[0]!.sent, counts[0]!.failed], [ROWS - 3, 3]);
    assert.match(stderr, /row-02 is not liked/);
  });

  test('a receiver that will never take it stops it at once', async (t) => {
    for (const answer of [401, 404, 301]) {
      const receiver = await startReceiver(t, (_, response) => response.writeHead(answer, { location: '/' }).end());
      const { code } = await replay(['--to', receiver.url, '--table', 'traces', '--batch-size', '5']);
      assert.equal(code, 1);
      assert.ok(receiver.bodies.length >= 1);
      assert.equal(answer === 301 || receiver.bodies.length === 1, true);
    }
  });

  test('headers come from the command line and from the environment of every OTLP exporter', async (t) => {
    const receiver = await startReceiver(t, (_, response) => answerOk(response));
    const words = ['--to', `${receiver.url}/base/`, '--table', 'traces', '--limit', '1', '--header', 'X-Tenant=a=b'];
    const { code } = await replay(words, { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20secret,x-other=1' });
    assert.equal(code, 0);
    const { headers, url } = receiver.requests[0]!;
    assert.equal(url, '/base/v1/traces');
    assert.deepEqual([headers.authorization, headers['x-tenant'], headers['x-other']], ['Bearer secret', 'a=b', '1']);
    assert.equal(headers['content-encoding'], 'gzip');
  });

  test('over gRPC, RESOURCE_EXHAUSTED is tried again only with RetryInfo, other codes as the specification says', async (t) => {
    const retryInfo = encode('google.rpc.RetryInfo', { retryDelay: { seconds: 0n, nanos: 1_000_000 } });
    const details = [{ typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: retryInfo }];
    const withInfo = new Metadata();
    withInfo.set(
      'grpc-status-details-bin',
      Buffer.from(encode('google.rpc.Status', { code: 8, message: 'busy', details })),
    );
    const answers: Partial<StatusObject>[] = [
      { code: status.RESOURCE_EXHAUSTED, details: 'busy', metadata: withInfo },
      { code: status.UNAVAILABLE, details: 'away', metadata: withInfo },
      { code: status.ABORTED, details: 'aborted', metadata: withInfo },
      { code: status.RESOURCE_EXHAUSTED, details: 'too large' },
      { code: status.INVALID_ARGUMENT, details: 'bad' },
    ];
    const { address, calls } = await startGrpcReceiver(t, answers);
    const words = ['--to', `http://${address}`, '--protocol', 'grpc', '--table', 'traces', '--limit', '4'];
    const { code, counts, stderr } = await replay(words);
    assert.equal(code, 1, stderr);
    // Three answers that are tried again, one on which the batch is cut, one bad half, one good half.
    assert.equal(calls.length, 6);
    assert.deepEqual([counts[0]!.sent, counts[0]!.failed, counts[0]!.retries], [2, 2, 3]);
  });

  test('wrong use exits 2 and says what is expected', async () => {
    const cases: [RegExp, string[]][] = [
      [/--to/, []],
      [/grpc:\/\/host:4317/, ['--to', 'ftp://host']],
      [/query/, ['--to', 'http://host:4318/?x=1']],
      [/at least 1/, ['--to', 'http://host', '--batch-size', '0']],
      [/name=value/, ['--to', 'http://host', '--header', 'nothing']],
      [/Allowed choices/, ['--to', 'http://host', '--table', 'nothing']],
    ];
    for (const [message, words] of cases) {
      const { code, stderr } = await replay(words);
      assert.equal(code, 2, stderr);
      assert.match(stderr, message);
    }
  });
});

/** An address nobody listens at. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

function answerOk(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
}

interface Request {
  readonly url: string | undefined;
  readonly headers: IncomingMessage['headers'];
}

/** A receiver whose answers are scripted, by the number of the request. */
async function startReceiver(t: TestContext, answer: (index: number, response: ServerResponse, body: Buffer) => void) {
  const [bodies, timesMs, requests]: [Buffer[], number[], Request[]] = [[], [], []];
  const server = createServer(async (request, response) => {
    timesMs.push(performance.now());
    requests.push({ url: request.url, headers: request.headers });
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const body =
      request.headers['content-encoding'] === 'gzip' ? gunzipSync(Buffer.concat(parts)) : Buffer.concat(parts);
    answer(bodies.push(body) - 1, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.closeAllConnections());
  t.after(() => server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, bodies, timesMs, requests };
}

/** Answers these in turn, then success. */
async function startGrpcReceiver(t: TestContext, answers: readonly Partial<StatusObject>[]) {
  const identity = (value: Buffer) => value;
  const calls: Buffer[] = [];
  const server = new Server();
  const method = {
    path: exportPath(TRACES),
    requestStream: false,
    responseStream: false,
    requestSerialize: identity,
    requestDeserialize: identity,
    responseSerialize: identity,
    responseDeserialize: identity,
  };
  server.addService(
    { Export: method },
    {
      Export(call: { request: Buffer }, callback: sendUnaryData<Buffer>) {
        const answer = answers[calls.push(call.request) - 1];
        if (answer) callback(answer);
        else callback(null, Buffer.alloc(0));
      },
    },
  );
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  t.after(() => server.forceShutdown());
  return { address: `127.0.0.1:${port}`, calls };
}

/** Names of the spans in a request. */
function spansIn(body: Buffer): string[] {
  const { resourceSpans } = decode(SERVICE_MESSAGES.traces.request, body) as {
    resourceSpans: { scopeSpans: { spans: PlainMessage[] }[] }[];
  };
  return resourceSpans.flatMap(({ scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) => spans.map(({ name }) => String(name))),
  );
}
