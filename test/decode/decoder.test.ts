import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { createTableBuilder } from '../../src/batch/builder.ts';
import { toProtobuf } from '../../src/decode/body.ts';
import { createDecoder } from '../../src/decode/decoder.ts';
import { BridgeError } from '../../src/errors.ts';
import { TABLES } from '../../src/model/tables.ts';
import { TRACES } from '../../src/model/traces.ts';
import { plainRows } from '../batch/sample-table.ts';
import { readExpected, readSamples, type Sample } from '../support/samples.ts';
import { assertEqualRows, assertRows, decodeTraces, EXPECTED, LIMITS } from './signal-rows.ts';
import { concat, IDS, int, intValue, keyValue, len, request } from './wire-bytes.ts';

for (const signal of ['traces', 'logs', 'metrics'] as const) {
  const samples = readSamples(signal);
  const expected = readExpected(signal);
  const { row, isTaken } = EXPECTED[signal];
  const protobufOf = ({ body, encoding: contentType }: Sample) =>
    toProtobuf(body, { signal, contentType, contentEncoding: 'identity', maxBytes: 1e8, limits: LIMITS });

  for (const sample of samples) {
    test(`the captured request ${sample.file} becomes the rows that the official decoder's items say`, () => {
      assertRows(signal, protobufOf(sample), expected.get(sample.file) ?? []);
    });
  }

  test(`requests of many senders of ${signal} go into one batch, and a further batch of the same builder is as good`, () => {
    const table = TABLES[signal];
    const builder = createTableBuilder(table);
    const decoder = createDecoder(signal, builder, { limits: LIMITS, promote: [] });
    const rows = samples.flatMap(({ file }) => (expected.get(file) ?? []).filter(isTaken).map(row));
    for (let round = 0; round < 2; round++) {
      for (const sample of samples) decoder.decode(protobufOf(sample));
      assertEqualRows(plainRows(builder.finish(), table), rows);
    }
  });
}

const samples = readSamples('traces').filter((sample) => sample.encoding === 'protobuf');

test('a malformed request throws and leaves the rows and dictionaries before it as they were', () => {
  const build = (bodies: readonly Uint8Array[]) => {
    const builder = createTableBuilder(TRACES);
    const decoder = createDecoder('traces', builder, { limits: LIMITS, promote: [] });
    for (const body of bodies) {
      try {
        decoder.decode(body);
      } catch (error) {
        assert.equal(BridgeError.from(error).code, 'invalid_argument');
      }
    }
    const batch = builder.finish();
    const column = TRACES.columns.findIndex(({ name }) => name === 'attributes');
    return { rows: plainRows(batch, TRACES), attributes: batch.columns[column] };
  };
  const broken = samples.map(({ body }) => body.subarray(0, body.length - 1));
  const whole = samples.map(({ body }) => body);
  const clean = build(whole);
  const disturbed = build(whole.flatMap((body, i) => [broken[i]!, body]));
  assertEqualRows(disturbed.rows, clean.rows);
  assert.equal(isDeepStrictEqual(disturbed.attributes, clean.attributes), true);
});

test('every cut of a request is refused or is a whole request of fewer spans', () => {
  const body = request(concat(IDS, len(9, keyValue('k', intValue(1)))), IDS);
  for (let end = 1; end < body.length; end++) {
    const message = /^ExportTraceServiceRequest: .* at byte \d+$/;
    assert.throws(() => decodeTraces(body.subarray(0, end)), { code: 'invalid_argument', message });
  }
  assert.equal(decodeTraces(body.subarray(0, 0)).result.accepted, 0);
});

test('a body may be a view into larger bytes, and may change after the call', () => {
  const body = request(concat(IDS, len(5, 'name')));
  const larger = concat(Uint8Array.of(1, 2, 3), body, Uint8Array.of(4, 5));
  const builder = createTableBuilder(TRACES);
  const decoder = createDecoder('traces', builder, { limits: LIMITS, promote: [] });
  decoder.decode(larger.subarray(3, 3 + body.length));
  larger.fill(0);
  assert.deepEqual(plainRows(builder.finish(), TRACES), decodeTraces(body).rows);
});

test('duplicate keys are counted over all lists of a request, of a resource once', () => {
  const twice = (field: number) => concat(...[1, 2].map((i) => len(field, keyValue('k', intValue(i)))));
  const span = concat(IDS, twice(9), len(11, twice(3)), len(13, twice(4)));
  const body = len(1, len(1, twice(1)), len(2, len(1, twice(3)), len(2, span), len(2, span)));
  assert.equal(decodeTraces(body).result.duplicateKeys, 2 + 2 * 3);
});

test('a request of unknown fields alone has no rows', () => {
  assert.deepEqual(decodeTraces(concat(int(9, 1), len(10, 'x'))).rows, []);
});
