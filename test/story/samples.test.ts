import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { decode } from '../../src/decode/protobuf-writer.ts';
import { SIGNALS, type SignalName } from '../../src/model/signal.ts';
import { startBridge, type TestBridge } from '../support/daemon.ts';
import { expectedLog, expectedPoint, expectedSpan, normalRow } from '../support/expected-rows.ts';
import { readExpected, readSamples, type Sample } from '../support/samples.ts';
import { exportGrpc, exportHttp, exportPath } from '../support/send.ts';

type Item = Record<string, unknown>;

/** The row of a canonical item, and whether it is taken: some generated spans have no ids and are refused alone. */
const RULES: Readonly<Record<SignalName, { row(item: Item): Item; isTaken(item: Item): boolean }>> = {
  traces: {
    row: expectedSpan,
    isTaken: ({ span }) => {
      const { trace_id, span_id } = span as Record<string, string>;
      return trace_id!.length === 32 && span_id!.length === 16;
    },
  },
  logs: { row: expectedLog, isTaken: () => true },
  metrics: { row: expectedPoint, isTaken: () => true },
};

for (const signal of ['traces', 'logs', 'metrics'] as const) {
  const samples = readSamples(signal);
  const expected = readExpected(signal);
  const { row, isTaken } = RULES[signal];
  const takenItems = (file: string) => (expected.get(file) ?? []).filter(isTaken);

  /** The count an answer gives in `partial_success`. */
  function rejectedIn(answer: Uint8Array, encoding: Sample['encoding']): number {
    const text = new TextDecoder().decode(answer);
    const message = encoding === 'json' ? JSON.parse(text) : decode(SERVICE_MESSAGES[signal].response, answer);
    const { partialSuccess } = message as { partialSuccess?: Record<string, string | bigint> };
    return Number(partialSuccess?.[SIGNALS[signal].rejectedField] ?? 0);
  }

  /** Both sides as sorted text, because files of one lake are read in no promised order. */
  async function assertRows(bridge: TestBridge, files: readonly string[]): Promise<void> {
    const wanted = files.flatMap(takenItems).map((item) => canonical(row(item)));
    const found = (await bridge.rows({}, signal)).map((read) => canonical(normalRow(read)));
    assert.equal(found.length, wanted.length);
    assert.deepEqual(found.sort(), wanted.sort());
  }

  test(`every captured request of ${signal} over HTTP is read back field by field, before and after the flush`, async (t) => {
    const bridge = await startBridge(t);
    for (const { file, encoding, body, items } of samples) {
      const response = await exportHttp(bridge.otlp, body, encoding, {}, signal);
      assert.equal(response.status, 200, file);
      const answer = new Uint8Array(await response.arrayBuffer());
      assert.equal(rejectedIn(answer, encoding), items - takenItems(file).length, file);
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
      assert.equal(rejectedIn(answer, 'protobuf'), items - takenItems(file).length, file);
    }
    await bridge.flush();
    const files = sent.map(({ file }) => file);
    await assertRows(bridge, files);
  });
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    const isObject = inner !== null && typeof inner === 'object' && !Array.isArray(inner);
    return isObject ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1))) : inner;
  });
}
