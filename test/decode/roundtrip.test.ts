import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toProtobuf } from '../../src/decode/body.ts';
import { SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { decode, encode, type PlainMessage } from '../../src/decode/protobuf-writer.ts';
import type { SignalName } from '../../src/model/signal.ts';
import { plainMessage, withValidIds } from './arbitraries.ts';
import { canonicalItems, expectedItems, sampleBody, sampleList } from './canonical.ts';
import { normalised } from './normalise.ts';
import { EXPECTED, LIMITS } from './signal-rows.ts';
import { type Returned, throughColumns, throughParquet } from './through-lake.ts';

/** Requests of one scope with many items: generated whole requests have few. */
const ITEMS: Readonly<Record<SignalName, fc.Arbitrary<PlainMessage>>> = {
  traces: plainMessage('Span').map((span) => ({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })),
  logs: plainMessage('LogRecord').map((record) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] })),
  metrics: plainMessage('Metric').map((metric) => ({ resourceMetrics: [{ scopeMetrics: [{ metrics: [metric] }] }] })),
};

function assertSame(signal: SignalName, sent: PlainMessage, { request, result }: Returned): void {
  const { request: name } = SERVICE_MESSAGES[signal];
  assert.equal(result.rejected, 0, result.reason);
  assert.deepEqual(decode(name, encode(name, request)), normalised(signal, sent));
}

for (const signal of ['traces', 'logs', 'metrics'] as const) {
  const { request: name } = SERVICE_MESSAGES[signal];
  const whole = plainMessage(name);
  const many = fc.array(ITEMS[signal], { minLength: 1, maxLength: 6 }).map(joined);
  const requests = fc.oneof(whole, many).map((request) => withValidIds(name, request));

  test(`any request of ${signal} comes back from the columns as it went in`, () => {
    fc.assert(
      fc.property(requests, (sent) => assertSame(signal, sent, throughColumns(signal, encode(name, sent)))),
      { numRuns: 600 },
    );
  });

  test(`any request of ${signal} comes back from a Parquet file as it went in`, async () => {
    await fc.assert(
      fc.asyncProperty(requests, async (sent) => {
        assertSame(signal, sent, await throughParquet(signal, encode(name, sent)));
      }),
      { numRuns: 120 },
    );
  });
}

/** The items of several requests in one. */
function joined(requests: readonly PlainMessage[]): PlainMessage {
  const [list] = Object.keys(requests[0]!) as [string];
  return { [list]: requests.flatMap((request) => request[list] as PlainMessage[]) };
}

const expected = expectedItems();

for (const { file, signal, encoding: contentType } of sampleList()) {
  test(`the captured request ${file} comes back from a Parquet file with the expected items`, async () => {
    const options = { signal, contentType, contentEncoding: 'identity', maxBytes: 1e8, limits: LIMITS } as const;
    const { request, result } = await throughParquet(signal, toProtobuf(sampleBody(file), options));
    const items = (expected.get(file) ?? []) as Record<string, unknown>[];
    const taken = items.filter(EXPECTED[signal].isTaken);
    const lines = (list: object[]) => list.map((item) => JSON.stringify(item, sortedKeys)).sort();
    assert.deepEqual(lines(canonicalItems(signal, request)), lines(taken));
    assert.equal(result.rejected, items.length - taken.length);
  });
}

function sortedKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
