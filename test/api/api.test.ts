import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import { startBridge, type TestBridge } from '../support/daemon.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { tempFolder } from '../support/temp.ts';

const sample = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;

interface ApiError {
  readonly error: { readonly code: string; readonly message: string; readonly hint?: string };
}

describe('the HTTP interface', () => {
  const cleanups: (() => unknown)[] = [];
  let bridge: TestBridge;

  before(async () => {
    bridge = await startBridge({ after: (fn: () => unknown) => void cleanups.push(fn) } as never);
    assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 200);
  });
  after(async () => {
    for (const cleanup of cleanups.reverse()) await cleanup();
  });

  const get = (path: string) => fetch(`${bridge.api}${path}`);

  test('healthz names version and lake, readyz says yes, metrics count what came in', async () => {
    const health = (await (await get('/healthz')).json()) as { status: string; lake: string };
    assert.equal(health.status, 'ok');
    assert.match(health.lake, /lake$/);
    assert.deepEqual(await (await get('/readyz')).json(), { ready: true, reasons: [] });
    const metrics = await (await get('/metrics')).text();
    assert.match(metrics, new RegExp(`otel_lake_received_rows_total\\{signal="traces"\\} ${sample.items}\n`));
  });

  test('the root lists what there is', async () => {
    const text = await (await get('/')).text();
    for (const path of ['/api/v1/tables/{table}/rows', '/admin/v1/partitions/{table}/{path}', '/readyz'])
      assert.ok(text.includes(path));
  });

  test('a trace comes back as OTLP/JSON, equal when it is sent again, and as rows', async (t) => {
    const [first] = await bridge.rows({ limit: '1' });
    const traceId = first!.trace_id as string;
    const spans = await bridge.rows({ filter: `trace_id = '${traceId}'` });
    const response = await get(`/api/v1/traces/${traceId.toUpperCase()}`);
    assert.equal(response.headers.get('content-type'), 'application/json');
    const json = await response.text();

    const second = await startBridge(t);
    assert.equal((await exportHttp(second.otlp, json, 'json')).status, 200);
    const bySpan = (a: Record<string, unknown>, b: Record<string, unknown>) =>
      String(a.span_id).localeCompare(String(b.span_id));
    assert.deepEqual((await second.rows()).sort(bySpan), spans.sort(bySpan));

    const arrow = tableFromIPC(await (await get(`/api/v1/traces/${traceId}?format=arrow`)).arrayBuffer());
    assert.equal(arrow.numRows, spans.length);
  });

  test('what is asked wrongly is answered with code, message and hint', async () => {
    const wrong: [path: string, status: number, message: RegExp][] = [
      ['/nothing', 404, /nothing at \/nothing/],
      ['/api/v1/tables/nothing/rows', 404, /"nothing"/],
      ['/api/v1/tables/traces/rows?filter=name%20%3D', 400, /column 7/],
      ['/api/v1/tables/traces/rows?filter=nme%20%3D%20%27x%27', 400, /nme/],
      ['/api/v1/tables/traces/rows?limit=many', 400, /limit/],
      ['/api/v1/tables/traces/rows?format=xml', 400, /xml/],
      ['/api/v1/tables/traces/rows?fliter=x', 400, /fliter/],
      ['/api/v1/tables/traces/rows?partition=..%2F..', 400, /\.\./],
      ['/api/v1/traces/xyz', 400, /"xyz"/],
      [`/api/v1/traces/${'0'.repeat(31)}f`, 404, /no span/],
      ['/admin/v1/partitions?prefxi=x', 400, /prefxi/],
    ];
    for (const [path, status, message] of wrong) {
      const response = await get(path);
      assert.equal(response.status, status, path);
      const { error } = (await response.json()) as ApiError;
      assert.match(error.message, message, path);
    }
    const method = await fetch(`${bridge.api}/admin/v1/flush`);
    assert.equal(method.status, 405);
  });

  test('no path leaves the lake on deletion', async () => {
    for (const path of ['..', '%2e%2e', '%2E%2E/x', 'a/../../b', '%00', 'date=x/%2e%2e/%2e%2e/etc', '']) {
      const response = await fetch(`${bridge.api}/admin/v1/partitions/traces/${path}`, { method: 'DELETE' });
      assert.ok([400, 404].includes(response.status), `${path}: ${response.status}`);
    }
    assert.equal((await bridge.rows()).length, sample.items);
  });

  test('rows stream as csv and arrow with their content types', async () => {
    const csv = await get('/api/v1/tables/traces/rows?format=csv&select=name,span_id');
    assert.match(csv.headers.get('content-type')!, /^text\/csv/);
    assert.equal((await csv.text()).split(/\r?\n/)[0], 'name,span_id');
    const arrow = await get('/api/v1/tables/traces/rows?format=arrow&select=name,http.route,timestamp&limit=7');
    const table = tableFromIPC(await arrow.arrayBuffer());
    assert.equal(table.numRows, 7);
    assert.deepEqual(
      table.schema.fields.map((field) => field.name),
      ['name', 'http.route', 'timestamp'],
    );
  });

  test('tables, partitions, uploads and the configuration are listed', async () => {
    await bridge.flush();
    const { tables } = (await (await get('/api/v1/tables')).json()) as { tables: { table: string; rows: number }[] };
    assert.deepEqual(
      tables.map(({ table, rows }) => [table, rows]),
      [
        ['traces', sample.items],
        ['logs', 0],
        ['metrics', 0],
      ],
    );
    for (const path of ['/api/v1/partitions?table=traces', '/admin/v1/partitions?prefix=date']) {
      const { partitions } = (await (await get(path)).json()) as { partitions: { rows: number }[] };
      assert.equal(
        partitions.reduce((sum, { rows }) => sum + rows, 0),
        sample.items,
        path,
      );
    }
    assert.deepEqual(await (await get('/admin/v1/uploads')).json(), { uploads: [] });
    assert.match(await (await get('/admin/v1/config')).text(), /max_request_bytes|maxRequestBytes/);
  });
});

test('tokens are asked for where they are configured, each for its own routes', async (t) => {
  const folder = tempFolder(t);
  for (const role of ['ingest', 'read', 'admin']) writeFileSync(join(folder, role), `# ${role}\n${role}-secret\n`);
  const toml = ['ingest', 'read', 'admin'].map((role) => `${role}_token_file = "${join(folder, role)}"`).join('\n');
  const bridge = await startBridge(t, `[server.auth]\n${toml}`);
  const bearer = (role: string) => ({ authorization: `Bearer ${role}-secret` });
  assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 401);
  assert.equal((await exportHttp(bridge.otlp, sample.body, 'protobuf', bearer('read'))).status, 401);
  assert.equal((await exportHttp(bridge.otlp, sample.body, 'protobuf', bearer('ingest'))).status, 200);
  const rows = `${bridge.api}/api/v1/tables/traces/rows`;
  assert.equal((await fetch(rows)).status, 401);
  assert.equal((await fetch(rows, { headers: bearer('read') })).status, 200);
  assert.equal((await fetch(`${bridge.api}/admin/v1/flush`, { method: 'POST', headers: bearer('read') })).status, 401);
  assert.equal((await fetch(`${bridge.api}/admin/v1/flush`, { method: 'POST', headers: bearer('admin') })).status, 200);
  assert.equal((await fetch(`${bridge.api}/healthz`)).status, 200);
});
