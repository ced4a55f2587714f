import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import type { BridgeError } from '../../src/errors.ts';
import {
  CHUNK_BYTES,
  HEADER_BYTES,
  newEnvelope,
  openChunks,
  openEnvelope,
  plainSize,
  SEALED_CHUNK_BYTES,
  sealedSize,
  wrappingKeyOf,
} from '../../src/store/envelope.ts';
import { createSealer } from '../../src/store/sealer.ts';

const KEY = { id: 'file:0123456789abcdef', blob: new Uint8Array(), key: randomBytes(32) };
const NAME = 's3://lake/traces/a.parquet';
const corrupt = (message: RegExp) => ({ name: 'BridgeError', code: 'corrupt', message });

function seal(plain: Uint8Array, objectKey = 'traces/a.parquet', key = KEY): Buffer {
  const sealer = createSealer(newEnvelope(objectKey, key));
  return Buffer.concat([...sealer.seal(plain), ...sealer.end()]);
}

function open(sealed: Uint8Array, objectKey = 'traces/a.parquet', key = KEY): Uint8Array {
  assert.equal(wrappingKeyOf(sealed, objectKey, NAME).id, key.id);
  return openChunks(openEnvelope(sealed, key.key, NAME), sealed.subarray(HEADER_BYTES), 0, true, NAME);
}

const sizes = fc.oneof(
  fc.integer({ min: 0, max: 4 * CHUNK_BYTES }),
  fc.constantFrom(0, 1, CHUNK_BYTES - 1, CHUNK_BYTES, CHUNK_BYTES + 1, 2 * CHUNK_BYTES, 3 * CHUNK_BYTES),
);

test('what is sealed in any pieces opens to the same bytes, and sizes follow from each other', () => {
  fc.assert(
    fc.property(sizes, fc.array(fc.integer({ min: 0, max: 2 * CHUNK_BYTES }), { maxLength: 6 }), (size, cuts) => {
      const plain = randomBytes(size);
      const sealer = createSealer(newEnvelope('traces/a.parquet', KEY));
      const pieces: Uint8Array[] = [];
      let at = 0;
      for (const cut of [...cuts, size]) {
        pieces.push(...sealer.seal(plain.subarray(at, at + cut)));
        at += cut;
      }
      const sealed = Buffer.concat([...pieces, ...sealer.end()]);
      assert.equal(sealed.length, sealedSize(size));
      assert.equal(plainSize(sealed.length), size);
      assert.ok(Buffer.from(open(sealed)).equals(plain));
    }),
    { numRuns: 150 },
  );
});

test('no size is that of two plaintexts, and what no envelope has is told', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 * SEALED_CHUNK_BYTES }), (stored) => {
      const plain = plainSize(stored);
      assert.ok(plain === undefined || sealedSize(plain) === stored);
    }),
    { numRuns: 2000 },
  );
  const impossible = [0, HEADER_BYTES, HEADER_BYTES + 15, sealedSize(CHUNK_BYTES) + 16, sealedSize(CHUNK_BYTES) + 1];
  for (const size of impossible) assert.equal(plainSize(size), undefined, String(size));
});

test('one flipped bit anywhere is found', () => {
  fc.assert(
    fc.property(sizes, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), fc.nat(7), (size, where, bit) => {
      const sealed = seal(randomBytes(size));
      const at = Math.floor(where * sealed.length);
      sealed[at]! ^= 1 << bit;
      // A flip in the id of the key gives the name of another key, which is looked for, not opened.
      assert.throws(
        () => openEnvelope(sealed, KEY.key, NAME) && open(sealed),
        /(changed|does not open|not encrypted|lengths|version|another name|ends within)/,
      );
    }),
    { numRuns: 300 },
  );
});

test('each byte of the header counts', () => {
  const sealed = seal(randomBytes(10));
  for (let at = 0; at < HEADER_BYTES; at++) {
    const changed = Buffer.from(sealed);
    changed[at]! ^= 0x40;
    assert.throws(() => openEnvelope(changed, KEY.key, NAME), corrupt(/header that was changed/), `byte ${at}`);
  }
});

