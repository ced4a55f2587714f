import assert from 'node:assert/strict';
import { createServer, type RequestListener } from 'node:http';
import { type TestContext, test } from 'node:test';
import { remoteLake } from '../../src/cli/remote-lake.ts';

/** A lake behind a server that answers as it is told. */
async function lakeAt(t: TestContext, answer: RequestListener) {
  const server = createServer(answer).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as { port: number };
  const url = `http://127.0.0.1:${port}`;
  return remoteLake({ url, adminUrl: url, tls: false, token: 'secret' });
}

async function readAll(lake: ReturnType<typeof remoteLake>) {
  const read = lake.read('traces', new URLSearchParams(), new AbortController().signal);
  let text = '';
  for await (const chunk of read) text += Buffer.from(chunk).toString();
  return { text, summary: read.summary };
}

test('an answer with its summary is whole; the token and the wish for trailers are sent along', async (t) => {
  const lake = await lakeAt(t, (request, response) => {
    assert.deepEqual([request.headers.authorization, request.headers.te], ['Bearer secret', 'trailers']);
    response.writeHead(200, { Trailer: 'Lake-Summary' });
    response.write('{}\n');
    response.addTrailers({ 'Lake-Summary': '{"rows":1}' });
    response.end();
  });
  assert.deepEqual(await readAll(lake), { text: '{}\n', summary: { rows: 1 } });
});

test('an answer that ends well but without a summary is not whole: somebody between may have dropped the error', async (t) => {
  const lake = await lakeAt(t, (_, response) => void response.writeHead(200).end('{}\n'));
  await assert.rejects(readAll(lake), { code: 'unavailable', message: /it is not complete/ });
});

test('an error in the trailer is thrown as it was told', async (t) => {
  const lake = await lakeAt(t, (_, response) => {
    response.writeHead(200, { Trailer: 'Lake-Summary' });
    response.write('{}\n');
    response.addTrailers({ 'Lake-Error': '{"code":"corrupt","message":"a.parquet \\u00fc","hint":"skip it"}' });
    response.end();
  });
  await assert.rejects(readAll(lake), { code: 'corrupt', message: 'a.parquet ü', hint: 'skip it', retryable: false });
});

test('a connection that breaks is an error that may pass', async (t) => {
  const lake = await lakeAt(t, (_, response) => {
    response.writeHead(200);
    response.write('{}\n', () => response.destroy());
  });
  await assert.rejects(readAll(lake), { code: 'unavailable', retryable: true });
});

test('an answer of something else than a bridge is an error with its status', async (t) => {
  const lake = await lakeAt(t, (_, response) => void response.writeHead(502).end('<html>Bad Gateway</html>'));
  await assert.rejects(readAll(lake), { code: 'unavailable', message: 'HTTP 502' });
});

test('no partition path leaves its route or breaks the request', async (t) => {
  const lake = await lakeAt(t, () => assert.fail('a request was sent'));
  for (const path of ['..', 'a/../../b', '%2e%2e', 'a\r\nX: y', 'a b', 'ü=1', 'a?dry_run=false', 'a#b']) {
    await assert.rejects(lake.deletePartition('traces', path, true), /partition path/, path);
  }
});
