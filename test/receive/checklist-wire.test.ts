/** Protobuf as the format says, whatever a sender's encoder does with it, over both transports. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SIGNALS, type Signal } from '../../src/model/signal.ts';
import {
  arrayValue,
  type Bytes,
  concat,
  double,
  fixed32,
  fixed64,
  IDS,
  int,
  intValue,
  keyValue,
  len,
  SPAN_ID,
  stringValue,
  TRACE_ID,
  varint,
} from '../decode/wire-bytes.ts';
import { callGrpc, exportPath, post, readAnswer, rowsOf, TRACES } from '../support/requests.ts';
import { sharedBridge } from '../support/shared-bridge.ts';

const bridge = sharedBridge();
const { logs: LOGS, metrics: METRICS } = SIGNALS;
let services = 0;

type Row = Record<string, unknown>;
interface Sent {
  readonly rows: Row[];
  readonly rejected: number;
  readonly message: string | undefined;
}

/** ResourceX with a service.name around the parts of a ScopeX. */
function wrap(service: string, ...scopeParts: Uint8Array[]): Bytes {
  return len(1, len(1, len(1, keyValue('service.name', stringValue(service)))), len(2, ...scopeParts));
}

/** Sends the same scope over HTTP and gRPC; both must leave the same rows, which are returned once. */
async function send(signal: Signal, ...scopeParts: Uint8Array[]): Promise<Sent> {
  const [http, grpc] = [`wire-${services++}`, `wire-${services++}`] as const;
  const response = await post(bridge.otlp, signal, 'protobuf', wrap(http, ...scopeParts));
  assert.equal(response.status, 200);
  const answer = await callGrpc(bridge.grpc, exportPath(signal), wrap(grpc, ...scopeParts));
  assert.equal(answer.code, 0, answer.message);
  const overHttp = readAnswer(signal, 'protobuf', new Uint8Array(await response.arrayBuffer()));
  const overGrpc = readAnswer(signal, 'protobuf', answer.body);
  assert.deepEqual(overHttp, overGrpc);
  const rows = await rowsOf(bridge.api, signal.name, http);
  const withoutService = (row: Row) => ({ ...row, service_name: '', resource_attributes: {} });
  assert.deepEqual(rows.map(withoutService), (await rowsOf(bridge.api, signal.name, grpc)).map(withoutService));
  return { rows, ...overHttp };
}

const span = (...parts: Uint8Array[]) => len(2, IDS, ...parts);

/** An unknown group (wire types 3 and 4) with fields of every type and a group inside. */
const GROUP = concat(
  varint(999 * 8 + 3),
  int(1, 5),
  fixed64(2, 6n),
  fixed32(3, 7),
  len(4, 'text'),
  varint(998 * 8 + 3),
  int(1, 1),
  varint(998 * 8 + 4),
  varint(999 * 8 + 4),
);
const UNKNOWN = concat(int(1000, 5), fixed64(1001, 6n), fixed32(1002, 7), len(1003, 'text'), GROUP);

test('unknown fields are skipped at every level, groups too', async () => {
  const { rows } = await send(
    TRACES,
    UNKNOWN,
    span(
      UNKNOWN,
      len(5, 'known'),
      len(9, UNKNOWN, keyValue('k', UNKNOWN, intValue(1))),
      len(11, UNKNOWN),
      len(15, UNKNOWN),
    ),
    UNKNOWN,
  );
  assert.equal(rows.length, 1);
  assert.equal(rows[0]!.name, 'known');
  assert.deepEqual(rows[0]!.attributes, { k: '1' });
  const records = await send(LOGS, UNKNOWN, len(2, UNKNOWN, fixed64(1, 5n), len(12, 'event')));
  assert.equal(records.rows[0]!.event_name, 'event');
  const points = await send(
    METRICS,
    UNKNOWN,
    len(2, UNKNOWN, len(1, 'm'), len(5, UNKNOWN, len(1, UNKNOWN, double(4, 2)))),
  );
  assert.equal(points.rows[0]!.value_double, 2);
});

