/** Requests that are small on the wire and large in memory, before a lane with little of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import type { LaneRequest } from '../../src/ingest/messages.ts';
import { type Body, emptyRecords, goodRequest, sharedAttributes, sharedText, zeros } from '../torture/memory-bodies.ts';
import { createBench, onDisk } from './support.ts';

const MIB = 1024 * 1024;
/** Leaves a lane 4 MiB. */
const SMALL = `[operations]\nlanes = 1\n[limits]\nmemory_bytes = ${16 * MIB}\n[server]\nmax_request_bytes = ${4 * MIB}`;

let id = 0;

function request({ signal, type, encoding, bytes }: Body): LaneRequest {
  const body = new Uint8Array(bytes);
  return { type: 'request', id: id++, signal, contentType: type, contentEncoding: encoding, body };
}

const BOMBS = [
  emptyRecords('gzip', 1_000_000),
  emptyRecords('zstd', 1_000_000),
  sharedAttributes('zstd', 1000, 20_000),
  sharedText('gzip', 100_000, 3000),
];

for (const bomb of BOMBS) {
  test(`${bomb.name}: refused as too large, before and after good requests, and nothing of it stays`, async (t) => {
    const { lane, sealed, commit, catalog } = createBench(t, SMALL);
    const answers = [bomb, goodRequest(), bomb, bomb, goodRequest()].flatMap((body) => lane.handle([request(body)]));
    const group = lane.handle([goodRequest(), bomb, goodRequest()].map(request));
    const codes = [...answers, ...group].map((answer) => (answer.ok ? 'ok' : answer.error.code));
    assert.deepEqual(codes, ['too_large', 'ok', 'too_large', 'too_large', 'ok', 'ok', 'too_large', 'ok']);
    lane.seal('request');
    assert.ok(lane.memoryBytes < MIB / 2, `${lane.memoryBytes} bytes`);
    for (const segment of sealed) await commit(segment);
    const objects = await catalog.objects('logs');
    const rows = objects.reduce((sum, object) => sum + object.rows!, 0);
    assert.equal(rows, 4 * goodRequest().rows);
  });
}

test('a group that becomes more than a lane may hold is sealed on the way, and comes back whole from its segments', async (t) => {
  const { lane, sealed, commit, catalog } = createBench(t, SMALL);
  const body = emptyRecords('gzip', 10_000);
  const answers = lane.handle(Array.from({ length: 12 }, () => request(body)));
  assert.ok(answers.every((answer) => answer.ok));
  lane.seal('request');
  assert.ok(sealed.length > 2, `${sealed.length} segments`);
  for (const { memoryBytes } of sealed) assert.ok(memoryBytes <= 5 * MIB, `${memoryBytes} bytes in a segment`);
  for (const segment of sealed) await commit(onDisk(segment));
  const objects = await catalog.objects('logs');
  assert.equal(
    objects.reduce((sum, object) => sum + object.rows!, 0),
    12 * body.rows,
  );
});

test('a body that would become more than the process has left is to come again, one that fits is taken', (t) => {
  let resident = 760 * MIB;
  const { lane } = createBench(t, '[operations]\nlanes = 1', undefined, undefined, () => resident);
  const large = sharedText('gzip', 10 * MIB, 1);
  const codes = (body: Body) => lane.handle([request(body)]).map((answer) => (answer.ok ? 'ok' : answer.error.code));
  assert.deepEqual(codes(large), ['overloaded']);
  assert.deepEqual(codes(emptyRecords('zstd', 1000)), ['ok']);
  assert.deepEqual(codes({ ...large, bytes: gunzipSync(large.bytes), encoding: 'identity' }), ['ok']);
  resident = 500 * MIB;
  assert.deepEqual(codes(large), ['ok']);
  assert.deepEqual(codes(zeros('gzip', 65)), ['too_large']);
});

test('a body that could never be unpacked under its budget is refused for good, and the error says what to raise', (t) => {
  const { lane } = createBench(
    t,
    '[limits]\nmemory_bytes = 339738624\n[operations]\nlanes = 1\nencoders = 1\nreaders = 1',
  );
  const [answer] = lane.handle([request(zeros('gzip', 50))]);
  assert.ok(answer?.ok === false);
  assert.equal(answer.error.code, 'too_large');
  assert.match(`${answer.error.message}: ${answer.error.hint}`, /more than the 32 MiB .*raise limits\.memory_bytes/);
});
