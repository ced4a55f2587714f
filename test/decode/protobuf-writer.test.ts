import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { toOtlpJson } from '../../src/decode/json-writer.ts';
import { MESSAGES, type MessageName } from '../../src/decode/messages.ts';
import { decode, encode } from '../../src/decode/protobuf-writer.ts';
import { plainMessage } from './arbitraries.ts';
import { decodeIndependently, encodeIndependently } from './proto-files.ts';

const NAMES = Object.keys(MESSAGES) as MessageName[];
const anyMessage = fc.constantFrom(...NAMES).chain((name) => plainMessage(name).map((message) => ({ name, message })));

test('protobufjs and this encoder write the same bytes for any message', () => {
  fc.assert(
    fc.property(anyMessage, ({ name, message }) => {
      const bytes = encode(name, message);
      assert.deepEqual(Buffer.from(encodeIndependently(name, decodeIndependently(name, bytes))), Buffer.from(bytes));
    }),
    { numRuns: 300 },
  );
});

test('decode gives back what encode was given, defaults left out', () => {
  fc.assert(
    fc.property(anyMessage, ({ name, message }) => {
      const bytes = encode(name, message);
      const read = decode(name, bytes);
      assert.deepEqual(Buffer.from(encode(name, read)), Buffer.from(bytes));
      assert.equal(toOtlpJson(name, read), toOtlpJson(name, message));
    }),
    { numRuns: 300 },
  );
});

test('a partial success and a status with RetryInfo are encoded as their .proto files say', () => {
  const response = encode('ExportTraceServiceResponse', {
    partialSuccess: { rejectedSpans: 3n, errorMessage: 'bad ids' },
  });
  assert.deepEqual(decodeIndependently('ExportTraceServiceResponse', response), {
    partial_success: { rejected_spans: '3', error_message: 'bad ids' },
  });
  const retryInfo = encode('google.rpc.RetryInfo', { retryDelay: { seconds: 2n, nanos: 500_000_000 } });
  const typeUrl = 'type.googleapis.com/google.rpc.RetryInfo';
  const status = encode('google.rpc.Status', { code: 14, message: 'full', details: [{ typeUrl, value: retryInfo }] });
  assert.deepEqual(decodeIndependently('google.rpc.Status', status), {
    code: 14,
    message: 'full',
    details: [{ type_url: typeUrl, value: Buffer.from(retryInfo).toString('base64') }],
  });
  assert.deepEqual(encode('ExportTraceServiceResponse', {}), new Uint8Array(0));
});

test('OTLP/JSON has hex ids, 64-bit integers as strings, enums as integers and names for non-finite doubles', () => {
  const span = {
    traceId: Uint8Array.from({ length: 16 }, (_, i) => 0xf0 + i),
    kind: 2,
    startTimeUnixNano: 18446744073709551615n,
    droppedLinksCount: 4294967295,
    attributes: [
      { key: 'i', value: { intValue: -(2n ** 63n) } },
      { key: 'd', value: { doubleValue: Number.NEGATIVE_INFINITY } },
      { key: 'z', value: { doubleValue: -0 } },
      { key: 'y', value: { bytesValue: Uint8Array.of(251, 255) } },
      { key: 'u', value: {} },
      { key: 's', value: { stringValue: '"\u0000\ud83d\udca5' } },
    ],
    status: {},
  };
  assert.equal(
    toOtlpJson('Span', span),
    '{"traceId":"f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff","kind":2,"startTimeUnixNano":"18446744073709551615","attributes":[' +
      '{"key":"i","value":{"intValue":"-9223372036854775808"}},{"key":"d","value":{"doubleValue":"-Infinity"}},' +
      '{"key":"z","value":{"doubleValue":-0.0}},{"key":"y","value":{"bytesValue":"+/8="}},{"key":"u","value":{}},' +
      '{"key":"s","value":{"stringValue":"\\"\\u0000💥"}}],"droppedLinksCount":4294967295,"status":{}}',
  );
});

test('of a oneof the last member on the wire wins, and parts of a singular message are merged', () => {
  const stringThenInt = Buffer.concat([encode('AnyValue', { stringValue: 'x' }), encode('AnyValue', { intValue: 0n })]);
  assert.deepEqual(decode('AnyValue', stringThenInt), { intValue: 0n });
  const codeThenMessage = Buffer.concat([
    encode('Span', { status: { code: 2 } }),
    encode('Span', { status: { message: 'm' } }),
  ]);
  assert.deepEqual(decode('Span', codeThenMessage), { status: { code: 2, message: 'm' } });
});

test('repeated numbers are read packed and unpacked, and unknown fields are left out', () => {
  const unpacked = Buffer.from([0x10, 5, 0x10, 6, 0x12, 2, 7, 8, 0x78, 1, 0x7b, 0x78, 1, 0x7c, 0x7a, 1, 9]);
  assert.deepEqual(decode('ExponentialHistogramDataPoint.Buckets', unpacked), { bucketCounts: [5n, 6n, 7n, 8n] });
});

test('bytes that are no message are refused as an invalid argument', () => {
  const cases: [MessageName, number[]][] = [
    ['Span', [0x0a]],
    ['Span', [0x0a, 5, 1]],
    ['Span', [0x39, 1, 2]],
    ['Span', [0x30, 0x80]],
    ['Span', [0x30, ...new Array(10).fill(0x80), 1]],
    ['Span', [0x00, 1]],
    ['Span', [0x77]],
    ['Span', [0x7c]],
  ];
  for (const [name, bytes] of cases) {
    assert.throws(() => decode(name, Uint8Array.from(bytes)), { code: 'invalid_argument' }, String(bytes));
  }
  let deep = new Uint8Array(0);
  for (let i = 0; i < 120; i++)
    deep = Buffer.concat([Buffer.from([i % 2 ? 0x2a : 0x0a, ...varint(deep.length)]), deep]);
  assert.throws(() => decode('AnyValue', deep), { code: 'invalid_argument', message: /nested deeper than 100/ });
});

function varint(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)];
}
