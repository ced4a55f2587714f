import assert from 'node:assert/strict';
import { test } from 'node:test';
import { startBridge, type TestBridge } from '../support/daemon.ts';
import { expectedSpan, normalRow } from '../support/expected-rows.ts';
import { readExpected, readSamples } from '../support/samples.ts';
import { exportGrpc, exportHttp } from '../support/send.ts';

const samples = readSamples('traces');
const expected = readExpected('traces');

/** Both sides as sorted text, because files of one lake are read in no promised order. */
async function assertRows(bridge: TestBridge, files: readonly string[]): Promise<void> {
  const wanted = files.flatMap((file) => expected.get(file) ?? []).map((item) => canonical(expectedSpan(item)));
  const found = (await bridge.rows()).map((row) => canonical(normalRow(row)));
  assert.equal(found.length, wanted.length);
  assert.deepEqual(found.sort(), wanted.sort());
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    const isObject = inner !== null && typeof inner === 'object' && !Array.isArray(inner);
    return isObject ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner;
  });
}

test('every captured request over HTTP is read back field by field, before and after the flush', async (t) => {
  const bridge = await startBridge(t);
  for (const { file, encoding, body } of samples) {
    const response = await exportHttp(bridge.otlp, body, encoding);
    assert.equal(response.status, 200, file);
    assert.equal(await response.text(), encoding === 'json' ? '{}' : '', file);
  }
  const files = samples.map(({ file }) => file);
  await assertRows(bridge, files);
  await bridge.flush();
  await assertRows(bridge, files);
});

test('every captured protobuf request over gRPC is read back field by field', async (t) => {
  const bridge = await startBridge(t);
  const sent = samples.filter(({ encoding }) => encoding === 'protobuf');
  for (const { file, body } of sent) assert.equal((await exportGrpc(bridge.grpc, body)).length, 0, file);
  await bridge.flush();
  await assertRows(
    bridge,
    sent.map(({ file }) => file),
  );
});
