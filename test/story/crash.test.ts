import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { spawnBridge } from '../support/daemon.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';
import { tempFolder } from '../support/temp.ts';

const samples = readSamples('traces').filter(({ file, encoding }) => {
  return encoding === 'protobuf' && !/01(34|40|46)/.test(file); // those have spans without ids, which are refused
});
const total = samples.reduce((sum, { items }) => sum + items, 0);

function parquetFiles(folder: string): string[] {
  return readdirSync(join(folder, 'lake'), { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.parquet'),
  );
}

test('what was acknowledged before a kill -9 is in the lake once after the next start', async (t) => {
  const folder = tempFolder(t);
  const first = await spawnBridge(folder);
  for (const { body } of samples) assert.equal((await exportHttp(first.otlp, body)).status, 200);
  first.process.kill('SIGKILL');
  await once(first.process, 'exit');
  assert.deepEqual(parquetFiles(folder), []);

  const second = await spawnBridge(folder);
  t.after(() => second.process.kill('SIGKILL'));
  await second.flush();
  assert.equal((await second.rows({ select: 'span_id' })).length, total);
  assert.equal((await second.rows({ select: 'span_id', buffered: 'false' })).length, total);
  assert.deepEqual(readdirSync(join(folder, 'journal', 'segments')), []);
});

test('a stop by SIGTERM commits what is buffered and exits 0', async (t) => {
  const folder = tempFolder(t);
  const bridge = await spawnBridge(folder);
  for (const { body } of samples.slice(0, 3)) assert.equal((await exportHttp(bridge.otlp, body)).status, 200);
  bridge.process.kill('SIGTERM');
  const [code] = await once(bridge.process, 'exit');
  assert.equal(code, 0);
  assert.ok(parquetFiles(folder).length > 0);
  assert.deepEqual(readdirSync(join(folder, 'journal', 'segments')), []);

  const again = await spawnBridge(folder);
  t.after(() => again.process.kill('SIGKILL'));
  const rows = await again.rows({ select: 'span_id' });
  assert.equal(
    rows.length,
    samples.slice(0, 3).reduce((sum, { items }) => sum + items, 0),
  );
});

test('a segment is sealed by age with no new input', async (t) => {
  const folder = tempFolder(t);
  const bridge = await spawnBridge(folder, '[flush]\nmax_age_seconds = 1');
  t.after(() => bridge.process.kill('SIGKILL'));
  await exportHttp(bridge.otlp, samples[0]!.body);
  const deadline = Date.now() + 20_000;
  while (parquetFiles(folder).length === 0 && Date.now() < deadline)
    await new Promise((resolve) => setTimeout(resolve, 100));
  assert.ok(parquetFiles(folder).length > 0);
});
