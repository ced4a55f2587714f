/** What the specification asks of a receiver over gRPC (https://opentelemetry.io/docs/specs/otlp/#otlpgrpc). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { concat, IDS, len, request } from '../decode/wire-bytes.ts';
import { startBridge } from '../support/daemon.ts';
import {
  callGrpc,
  exportPath,
  frame,
  type GrpcAnswer,
  namesOf,
  readAnswer,
  requestBody,
  TRACES,
} from '../support/requests.ts';
import { sharedBridge } from '../support/shared-bridge.ts';
import { snappyBlock, snappyFramed } from '../support/snappy.ts';

const bridge = sharedBridge('[limits]\nmax_attribute_count = 8');
const path = exportPath(TRACES);
const LIMIT = 100_000;
const TOO_MANY = Array.from({ length: 9 }, (_, i) => ({ key: `k${i}`, value: { intValue: i } }));

/** By grpc-encoding; the Collector writes the framing format under "snappy". */
const COMPRESS: Readonly<Record<string, readonly ((body: Uint8Array) => Buffer)[]>> = {
  gzip: [gzipSync],
  deflate: [deflateSync],
  zstd: [zstdCompressSync],
  snappy: [snappyFramed, snappyBlock],
};

function assertStatus(answer: GrpcAnswer, code: number, message: RegExp): void {
  assert.equal(answer.code, code, answer.message);
  assert.match(answer.message, message);
  assert.equal(answer.status?.code, code);
  assert.match(String(answer.status?.message), message);
}

for (const signal of SIGNAL_LIST) {
  test(`${signal.name} are taken, plain and in every compression, and full success leaves partial_success unset`, async () => {
    const service = `grpc-${signal.name}`;
    const body = (name: string) => requestBody(signal, 'protobuf', service, [{ name }]);
    const plain = await callGrpc(bridge.grpc, exportPath(signal), body('plain'));
    assert.deepEqual([plain.code, plain.body.length], [0, 0]);
    const names = ['plain'];
    for (const [encoding, ways] of Object.entries(COMPRESS)) {
      for (const [i, compress] of ways.entries()) {
        names.push(`${encoding}-${i}`);
        const packed = compress(body(`${encoding}-${i}`));
        const answer = await callGrpc(bridge.grpc, exportPath(signal), packed, { encoding });
        assert.deepEqual([answer.code, answer.body.length], [0, 0], `${encoding}: ${answer.message}`);
      }
    }
    assert.deepEqual(await namesOf(bridge.api, signal, service), names.sort());
  });

  test(`an empty request of ${signal.name} is success`, async () => {
    for (const body of [Buffer.alloc(0), Buffer.from([10, 0])]) {
      const answer = await callGrpc(bridge.grpc, exportPath(signal), body);
      assert.deepEqual([answer.code, answer.body.length], [0, 0]);
    }
  });

  test(`rows of ${signal.name} over the limits are refused alone: partial success with count and message`, async () => {
    const service = `grpc-partial-${signal.name}`;
    const bad = { name: 'bad', changes: { attributes: TOO_MANY } };
    const body = requestBody(signal, 'protobuf', service, [bad, { name: 'good' }, bad]);
    const answer = await callGrpc(bridge.grpc, exportPath(signal), body);
    assert.equal(answer.code, 0);
    const { rejected, message } = readAnswer(signal, 'protobuf', answer.body);
    assert.equal(rejected, 2);
    assert.match(message!, /attributes/);
    assert.deepEqual(await namesOf(bridge.api, signal, service), ['good']);
  });

  test(`undecodable ${signal.name} are INVALID_ARGUMENT with a Status that says where`, async () => {
    const answer = await callGrpc(bridge.grpc, exportPath(signal), Buffer.from([0x0a, 0x05, 0x01]));
    assertStatus(answer, status.INVALID_ARGUMENT, /byte \d+/);
  });
}

test('too large is RESOURCE_EXHAUSTED without RetryInfo, and counts decompressed bytes', async (t) => {
  const limited = await startBridge(t, `[server]\nmax_request_bytes = ${LIMIT}`);
  const exact = len(1000, 'x'.repeat(LIMIT - 5));
  const over = len(1000, 'x'.repeat(LIMIT - 4));
  assert.equal(exact.length, LIMIT);
  assert.equal((await callGrpc(limited.grpc, path, exact)).code, 0);
  const refused = [await callGrpc(limited.grpc, path, over)];
  for (const [encoding, ways] of Object.entries(COMPRESS)) {
    for (const compress of ways) {
      assert.equal((await callGrpc(limited.grpc, path, compress(exact), { encoding })).code, 0, encoding);
      refused.push(await callGrpc(limited.grpc, path, compress(over), { encoding }));
    }
  }
  for (const answer of refused) {
    assertStatus(answer, status.RESOURCE_EXHAUSTED, /100000/);
    assert.equal(answer.hasRetryInfo, false);
  }
});

