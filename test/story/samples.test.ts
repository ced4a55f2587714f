import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { decode } from '../../src/decode/protobuf-writer.ts';
import { SIGNALS } from '../../src/model/signal.ts';
import { startBridge, type TestBridge } from '../support/daemon.ts';
import { expectedLake, rowTexts } from '../support/expected-lake.ts';
import { readSamples, type Sample } from '../support/samples.ts';
import { exportGrpc, exportHttp, exportPath } from '../support/send.ts';

for (const signal of ['traces', 'logs', 'metrics'] as const) {
  const samples = readSamples(signal);
  const expected = expectedLake(signal);

  /** The count an answer gives in `partial_success`. */
  function rejectedIn(answer: Uint8Array, encoding: Sample['encoding']): number {
    const text = new TextDecoder().decode(answer);
    const message = encoding === 'json' ? JSON.parse(text) : decode(SERVICE_MESSAGES[signal].response, answer);
    const { partialSuccess } = message as { partialSuccess?: Record<string, string | bigint> };
    return Number(partialSuccess?.[SIGNALS[signal].rejectedField] ?? 0);
  }

  async function assertRows(bridge: TestBridge, files: readonly string[]): Promise<void> {
    const wanted = expected.texts(files);
    const found = rowTexts(await bridge.rows({}, signal));
    assert.equal(found.length, wanted.length);
    assert.deepEqual(found, wanted);
  }

  test(`every captured request of ${signal} over HTTP is read back field by field, before and after the flush`, async (t) => {
    const bridge = await startBridge(t);
    for (const { file, encoding, body, items } of samples) {
      const response = await exportHttp(bridge.otlp, body, encoding, {}, signal);
      assert.equal(response.status, 200, file);
      const answer = new Uint8Array(await response.arrayBuffer());
      assert.equal(rejectedIn(answer, encoding), items - expected.taken(file), file);
    }
    const files = samples.map(({ file }) => file);
    await assertRows(bridge, files);
    await bridge.flush();
    await assertRows(bridge, files);
  });

  test(`every captured protobuf request of ${signal} over gRPC is read back field by field`, async (t) => {
    const bridge = await startBridge(t);
    const sent = samples.filter(({ encoding }) => encoding === 'protobuf');
    for (const { file, body, items } of sent) {
      const answer = await exportGrpc(bridge.grpc, body, exportPath(signal));
      assert.equal(rejectedIn(answer, 'protobuf'), items - expected.taken(file), file);
    }
    await bridge.flush();
    const files = sent.map(({ file }) => file);
    await assertRows(bridge, files);
  });
}
