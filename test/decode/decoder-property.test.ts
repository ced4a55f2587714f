import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createTableBuilder } from '../../src/batch/builder.ts';
import { createDecoder } from '../../src/decode/decoder.ts';
import { SERVICE_MESSAGES } from '../../src/decode/messages.ts';
import { encode } from '../../src/decode/protobuf-writer.ts';
import { BridgeError } from '../../src/errors.ts';
import type { SignalName } from '../../src/model/signal.ts';
import { TABLES } from '../../src/model/tables.ts';
import { plainRows } from '../batch/sample-table.ts';
import { readSamples } from '../support/samples.ts';
import { plainMessage, withValidIds } from './arbitraries.ts';
import { canonicalItems } from './canonical.ts';
import type { Any } from './expected-attributes.ts';
import { decodeIndependentlyPlain } from './proto-files.ts';
import { assertRows, decodeRows } from './signal-rows.ts';

/** Canonical items of what protobufjs decodes. */
function independentItems(signal: SignalName, bytes: Uint8Array): Any[] {
  return canonicalItems(signal, decodeIndependentlyPlain(SERVICE_MESSAGES[signal].request, bytes)) as Any[];
}

for (const signal of ['traces', 'logs', 'metrics'] as const) {
  const { request } = SERVICE_MESSAGES[signal];
  const table = TABLES[signal];

  test(`rows of any request of ${signal} say what protobufjs decodes from the same bytes`, () => {
    fc.assert(
      fc.property(plainMessage(request), (message) => {
        const bytes = encode(request, withValidIds(request, message));
        assertRows(signal, bytes, independentItems(signal, bytes));
      }),
      { numRuns: 400 },
    );
  });

  test(`rows of the captured requests of ${signal} say what protobufjs decodes from them`, () => {
    for (const { body, encoding } of readSamples(signal)) {
      if (encoding === 'protobuf') assertRows(signal, body, independentItems(signal, body));
    }
  });

  test(`random damage of ${signal} is refused cleanly or decoded, and a refused request leaves no rows`, () => {
    const bodies = readSamples(signal).filter(({ body, encoding }) => encoding === 'protobuf' && body.length < 20_000);
    const damage = fc.tuple(fc.constantFrom('set', 'cut', 'copy', 'insert'), fc.nat(), fc.nat(), fc.nat({ max: 255 }));
    const builder = createTableBuilder(table);
    const decoder = createDecoder(signal, builder, { limits: { maxAttributeCount: 40, maxNesting: 4 }, promote: [] });
    let refused = 0;
    fc.assert(
      fc.property(fc.constantFrom(...bodies), fc.array(damage, { minLength: 1, maxLength: 4 }), ({ body }, damages) => {
        const damaged = damages.reduce(applyDamage, body as Uint8Array);
        const rows = builder.rows;
        try {
          const result = decoder.decode(damaged);
          assert.equal(builder.rows, rows + result.accepted);
        } catch (error) {
          refused++;
          assert.ok(error instanceof BridgeError, String(error));
          assert.equal(error.code, 'invalid_argument');
          assert.equal(builder.rows, rows);
        }
      }),
      { numRuns: 1000, seed: 20261121, endOnFailure: true },
    );
    assert.ok(refused > 150, `only ${refused} of the damaged requests were refused`);
    const { rows } = builder;
    assert.equal(plainRows(builder.finish(), table).length, rows);
  });

  test(`random bytes as ${signal} are refused cleanly or decoded`, () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
        try {
          decodeRows(signal, bytes);
        } catch (error) {
          assert.ok(error instanceof BridgeError, String(error));
          assert.equal(error.code, 'invalid_argument');
        }
      }),
      { numRuns: 1000, seed: 1 },
    );
  });
}

function applyDamage(body: Uint8Array, [kind, a, b, byte]: [string, number, number, number]): Uint8Array {
  const at = a % (body.length + 1);
  const to = b % (body.length + 1);
  switch (kind) {
    case 'set':
      return body.with(Math.min(at, body.length - 1), byte);
    case 'cut':
      return Buffer.concat([body.subarray(0, Math.min(at, to)), body.subarray(Math.max(at, to))]);
    case 'copy':
      return Buffer.concat([body.subarray(0, at), body.subarray(to, to + byte), body.subarray(at)]);
    default:
      return Buffer.concat([body.subarray(0, at), Uint8Array.of(byte), body.subarray(at)]);
  }
}