test('too many requests at once are UNAVAILABLE with RetryInfo', async (t) => {
  const limited = await startBridge(t, '[server]\nmax_concurrent_requests = 1\nmax_concurrent_streams = 64');
  const body = requestBody(
    TRACES,
    'protobuf',
    'many',
    Array.from({ length: 2000 }, () => ({ name: 'one' })),
  );
  const answers = await Promise.all(Array.from({ length: 16 }, () => callGrpc(limited.grpc, path, body)));
  const refused = answers.filter(({ code }) => code !== 0);
  assert.ok(refused.length > 0 && refused.length < answers.length);
  for (const answer of refused) {
    assertStatus(answer, status.UNAVAILABLE, /the limit/);
    assert.ok(answer.hasRetryInfo);
  }
});

const GARBAGE = Buffer.alloc(300, 0xa5);
const whole = gzipSync(GARBAGE);

for (const encoding of Object.keys(COMPRESS)) {
  test(`a damaged ${encoding} body is INVALID_ARGUMENT, not INTERNAL`, async () => {
    for (const body of [GARBAGE, Buffer.alloc(0), COMPRESS[encoding]![0]!(GARBAGE).subarray(0, -3)]) {
      assertStatus(
        await callGrpc(bridge.grpc, path, body, { encoding }),
        status.INVALID_ARGUMENT,
        new RegExp(encoding),
      );
    }
  });
}

test('an unknown compression is UNIMPLEMENTED and names those there are, which every answer announces', async () => {
  const answer = await callGrpc(bridge.grpc, path, GARBAGE, { encoding: 'br' });
  assert.equal(answer.code, status.UNIMPLEMENTED);
  assert.match(answer.message, /"br".*gzip, zstd, deflate, snappy, identity/);
  const announced = 'gzip,zstd,deflate,snappy,identity';
  assert.equal(answer.headers['grpc-accept-encoding'], announced);
  const taken = await callGrpc(bridge.grpc, path, Buffer.alloc(0));
  assert.equal(taken.headers['grpc-accept-encoding'], announced);
});

const ODD: readonly [name: string, code: number, call: () => Promise<GrpcAnswer>][] = [
  [
    'a deadline that is none',
    3,
    () => callGrpc(bridge.grpc, path, Buffer.alloc(0), { metadata: { 'grpc-timeout': 'soon' } }),
  ],
  ['no message', 12, () => callGrpc(bridge.grpc, path, Buffer.alloc(0), { raw: Buffer.alloc(0) })],
  [
    'two messages',
    12,
    () =>
      callGrpc(bridge.grpc, path, Buffer.alloc(0), { raw: Buffer.concat([frame(Buffer.alloc(0)), frame(GARBAGE)]) }),
  ],
  ['an unknown method', 12, () => callGrpc(bridge.grpc, '/no.such.Service/Export', Buffer.alloc(0))],
  ['a reflection call', 12, () => callGrpc(bridge.grpc, '/grpc.reflection.v1.ServerReflection/X', Buffer.alloc(0))],
  [
    'a message said to be compressed without a name',
    3,
    () => callGrpc(bridge.grpc, path, whole, { raw: frame(whole, true) }),
  ],
  [
    'a message over 4 GiB by its length',
    8,
    () => callGrpc(bridge.grpc, path, whole, { raw: Buffer.from([0, 255, 255, 255, 255, 1]) }),
  ],
  [
    'text that is no UTF-8',
    3,
    () => callGrpc(bridge.grpc, path, request(concat(IDS, len(5, Buffer.from([0xed, 0xa0]))))),
  ],
];

for (const [name, code, call] of ODD) {
  test(`${name} leaks neither INTERNAL nor UNKNOWN`, async () => {
    assert.equal((await call()).code, code);
  });
}

test('answers and trailers stay far under 4 MiB whatever they quote', async () => {
  const answer = await callGrpc(bridge.grpc, path, GARBAGE, { encoding: 'x'.repeat(4000) });
  assert.equal(answer.code, status.UNIMPLEMENTED);
  assert.ok(answer.message.length < 1200);
  const spans = Array.from({ length: 20_000 }, (_, i) => ({
    name: 'x'.repeat(50),
    changes: { traceId: `0${i}`.slice(-2) },
  }));
  const refused = await callGrpc(bridge.grpc, path, requestBody(TRACES, 'protobuf', 'many-refused', spans));
  assert.equal(readAnswer(TRACES, 'protobuf', refused.body).rejected, spans.length);
  assert.ok(refused.body.length < 1200);
});