test('the last of a repeated scalar wins, parts of a message merge', async () => {
  const { rows } = await send(
    TRACES,
    span(len(5, 'first'), int(6, 2), len(15, int(3, 2)), len(5, 'last'), int(6, 3), len(15, len(2, 'message'))),
  );
  const { name, kind, status_code, status_message } = rows[0]!;
  assert.deepEqual([name, kind, status_code, status_message], ['last', 'CLIENT', 'ERROR', 'message']);
});

test('fields may come in any order, and resource and scope behind their rows', async () => {
  const body = len(
    1,
    len(2, span(len(5, 'a')), len(1, len(1, 'scope'))),
    len(1, len(1, keyValue('service.name', stringValue('late')))),
  );
  assert.equal((await callGrpc(bridge.grpc, exportPath(TRACES), body)).code, 0);
  const [row] = await rowsOf(bridge.api, 'traces', 'late');
  assert.equal(row!.scope_name, 'scope');
});

test('repeated scalars are read packed, unpacked and mixed', async () => {
  const packed = concat(len(6, u64(1n), u64(2n), u64(3n)), len(7, f64(0.5), f64(1.5)));
  const unpacked = concat(fixed64(6, 1n), fixed64(6, 2n), fixed64(6, 3n), double(7, 0.5), double(7, 1.5));
  const mixed = concat(fixed64(6, 1n), len(6, u64(2n), u64(3n)), double(7, 0.5), len(7, f64(1.5)), len(7));
  for (const buckets of [packed, unpacked, mixed]) {
    const { rows } = await send(METRICS, len(2, len(1, 'h'), len(9, len(1, fixed64(4, 6n), buckets), int(2, 1))));
    assert.deepEqual(rows[0]!.bucket_counts, [1, 2, 3]);
    assert.deepEqual(rows[0]!.explicit_bounds, [0.5, 1.5]);
  }
  for (const counts of [
    len(2, varint(5), varint(300)),
    concat(int(2, 5), int(2, 300)),
    concat(int(2, 5), len(2, varint(300))),
  ]) {
    const { rows } = await send(
      METRICS,
      len(2, len(1, 'e'), len(10, len(1, fixed64(4, 305n), len(8, counts)), int(2, 2))),
    );
    assert.deepEqual(rows[0]!.positive_bucket_counts, [5, 300]);
  }
});

function u64(value: bigint): Bytes {
  return fixed64(1, value).slice(1);
}

function f64(value: number): Bytes {
  return double(1, value).slice(1);
}

test('numbers of the wrong width and negative enums are read as protobuf says', async () => {
  const { rows } = await send(TRACES, span(int(6, 2n ** 32n + 2n), int(10, 2n ** 40n + 9n)), span(int(6, -1)));
  assert.deepEqual(rows.map(({ kind }) => kind).sort(), ['-1', 'SERVER']);
  assert.ok(rows.some((row) => row.dropped_attributes_count === 9));
});

test('attribute values nested deeper than the limit refuse their row alone', async () => {
  let value: Uint8Array = intValue(1);
  for (let i = 0; i < 100; i++) value = arrayValue(value);
  const { rows, rejected } = await send(TRACES, span(len(9, keyValue('deep', value))), span(len(5, 'flat')));
  assert.equal(rejected, 1);
  assert.deepEqual(
    rows.map((row) => row.name),
    ['flat'],
  );
});

