import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { startBridge } from '../support/daemon.ts';
import { readSamples } from '../support/samples.ts';
import { exportHttp } from '../support/send.ts';

const SAMPLE = readSamples('traces').find(({ encoding, items }) => encoding === 'protobuf' && items > 100)!;

test("a stranger's object under a commit's key stays as it is, is reported, and stops no other commit", async (t) => {
  const bridge = await startBridge(
    t,
    '[partitioning]\ntype = "hash"\nfield = "trace_id"\nnum_partitions = 1\n[operations]\nlanes = 1\n',
  );
  const get = async (path: string) => (await fetch(`${bridge.api}${path}`)).text();
  await exportHttp(bridge.otlp, SAMPLE.body);
  const [segment] = readdirSync(join(bridge.folder, 'journal/segments'));
  const key = `traces/trace_id_bucket=0/${segment!.replace('.segment', '.parquet')}`;
  const file = join(bridge.folder, 'lake', key);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, 'of somebody else');

  const flush = await fetch(`${bridge.api}/admin/v1/flush`, { method: 'POST' });
  assert.equal(flush.status, 409);
  const { error } = (await flush.json()) as { error: { message: string; hint: string } };
  assert.ok(error.message.includes(key), error.message);
  assert.match(error.hint, /safe in the journal.*move it away/);
  const stored = { buffered: 'false', select: 'span_id' };
  await exportHttp(bridge.otlp, SAMPLE.body);
  await fetch(`${bridge.api}/admin/v1/flush`, { method: 'POST' });
  assert.equal((await bridge.rows(stored)).length, SAMPLE.items);
  assert.ok((await get('/readyz')).includes(key));
  assert.match(await get('/metrics'), /^otel_lake_commit_failures_total\{code="already_exists"\} \d/m);
  assert.equal(readFileSync(file, 'utf8'), 'of somebody else');
  assert.deepEqual(readdirSync(join(bridge.folder, 'journal/segments')), [segment]);

  rmSync(file);
  await bridge.flush();
  assert.equal((await bridge.rows(stored)).length, 2 * SAMPLE.items);
  assert.deepEqual(JSON.parse(await get('/readyz')).ready, true);
});
