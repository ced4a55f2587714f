/** `read --follow`, `--after` and `--cursor-file` against bridges that go on writing. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { runCli, startCli } from '../support/cli.ts';
import { spawnBridge } from '../support/daemon.ts';
import { exportHttp } from '../support/send.ts';
import { sharedBridge } from '../support/shared-bridge.ts';
import { tempFolder } from '../support/temp.ts';
import { namesIn, uniqueSpans } from '../support/unique-spans.ts';
import { until } from '../support/until.ts';

async function write(otlp: string, first: number, count: number): Promise<string[]> {
  assert.equal((await exportHttp(otlp, uniqueSpans('span', first, count), 'json')).status, 200);
  return Array.from({ length: count }, (_, i) => `span-${first + i}`);
}

describe('with a bridge', () => {
  const bridge = sharedBridge();
  const lake = () => ['traces', '--config', bridge.configFile, '--url', bridge.api];
  let written: string[];

  before(async () => {
    written = await write(bridge.otlp, 0, 100);
    await bridge.flush();
  });

  test('--after begin gives what is committed, and the cursor to go on with', async () => {
    const first = await runCli(['read', ...lake(), '--after', 'begin']);
    assert.deepEqual(namesIn(first.stdout), written.toSorted());
    const cursor = /go on with --after ([\w-]+)\n/.exec(first.stderr)![1]!;
    const second = await runCli(['read', ...lake(), '--after', cursor, '--json']);
    assert.equal(second.stdout, '');
    assert.match((JSON.parse(second.stderr) as { cursor: string }).cursor, /^[\w-]+$/);
  });

  test('a cursor that is none, or of another table, exits 1 and says so', async () => {
    const { stderr } = await runCli(['read', ...lake(), '--after', 'now']);
    const cursor = /--after ([\w-]+)\n/.exec(stderr)![1]!;
    const wrong = await runCli(['read', 'logs', ...lake().slice(1), '--after', cursor]);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, /is of table traces, and this is a read of logs\n {2}Give the cursor/);
    assert.equal((await runCli(['read', ...lake(), '--after', 'yesterday'])).code, 1);
    const buffered = await fetch(`${bridge.api}/api/v1/tables/traces/rows?after=begin&buffered=true`);
    assert.equal(buffered.status, 400);
  });

  test('a cursor file takes each run on from the one before, and stays where one fails', async () => {
    const file = join(bridge.folder, 'cursor');
    const args = ['read', ...lake(), '--cursor-file', file];
    const names: string[] = [];
    for (const limit of ['30', '30', '30', '30', '30']) {
      const { stdout, code } = await runCli([...args, '--limit', limit]);
      assert.equal(code, 0);
      names.push(...namesIn(stdout));
    }
    assert.deepEqual(names.toSorted(), written.toSorted());
    const kept = readFileSync(file, 'utf8');
    assert.equal((await runCli([...args, '--filter', 'nmae = 1'])).code, 1);
    assert.equal(readFileSync(file, 'utf8'), kept);
    assert.ok(!existsSync(`${file}.new`));
  });

  test('the cursor also stands in a header, for clients that see no trailers', async () => {
    const at = (after: string) => fetch(`${bridge.api}/api/v1/tables/traces/rows?after=${after}`);
    const first = await at('begin');
    assert.deepEqual(namesIn(await first.text()), written.toSorted());
    const second = await at(first.headers.get('lake-cursor')!);
    assert.equal(await second.text(), '');
    assert.match(second.headers.get('lake-cursor')!, /^[\w-]+$/);
  });

  test('--follow gives what is committed as it comes, and ends with 0 on Ctrl-C, SIGTERM and at a limit', async () => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      const cli = startCli(['read', ...lake(), '--follow', '--interval', '0.05', '--json']);
      await until(
        () => namesIn(cli.stdout).length === written.length,
        () => cli.stdout + cli.stderr,
      );
      written.push(...(await write(bridge.otlp, written.length, 10)));
      await bridge.flush();
      await until(
        () => namesIn(cli.stdout).length === written.length,
        () => cli.stdout + cli.stderr,
      );
      cli.process.kill(signal);
      const { code, stdout, stderr } = await cli.done;
      assert.equal(code, 0, stderr);
      assert.deepEqual(namesIn(stdout), written.toSorted());
      assert.equal((JSON.parse(stderr) as { rows: number }).rows, written.length);
    }
    const limited = await runCli(['read', ...lake(), '--follow', '--interval', '0.05', '--limit', '25']);
    assert.deepEqual([limited.code, namesIn(limited.stdout).length], [0, 25]);
  });

  test('--follow gives NDJSON and nothing else, and refuses an interval that is none', async () => {
    const csv = await runCli(['read', ...lake(), '--follow', '--format', 'csv']);
    assert.equal(csv.code, 2);
    assert.match(csv.stderr, /--follow gives ndjson, not csv/);
    assert.equal((await runCli(['read', ...lake(), '--follow', '--interval', 'soon'])).code, 2);
  });
});

test('a follower outlives its bridge: it says so, waits, and misses and repeats nothing', async (t) => {
  const folder = tempFolder(t);
  const socket = join(folder, 'api.sock');
  const toml = `[server]\napi = "unix:${socket}"\n`;
  const start = () => spawnBridge(folder, toml);
  const first = await start();
  const lake = ['traces', '--config', first.configFile, '--url', `unix:${socket}`];
  const cli = startCli(['read', ...lake, '--follow', '--interval', '0.05']);
  t.after(() => cli.process.kill('SIGKILL'));
  const written = await write(first.otlp, 0, 50);
  assert.equal((await runCli(['flush', ...lake.slice(1)])).code, 0);
  await until(
    () => namesIn(cli.stdout).length === 50,
    () => cli.stdout + cli.stderr,
  );
  written.push(...(await write(first.otlp, 50, 50)));
  first.process.kill('SIGKILL');
  await until(
    () => cli.stderr.includes('trying again'),
    () => cli.stderr,
  );
  rmSync(socket, { force: true });
  const second = await start();
  t.after(() => second.process.kill('SIGKILL'));
  // Its start commits what the first one left in the journal.
  await until(
    () => namesIn(cli.stdout).length >= 100,
    () => cli.stdout + cli.stderr,
  );
  assert.match(cli.stderr, /reading on through the bridge at unix:/);
  cli.process.kill('SIGINT');
  const { code, stdout } = await cli.done;
  assert.equal(code, 0);
  assert.deepEqual(namesIn(stdout), written.toSorted());
});
