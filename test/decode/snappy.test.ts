import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import fc from 'fast-check';
import { crc32c } from '../../src/decode/crc32c.ts';
import { decompressSnappy } from '../../src/decode/snappy.ts';
import { BridgeError } from '../../src/errors.ts';
import { snappyBlock, snappyChunk, snappyFramed } from '../support/snappy.ts';

const MAX = 1_000_000;
const tooLarge = () => new BridgeError('too_large', 'too large');
const decompress = (body: Uint8Array, max = MAX) => Buffer.from(decompressSnappy(body, max, tooLarge));
const IDENTIFIER = snappyFramed(Buffer.alloc(0));

/** 1,436 bytes in the block format, written by Google's library (pyarrow 26). */
const GOOGLE =
  'nAtUc2VydmljZS5uYW1lPWNoZWNrb3V0O/4WAP4WAP4WAP4WAP4WAP4WAP4WAP4WAP4WAP4WAP4WAP4WAP4WAGYWAPQOAQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4fICEiIyQlJicoKSorLC0uLzAxMjM0NTY3ODk6Ozw9Pj9AQUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVpbXF1eX2BhYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ent8fX5/gIGCg4SFhoeIiYqLjI2Oj5CRkpOUlZaXmJmam5ydnp+goaKjpKWmp6ipqqusra6vsLGys7S1tre4ubq7vL2+v8DBwsPExcbHyMnKy8zNzs/Q0dLT1NXW19jZ2tvc3d7f4OHi4+Tl5ufo6err7O3u7/Dx8vP09fb3+Pn6+/z9/v94eHh4eHh4eHh4eHh4eHj+CQD+CQD+CQD+CQByCQA=';
const GOOGLE_SHA256 = 'd12a2d93da89f2376995a6d9df7ddb80c3c9c49c2591d7df448c3453433ad473';

test('CRC-32C gives the check values of its definition', () => {
  assert.equal(crc32c(Buffer.from('123456789')), 0xe3069283);
  assert.equal(crc32c(Buffer.alloc(32)), 0x8a9136aa); // RFC 3720, B.4
});

test("a block of Google's library is read, short copies that overlap themselves included", () => {
  const plain = decompress(Buffer.from(GOOGLE, 'base64'));
  assert.equal(createHash('sha256').update(plain).digest('hex'), GOOGLE_SHA256);
});

test('any data comes back whole from blocks and from frames', () => {
  const data = fc.oneof(
    fc.uint8Array({ maxLength: 300 }),
    fc.tuple(fc.string({ minLength: 1, maxLength: 20 }), fc.integer({ min: 1, max: 9000 })).map(([text, times]) => {
      return Buffer.from(text.repeat(times));
    }),
  );
  fc.assert(
    fc.property(data, (plain) => {
      assert.ok(decompress(snappyBlock(plain)).equals(plain));
      assert.ok(decompress(snappyFramed(plain)).equals(plain));
    }),
    { numRuns: 200 },
  );
});

test('frames may hold padding, further stream identifiers and chunks that may be skipped', () => {
  const [a, b] = [Buffer.from('first '), Buffer.from('second')];
  const skippable = Buffer.from([0x80, 3, 0, 0, 1, 2, 3]);
  const padding = Buffer.from([0xfe, 2, 0, 0, 0, 0]);
  const body = Buffer.concat([
    IDENTIFIER,
    snappyChunk(1, a, a),
    skippable,
    IDENTIFIER,
    padding,
    snappyChunk(0, b, snappyBlock(b)),
  ]);
  assert.equal(decompress(body).toString(), 'first second');
});

const plain = Buffer.from('data');
const over = Buffer.alloc(65_537);
const DAMAGED: Readonly<Record<string, Uint8Array>> = {
  'no bytes': Buffer.alloc(0),
  'a length without end': Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1]),
  'a length no block can have': Buffer.from([0xff, 0xff, 0x3c, 0, 65]),
  'a literal past the end': Buffer.from([5, 16, 65]),
  'a literal longer than 2^31': Buffer.from([5, 0xfc, 0xff, 0xff, 0xff, 0xff, 65, 65]),
  'a literal past the promise': Buffer.from([1, 4, 65, 65]),
  'a copy past the promise': Buffer.from([2, 0, 65, 1, 1]),
  'a copy of offset 0': Buffer.from([5, 0, 65, 1, 0]),
  'a copy from before the start': Buffer.from([5, 0, 65, 1, 2]),
  'a copy with a cut offset': Buffer.from([5, 0, 65, 2, 1]),
  'less than the promise': Buffer.from([5, 0, 65]),
  'a wrong checksum': Buffer.concat([IDENTIFIER, snappyChunk(1, Buffer.from('other'), plain)]),
  'a cut chunk': Buffer.concat([IDENTIFIER, snappyChunk(1, plain, plain)]).subarray(0, -1),
  'a cut chunk head': Buffer.concat([IDENTIFIER, Buffer.from([0, 0])]),
  'a chunk without checksum': Buffer.concat([IDENTIFIER, Buffer.from([1, 2, 0, 0, 0, 0])]),
  'a chunk over 64 KiB': Buffer.concat([IDENTIFIER, snappyChunk(1, over, over)]),
  'a compressed chunk over 64 KiB': Buffer.concat([IDENTIFIER, snappyChunk(0, over, snappyBlock(over))]),
  'a chunk that must be known': Buffer.concat([IDENTIFIER, Buffer.from([2, 0, 0, 0])]),
  'a wrong stream identifier': Buffer.concat([IDENTIFIER, Buffer.from([0xff, 6, 0, 0, 1, 2, 3, 4, 5, 6])]),
};

for (const [name, body] of Object.entries(DAMAGED)) {
  test(`snappy with ${name} is an invalid argument`, () => {
    assert.throws(() => decompress(body), { code: 'invalid_argument', message: /snappy body is damaged at byte \d+/ });
  });
}

test('what becomes more than the limit is too large, and no room is made for it first', () => {
  const large = Buffer.alloc(200_000, 'abc');
  for (const body of [snappyBlock(large), snappyFramed(large), Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f])]) {
    assert.throws(() => decompress(body, 100_000), { code: 'too_large' });
  }
  assert.throws(() => decompress(snappyFramed(Buffer.from('abcdef')), 5), { code: 'too_large' });
});
