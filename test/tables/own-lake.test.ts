/** The bridge's own files are Parquet files too: the README's walk-through. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { before, describe, test } from 'node:test';
import { runCli } from '../support/cli.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { sharedBridge } from '../support/shared-bridge.ts';

describe('a lake of the bridge', () => {
  const bridge = sharedBridge();
  let rows: Record<string, unknown>[];
  before(async () => {
    for (const { body, encoding } of readSamples('traces').slice(0, 5)) {
      assert.equal((await exportHttp(bridge.otlp, body, encoding)).status, 200);
    }
    await bridge.flush();
    rows = await bridge.rows();
    assert.ok(rows.length > 10);
  });

  test('is scanned by its folder: counts, extremes, attributes', async () => {
    const folder = join(bridge.folder, 'lake/traces');
    const counted = await runCli(['scan', folder, '--count', '--min', 'timestamp', '--json']);
    const least = rows.map(({ timestamp }) => String(timestamp)).toSorted()[0];
    assert.deepEqual(JSON.parse(counted.stdout), { 'count(*)': rows.length, 'min(timestamp)': least });
    const { kind } = rows[0]!;
    const some = await runCli([
      'scan',
      `${folder}/**/*.parquet`,
      '--filter',
      `kind = '${kind}'`,
      '--select',
      'name,attributes',
    ]);
    assert.equal(some.stdout.trim().split('\n').length, rows.filter((row) => row.kind === kind).length);
  });

  test('is written down as a manifest and read by it', async () => {
    const manifest = join(bridge.folder, 'traces.json');
    const written = await runCli(['manifest', 'write', join(bridge.folder, 'lake/traces/'), '--to', manifest]);
    assert.equal(written.code, 0, written.stderr);
    const read = await runCli(['manifest', 'read', manifest]);
    assert.match(read.stdout, new RegExp(`^(\\d+) of \\1 files?, ${rows.length.toLocaleString('en-US')} rows, `, 'm'));
  });
});