/** Rows with ids of every wrong length, and how many of them are refused; the rest are taken. */
const WRONG_IDS: readonly (readonly [Signal, bad: Uint8Array[], good: Uint8Array[]])[] = [
  [
    TRACES,
    [
      len(2, len(1, 'short'), len(2, SPAN_ID), len(5, 'short')),
      len(2, len(1, TRACE_ID), len(5, 'without a span id')),
      span(len(4, 'parent'), len(5, 'parent')),
      span(len(13, len(1, concat(TRACE_ID, SPAN_ID))), len(5, 'long id in a link')),
    ],
    [span(len(4, SPAN_ID), len(13, len(1, TRACE_ID), len(2, SPAN_ID)))],
  ],
  [
    LOGS,
    [len(2, len(9, SPAN_ID)), len(2, len(10, TRACE_ID))],
    [len(2, len(9, TRACE_ID), len(10, SPAN_ID)), len(2, fixed64(1, 5n))],
  ],
  [
    METRICS,
    [len(2, len(1, 'm'), len(5, len(1, len(5, len(5, SPAN_ID))), len(1, len(5, len(4, TRACE_ID)))))],
    [len(2, len(1, 'm'), len(5, len(1, len(5, len(5, TRACE_ID), len(4, SPAN_ID))), len(1, len(5))))],
  ],
];
const ROWS_IN_METRIC = 2;

for (const [signal, bad, good] of WRONG_IDS) {
  test(`${signal.name} with an id of wrong length are refused alone: partial success with count and message`, async () => {
    const rowsEach = signal === METRICS ? ROWS_IN_METRIC : 1;
    const { rows, rejected, message } = await send(signal, ...bad, ...good);
    assert.equal(rejected, bad.length * rowsEach);
    assert.match(message!, /refused: \w+(?: of an? \w+)? has \d+ bytes, it must have (?:16|8)/);
    assert.equal(rows.length, good.length * rowsEach);
  });
}

function groups(depth: number): Uint8Array {
  return concat(Buffer.alloc(depth, 0x0b), Buffer.alloc(depth, 0x0c));
}

const BROKEN: Readonly<Record<string, Uint8Array>> = {
  'a varint over 10 bytes': len(
    1,
    len(2, span(concat(Uint8Array.of(6 * 8), Buffer.alloc(10, 0xff), Uint8Array.of(1)))),
  ),
  'a tag over 5 bytes': Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x01]),
  'a length past the end': len(1, len(2, concat(Uint8Array.of(0x12, 0x7f), IDS))),
  'a length past 2^32': Buffer.from([0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0]),
  'a cut fixed64': len(1, len(2, len(2, concat(IDS, fixed64(7, 5n)).slice(0, -3)))),
  'a cut varint': Buffer.from([0x08, 0x80]),
  'invalid UTF-8': len(1, len(2, span(len(5, Buffer.from([0x61, 0xc3, 0x28]))))),
  'a surrogate in UTF-8': len(1, len(2, span(len(5, Buffer.from([0xed, 0xa0, 0x80]))))),
  'invalid UTF-8 in the value of a repeated key, of which nothing is kept': len(
    1,
    len(2, span(len(9, keyValue('k', intValue(1))), len(9, keyValue('k', len(1, Buffer.from([0x61, 0xc3, 0x28])))))),
  ),
  'a length past the end in the value of a repeated key': len(
    1,
    len(2, span(len(9, keyValue('k', intValue(1))), len(9, keyValue('k', Uint8Array.of(0x0a, 0x7f))))),
  ),
  'invalid UTF-8 in a name that a further one replaces': len(
    1,
    len(2, span(len(5, Buffer.from([0x61, 0xc3, 0x28])), len(5, 'fine'))),
  ),
  'field number 0': Buffer.from([0x00, 0x01]),
  'an unknown wire type': Buffer.from([0x0f]),
  'a group that does not end': varint(999 * 8 + 3),
  'the end of a group that did not begin': varint(999 * 8 + 4),
  'a group ended as another': concat(varint(999 * 8 + 3), varint(998 * 8 + 4)),
  'groups nested a million deep': groups(1_000_000),
};

for (const [name, body] of Object.entries(BROKEN)) {
  test(`${name} is a clean 400 and INVALID_ARGUMENT that say where`, async () => {
    const response = await post(bridge.otlp, TRACES, 'protobuf', new Uint8Array(body));
    assert.equal(response.status, 400);
    assert.match(await response.text(), /byte \d+/);
    const answer = await callGrpc(bridge.grpc, exportPath(TRACES), body);
    assert.equal(answer.code, 3);
    assert.match(answer.message, /byte \d+/);
  });
}
