import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { tableFromIPC } from 'apache-arrow';
import { runCli, startCli } from '../support/cli.ts';
import { spawnBridge, testToml } from '../support/daemon.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { tempFolder } from '../support/temp.ts';

const sample = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;
const COMMANDS = [
  'serve',
  'read',
  'trace',
  'partitions',
  'partitions list',
  'partitions delete',
  'tables',
  'flush',
  'replay',
  'scan',
  'manifest read',
  'manifest write',
  'lake check',
  'config check',
  'config show',
  'version',
];

for (const command of COMMANDS) {
  test(`otel-lake ${command} --help says what it does, with an example`, async () => {
    const { code, stdout } = await runCli([...command.split(' '), '--help']);
    assert.equal(code, 0);
    assert.match(stdout, /Usage: otel-lake/);
    assert.match(stdout, command === 'partitions' ? /list.*\n.*delete/s : /Examples?:\n {2}otel-lake/);
  });
}

test('otel-lake --version prints the version', async () => {
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  assert.deepEqual(await runCli(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
});

test('wrong use exits 2 and says what is known', async () => {
  const unknown = await runCli(['raed', 'traces']);
  assert.equal(unknown.code, 2);
  assert.match(unknown.stderr, /read/);
  const option = await runCli(['read', 'traces', '--limit', 'many']);
  assert.equal(option.code, 2);
  assert.match(option.stderr, /whole number/);
});

test('a bad configuration exits 2 and names the key', async (t) => {
  const file = join(tempFolder(t), 'bad.toml');
  writeFileSync(file, '[parquet]\ncompresion = "ZSTD"\n');
  const { code, stderr } = await runCli(['config', 'check', '--config', file]);
  assert.equal(code, 2);
  assert.match(stderr, /parquet\.compresion/);
  assert.match(stderr, /compression/);
});

test('a taken port exits 2 and names the key', async (t) => {
  const folder = tempFolder(t);
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  t.after(() => taken.close());
  const { port } = taken.address() as { port: number };
  for (const key of ['otlp_grpc', 'otlp_http', 'api']) {
    const file = join(folder, `${key}.toml`);
    writeFileSync(file, testToml(folder).replace(`${key} = "127.0.0.1:0"`, `${key} = "127.0.0.1:${port}"`));
    const { code, stderr } = await runCli(['serve', '--config', file]);
    assert.equal(code, 2, stderr);
    assert.match(stderr, new RegExp(`server\\.${key}.*taken`));
  }
});

test('a journal that cannot be made exits 2 and names the key', async (t) => {
  const folder = tempFolder(t);
  writeFileSync(join(folder, 'journal'), 'a file where the folder should be');
  const file = join(folder, 'test.toml');
  writeFileSync(file, testToml(folder));
  const { code, stderr } = await runCli(['serve', '--config', file]);
  assert.equal(code, 2, stderr);
  assert.match(stderr, /journal\.path/);
});

describe('with a lake', () => {
  const cleanups: (() => void)[] = [];
  let bridge: Awaited<ReturnType<typeof spawnBridge>>;
  let lake: string[];

  before(async () => {
    const folder = tempFolder({ after: (fn: () => void) => void cleanups.push(fn) } as never);
    bridge = await spawnBridge(folder);
    assert.equal((await exportHttp(bridge.otlp, sample.body)).status, 200);
    lake = ['--config', bridge.configFile, '--url', bridge.api];
  });
  after(() => {
    bridge.process.kill('SIGKILL');
    for (const cleanup of cleanups) cleanup();
  });

  test('rows are read through the running bridge and straight from its journal alike', async () => {
    for (const way of [['--url', bridge.api], ['--direct']]) {
      const { code, stdout, stderr } = await runCli(['read', 'traces', '--config', bridge.configFile, ...way]);
      assert.equal(code, 0, stderr);
      assert.equal(stdout.trimEnd().split('\n').length, sample.items);
    }
  });

  test('read takes filter, select, limit and format', async () => {
    const all = await bridge.rows();
    const kind = all[0]!.kind as string;
    const wanted = all.filter((row) => row.kind === kind).length;
    const filtered = await runCli([
      'read',
      'traces',
      ...lake,
      '--filter',
      `kind = '${kind}'`,
      '--select',
      'kind,name',
      '--format',
      'csv',
    ]);
    const lines = filtered.stdout.trimEnd().split(/\r?\n/);
    assert.equal(lines[0], 'kind,name');
    assert.equal(lines.length, wanted + 1);
    const limited = await runCli(['read', 'traces', ...lake, '--limit', '3', '--json']);
    assert.equal(limited.stdout.trimEnd().split('\n').length, 3);
    const table = await runCli(['read', 'traces', ...lake, '--limit', '3', '--format', 'table']);
    assert.match(table.stdout, /timestamp.*service_name/);
    assert.match(table.stdout, /3 rows/);
  });

  for (const command of ['read --help', 'read traces --format table', 'read traces', 'tables', 'config show']) {
    test(`otel-lake ${command} ends quietly where nobody reads its output`, async () => {
      const lake = command.includes('--help') ? [] : ['--config', bridge.configFile];
      const cli = startCli([...command.split(' '), ...lake]);
      cli.process.stdout!.destroy();
      const { code, stderr } = await cli.done;
      assert.deepEqual([code, stderr], [0, '']);
    });
  }

  test('read writes Arrow to a file', async () => {
    const file = join(bridge.folder, 'rows.arrow');
    const { code, stderr } = await runCli(['read', 'traces', ...lake, '--format', 'arrow', '--out', file]);
    assert.equal(code, 0, stderr);
    assert.equal(tableFromIPC(readFileSync(file)).numRows, sample.items);
  });

  test('a filter that cannot be understood exits 1 and says where', async () => {
    const { code, stderr } = await runCli(['read', 'traces', ...lake, '--filter', 'name =']);
    assert.equal(code, 1);
    assert.match(stderr, /column 7/);
  });

  test('flush, tables, partitions list and delete tell one story, as tables and as JSON', async () => {
    const flushed = await runCli(['flush', ...lake]);
    assert.equal(flushed.code, 0, flushed.stderr);
    assert.match(flushed.stdout, /date=/);

    const tables = await runCli(['tables', ...lake, '--json']);
    const [info] = tables.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { table: string; rows: number });
    assert.equal(info!.table, 'traces');
    assert.equal(info!.rows, sample.items);
    assert.match((await runCli(['tables', 'traces', ...lake])).stdout, /trace_id/);

    const listed = await runCli(['partitions', 'list', ...lake, '--json']);
    const partitions = listed.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { partition: string; rows: number });
    assert.equal(
      partitions.reduce((sum, { rows }) => sum + rows, 0),
      sample.items,
    );
    const { partition, rows } = partitions[0]!;
    assert.ok((await runCli(['partitions', 'list', ...lake])).stdout.includes(partition));

    const dry = await runCli(['partitions', 'delete', 'traces', partition, ...lake, '--dry-run']);
    assert.match(dry.stdout, /^Would delete/);
    assert.equal((await bridge.rows()).length, sample.items);
    const deleted = await runCli(['partitions', 'delete', 'traces', partition, ...lake]);
    assert.match(deleted.stdout, /^Deleted .* Receipt /);
    assert.equal((await bridge.rows()).length, sample.items - rows);
    const none = ['--prefix', 'date=1999-01-01'];
    assert.equal((await runCli(['partitions', 'list', ...lake, ...none])).stdout, 'No partition there.\n');
    assert.equal((await runCli(['partitions', 'list', ...lake, ...none, '--json'])).stdout, '');
    assert.equal((await runCli(['uploads', 'list', ...lake])).stdout, 'No upload is open.\n');
    const again = await runCli(['partitions', 'delete', 'traces', partition, ...lake]);
    assert.equal(again.code, 1);
  });
});