test('an object that is cut anywhere does not open', () => {
  fc.assert(
    fc.property(sizes, fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), (size, where) => {
      const sealed = seal(randomBytes(size));
      const cut = sealed.subarray(0, Math.floor(where * sealed.length));
      assert.throws(() => open(cut), corrupt(/./));
    }),
    { numRuns: 200 },
  );
  const whole = seal(randomBytes(3 * CHUNK_BYTES));
  for (const chunks of [1, 2]) {
    const cut = whole.subarray(0, HEADER_BYTES + chunks * SEALED_CHUNK_BYTES);
    assert.throws(() => open(cut), corrupt(new RegExp(`does not open at chunk ${chunks - 1}`)), 'cut at a boundary');
  }
});

test('chunks that are swapped, repeated, left out, appended or taken from another object do not open', () => {
  const size = 3 * CHUNK_BYTES + 77;
  const [one, other] = [seal(randomBytes(size)), seal(randomBytes(size))];
  const header = one.subarray(0, HEADER_BYTES);
  const chunk = (i: number, of = one) => {
    const start = HEADER_BYTES + i * SEALED_CHUNK_BYTES;
    return of.subarray(start, start + SEALED_CHUNK_BYTES);
  };
  const orders: [string, Buffer[], RegExp][] = [
    ['swapped', [chunk(1), chunk(0), chunk(2), chunk(3)], /at chunk 0/],
    ['repeated', [chunk(0), chunk(0), chunk(2), chunk(3)], /at chunk 1/],
    ['left out', [chunk(0), chunk(2), chunk(3)], /at chunk 1/],
    ['appended', [chunk(0), chunk(1), chunk(2), chunk(3), chunk(3)], /does not open at chunk|ends within/],
    ['of another object', [chunk(0), chunk(1, other), chunk(2), chunk(3)], /at chunk 1/],
    ['none', [], /ends within chunk 0/],
  ];
  for (const [what, chunks, message] of orders) {
    assert.throws(() => open(Buffer.concat([header, ...chunks])), corrupt(message), what);
  }
  assert.throws(
    () => open(Buffer.concat([other.subarray(0, HEADER_BYTES), one.subarray(HEADER_BYTES)])),
    corrupt(/chunk 0/),
  );
});

test('another key, another name and bytes that are no envelope are told apart', () => {
  const sealed = seal(randomBytes(100));
  assert.throws(() => openEnvelope(sealed, randomBytes(32), NAME), corrupt(/another key of the same id/));
  assert.throws(() => wrappingKeyOf(sealed, 'traces/b.parquet', NAME), corrupt(/object of another name/));
  assert.throws(() => wrappingKeyOf(Buffer.from('PAR1 and more'), 'a', NAME), corrupt(/is not encrypted/));
  assert.throws(() => wrappingKeyOf(sealed.subarray(0, 500), 'traces/a.parquet', NAME), corrupt(/within its header/));
  const newer = Buffer.from(sealed);
  newer[7] = 2;
  assert.throws(() => wrappingKeyOf(newer, 'traces/a.parquet', NAME), corrupt(/version 2 with chunks/));
});

test('nothing of the plaintext, and nothing of the keys, is in the envelope', () => {
  const plain = Buffer.from('the quick brown fox jumps over the lazy dog'.repeat(100));
  const { header, dataKey } = newEnvelope('traces/a.parquet', KEY);
  const sealed = seal(plain);
  assert.equal(sealed.indexOf(plain.subarray(0, 16)), -1);
  assert.equal(Buffer.from(header).indexOf(dataKey), -1);
  assert.equal(Buffer.from(header).indexOf(KEY.key), -1);
  assert.notDeepEqual(seal(plain), sealed, 'the same object twice has nothing in common');
});

test('a key id and blob that have no room in the header are refused before anything is written', () => {
  const key = { ...KEY, blob: randomBytes(HEADER_BYTES) };
  assert.throws(
    () => newEnvelope('a', key),
    (error: BridgeError) => error.code === 'config' && /bytes of an envelope/.test(error.message),
  );
  const kms = {
    id: `kms:arn:aws:kms:eu-central-1:111122223333:key/${'x'.repeat(36)}`,
    blob: randomBytes(184),
    key: KEY.key,
  };
  const sealed = seal(Buffer.from('hello'), 'a', kms);
  assert.deepEqual(wrappingKeyOf(sealed, 'a', NAME), { id: kms.id, blob: kms.blob });
});
