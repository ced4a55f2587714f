/** `otel-lake read` as a process of its own: formats, summaries, and what it says when a read breaks off. */
import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import { readParquet } from 'parquet-wasm/node';
import { span, toParquet } from '../read/rows.ts';
import { runCli } from '../support/cli.ts';
import { startBridge } from '../support/daemon.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { sharedBridge } from '../support/shared-bridge.ts';
import { tempFolder } from '../support/temp.ts';

const sample = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;

describe('otel-lake read', () => {
  const bridge = sharedBridge();
  const read = (...args: string[]) =>
    runCli(['read', 'traces', '--config', bridge.configFile, '--url', bridge.api, ...args]);

  before(async () => {
    assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 200);
  });

  test('every format goes to a file or a pipe', async () => {
    const out = join(bridge.folder, 'rows.parquet');
    assert.equal((await read('--format', 'parquet', '--out', out)).code, 0);
    assert.equal(tableFromIPC(readParquet(readFileSync(out)).intoIPCStream()).numRows, sample.items);
    assert.equal(JSON.parse((await read('--format', 'json')).stdout).length, sample.items);
    const otlp = (await read('--format', 'otlp-json', '--limit', '3')).stdout;
    assert.equal((await exportHttp(bridge.otlp, otlp, 'json')).status, 200);
  });

  test('--json ends with a summary on standard error, through the bridge and without it', async () => {
    for (const way of [['--url', bridge.api], ['--direct']]) {
      const command = ['read', 'traces', '--config', bridge.configFile, ...way, '--limit', '7', '--json'];
      const { stdout, stderr, code } = await runCli(command);
      assert.equal(code, 0);
      assert.equal(stdout.trimEnd().split('\n').length, 7);
      const summary = JSON.parse(stderr) as Record<string, unknown>;
      assert.deepEqual([summary.rows, summary.skippedFiles], [7, 0]);
      assert.equal(typeof summary.elapsedMs, 'number');
    }
  });

  test('--json has its summary beside any format, and none beside a table', async () => {
    const out = join(bridge.folder, 'rows.arrows');
    const { stdout, stderr, code } = await read('--format', 'arrow', '--out', out, '--limit', '7', '--json');
    assert.deepEqual([code, stdout, JSON.parse(stderr).rows], [0, '', 7]);
    assert.equal(tableFromIPC(readFileSync(out)).numRows, 7);
    const refused = await read('--format', 'table', '--json');
    assert.deepEqual([refused.code, refused.stdout], [2, '']);
    assert.match(refused.stderr, /--json and --format table contradict each other/);
  });

  test('without a terminal and without --json standard error stays silent', async () => {
    assert.equal((await read('--limit', '7')).stderr, '');
  });

  describe('with a file that is damaged behind a good one', () => {
    const good = Array.from({ length: 3000 }, (_, i) => span(i, { status_message: `${i} `.repeat(60) }));
    before(() => {
      const folder = join(bridge.folder, 'lake/traces/x=1');
      mkdirSync(folder, { recursive: true });
      const file = toParquet(good);
      writeFileSync(join(folder, 'a.parquet'), file);
      writeFileSync(join(folder, 'b.parquet'), Buffer.from(file).fill(0xaa, 4, 1000));
    });

    test('a read that breaks off exits 1, names the file, says that the output is not complete, and leaves no file', async () => {
      const piped = await read('-p', 'x=1');
      assert.equal(piped.code, 1);
      assert.match(piped.stderr, /b\.parquet cannot be read as Parquet.*; the output above is not complete/);
      assert.ok(piped.stdout.length > 0);
      const out = join(bridge.folder, 'cut.ndjson');
      const file = await read('-p', 'x=1', '--out', out);
      assert.equal(file.code, 1);
      assert.match(file.stderr, /cut\.ndjson was not written/);
      assert.deepEqual(
        readdirSync(bridge.folder).filter((name) => name.includes('cut')),
        [],
      );
    });

    test('--on-error skip gives the rest, exits 0 and names what was left out', async () => {
      const { code, stdout, stderr } = await read('-p', 'x=1', '--on-error', 'skip');
      assert.equal(code, 0);
      assert.equal(stdout.trimEnd().split('\n').length, good.length);
      assert.match(stderr, /^otel-lake: left out: traces\/x=1\/b\.parquet cannot be read as Parquet/);
    });
  });
});

test('commands reach a bridge whose api is a Unix socket', async (t) => {
  const socket = join(tempFolder(t), 'api.sock');
  const bridge = await startBridge(t, `[server]\napi = "unix:${socket}"\n`);
  assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 200);
  for (const way of [[], ['--url', `unix:${socket}`]]) {
    const lake = ['--config', bridge.configFile, ...way];
    const { stdout, stderr, code } = await runCli(['read', 'traces', ...lake, '--json']);
    assert.equal(code, 0, stderr);
    assert.equal(stdout.trimEnd().split('\n').length, sample.items);
  }
  const flushed = await runCli(['flush', '--config', bridge.configFile, '--json']);
  assert.equal(flushed.code, 0, flushed.stderr);
  assert.match(flushed.stdout, /commitId/);
});

test('an address where no bridge is says which, and what to do', async () => {
  for (const url of ['http://127.0.0.1:9', 'unix:/nowhere/api.sock']) {
    const { code, stderr } = await runCli(['read', 'traces', '--url', url]);
    assert.equal(code, 1);
    assert.ok(stderr.includes(`the bridge at ${url} does not answer`), stderr);
    assert.match(stderr, /--direct/);
  }
  const { code, stderr } = await runCli(['read', 'traces', '--url', 'lake']);
  assert.equal(code, 2);
  assert.match(stderr, /--url lake is no address of a bridge/);
});
