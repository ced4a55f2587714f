/** Reads that cannot be carried out: each is answered with what was found, and the bridge goes on. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, before, describe, test } from 'node:test';
import { span, toParquet } from '../read/rows.ts';
import { sharedBridge } from '../support/shared-bridge.ts';

interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly message: string;
  readonly hint: string;
}

const ROWS = 3;

describe('the HTTP interface', () => {
  const bridge = sharedBridge();
  const query = (words: Record<string, string>) => `/api/v1/tables/traces/rows?${new URLSearchParams(words)}`;

  before(() => {
    const folder = join(bridge.folder, 'lake/traces/x=1');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'a.parquet'), toParquet(Array.from({ length: ROWS }, (_, i) => span(i))));
    writeFileSync(join(bridge.folder, 'secret.parquet'), 'outside of the lake');
  });
  afterEach(async () => {
    assert.equal((await bridge.rows({ partition: 'x=1' })).length, ROWS, 'the rest goes on');
  });

  async function refusal(path: string): Promise<Refusal> {
    const response = await fetch(`${bridge.api}${path}`);
    const body = (await response.json()) as { error: Omit<Refusal, 'status'> };
    return { status: response.status, ...body.error };
  }

  /** The request line as it stands: a parser of URLs would take `..` out. */
  function rawStatus(path: string): Promise<string> {
    const { hostname, port } = new URL(bridge.api);
    return new Promise((resolve, reject) => {
      let text = '';
      const socket = connect(Number(port), hostname, () => {
        socket.end(`GET ${path} HTTP/1.1\r\nHost: lake\r\nConnection: close\r\n\r\n`);
      });
      socket.on('data', (chunk) => (text += chunk)).on('error', reject);
      socket.on('close', () => resolve(text));
    });
  }

  const FILTERS: readonly (readonly [name: string, filter: string, message: RegExp])[] = [
    ['an unknown column', 'nmae = 1', /traces has no column nmae/],
    ['an unknown function', "lower(name) = 'x'", /there is no function lower at column 1/],
    ['text against a number', "duration_nano = 'x'", /duration_nano/],
    ['a number against text', 'name > TRUE', /name/],
    ['no time against a timestamp', "timestamp >= 'yesterday'", /yesterday/],
    ['a filter that ends early', 'name =', /column 7/],
    ['a text that is never closed', `name = '${'x'.repeat(12_000)}`, /no closing ' at column 8/],
    ['thousands of brackets', '('.repeat(4_000), /more than 100 conditions in each other/],
  ];
  for (const [name, filter, message] of FILTERS) {
    test(`${name} in a filter is 400 and says what and where`, async () => {
      const { status, code, message: found } = await refusal(query({ filter }));
      assert.deepEqual([status, code], [400, 'invalid_argument']);
      assert.match(found, message);
    });
  }

  test('an unknown table is 404 and names those there are', async () => {
    const { status, message, hint } = await refusal('/api/v1/tables/spans/rows');
    assert.deepEqual([status, message, hint], [404, 'there is no table "spans"', 'Tables: traces, logs, metrics.']);
  });

  test('an unknown column to select is 400 and names the nearest', async () => {
    const { status, message, hint } = await refusal(query({ select: 'trace_id,nmae' }));
    assert.equal(status, 400);
    assert.match(`${message} ${hint}`, /no column nmae.*name/);
  });

  for (const limit of ['-1', '1e9', '1.5', 'all', '9'.repeat(40), 'NaN', '0x10']) {
    test(`limit=${limit} is 400`, async () => {
      const { status, message } = await refusal(query({ limit }));
      assert.deepEqual([status, message], [400, `limit "${limit}" is no whole number of rows`]);
    });
  }

  test('the largest limit is the whole table', async () => {
    assert.equal((await bridge.rows({ limit: String(Number.MAX_SAFE_INTEGER) })).length, ROWS);
  });

  for (const partition of [
    '..',
    '../..',
    'x=1/../../..',
    '%2e%2e',
    'x=1/%2E%2E/%2e%2e',
    'a//b',
    '\0',
    'x=1\0',
    'x=%00',
    '.',
  ]) {
    test(`partition=${JSON.stringify(partition)} is 400 and tells nothing of what lies outside`, async () => {
      for (const path of [query({ partition }), `/api/v1/partitions?${new URLSearchParams({ prefix: partition })}`]) {
        const response = await fetch(`${bridge.api}${path}`);
        const text = await response.text();
        assert.ok(response.status === 400 || text === '{"partitions":[]}\n' || text === '', `${path}: ${text}`);
        assert.doesNotMatch(text, /secret|otel-lake-test/);
      }
      assert.equal((await refusal(query({ partition }))).status, 400);
    });
  }

  test('paths that leave their route are found nowhere', async () => {
    const paths = [
      '/api/v1/tables/../../../etc/passwd',
      '/api/v1/tables/%2e%2e%2f%2e%2e/rows',
      '/api/v1/tables/traces%00/rows',
      '/api/v1/tables/traces%2Frows/rows',
      '/api/v1/traces/..%2f..%2fsecret.parquet',
      '/api/v1/tables/%ff/rows',
    ];
    for (const path of paths) {
      const answer = await rawStatus(path);
      assert.match(answer, /^HTTP\/1\.1 40[04] /, path);
      assert.doesNotMatch(answer, /otel-lake-test|outside of the lake/);
    }
  });

  test('a file that goes away while it is read is named, and the next read does without it', async () => {
    const folder = join(bridge.folder, 'lake/traces/y=1');
    mkdirSync(folder, { recursive: true });
    const many = Array.from({ length: 8000 }, (_, i) => span(i, { status_message: 'm'.repeat(300) }));
    const file = toParquet(many, undefined, 2000);
    const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => join(folder, `${name}.parquet`));
    for (const name of names) writeFileSync(name, file);
    const response = await fetch(`${bridge.api}${query({ partition: 'y=1' })}`, {
      headers: { 'accept-encoding': 'identity' },
    });
    const reader = response.body!.getReader();
    assert.equal((await reader.read()).done, false);
    rmSync(names.at(-1)!);
    // The reader was paused by us: the last file was not opened yet.
    await assert.rejects(async () => {
      for (let part = await reader.read(); !part.done; part = await reader.read());
    });
    const rest = await fetch(`${bridge.api}${query({ partition: 'y=1', select: 'name' })}`);
    assert.equal((await rest.text()).split('\n').length - 1, 5 * many.length);
    rmSync(folder, { recursive: true });
  });

  test('a filter may list a thousand ids', async () => {
    const ids = Array.from({ length: 1000 }, (_, i) => i.toString(16).padStart(32, '0'));
    const rows = await bridge.rows({ partition: 'x=1', filter: `trace_id IN (${ids.map((id) => `'${id}'`).join()})` });
    assert.equal(rows.length, ROWS);
  });

  test('a repeated or unknown parameter is 400 and named', async () => {
    assert.match((await refusal('/api/v1/tables/traces/rows?limit=1&limit=2')).message, /limit is given twice/);
    const { message, hint } = await refusal(query({ fromat: 'csv' }));
    assert.deepEqual([message, hint], ['unknown parameter fromat', 'Did you mean format?']);
  });
});
