import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { runCli } from '../support/cli.ts';
import { startBridge } from '../support/daemon.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';

const SAMPLES = SIGNAL_LIST.map(({ name }) => readSamples(name).find(({ encoding }) => encoding === 'json')!);

const TOML = `
[parquet]
sort_by = ["service_name", "duration_nano", "severity_number", "metric_name"]
bloom_filter_columns = ["trace_id", "metric_name"]
[tables.metrics]
promote = [{ attribute = "host.name" }]
[partitioning]
type = "hash"
field = "trace_id"
num_partitions = 4
`;

test('tables of one lake have what they share and go without the columns of others', async (t) => {
  const bridge = await startBridge(t, TOML);
  for (const { body, encoding, signal } of SAMPLES) {
    assert.equal((await exportHttp(bridge.otlp, body, encoding, {}, signal)).status, 200);
  }
  await bridge.flush();
  for (const { signal, items } of SAMPLES) {
    const rows = await bridge.rows({ buffered: 'false' }, signal);
    assert.equal(rows.length, items, signal);
    assert.equal('host_name' in rows[0]!, signal === 'metrics');
  }
  const info = await fetch(`${bridge.api}/api/v1/tables`);
  const { tables } = (await info.json()) as { tables: { table: string; rows: number; files: number }[] };
  assert.deepEqual(
    tables.map(({ table, rows }) => [table, rows]),
    SAMPLES.map(({ signal, items }) => [signal, items]),
  );
});

test('a disabled table is neither received nor listed', async (t) => {
  const bridge = await startBridge(t, '[tables.metrics]\nenabled = false\n');
  const [, , metrics] = SAMPLES;
  assert.equal((await exportHttp(bridge.otlp, metrics!.body, 'json', {}, 'metrics')).status, 404);
  const { stdout } = await runCli(['tables', '--json', '--config', bridge.configFile]);
  assert.deepEqual(
    stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { table: string }).table),
    ['traces', 'logs'],
  );
});
