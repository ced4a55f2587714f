import assert from 'node:assert/strict';
import { posix } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  decodeValue,
  encodeUtf8,
  encodeValue,
  MAX_ENCODED_BYTES,
  NULL_NAME,
} from '../../src/partition/encode-value.ts';

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 400 }),
  fc.constantFrom(
    '.',
    '..',
    '../../etc',
    '/',
    '',
    NULL_NAME,
    `%5F${NULL_NAME.slice(1)}`,
    '%2E',
    'a%2Db',
    'a/b=c',
    'é'.repeat(40),
  ),
);

test('an encoded value is one safe path segment of at most 200 bytes', () => {
  fc.assert(
    fc.property(text, (value) => {
      const segment = encodeValue(value);
      assert.match(segment, /^[A-Za-z0-9._%-]{1,200}$/);
      assert.equal(posix.normalize(`lake/${segment}/x`), `lake/${segment}/x`);
    }),
  );
});

const isKept = (byte: number) => byte < 128 && /[A-Za-z0-9._-]/.test(String.fromCharCode(byte));

test('a value comes back from its segment unless it was cut', () => {
  fc.assert(
    fc.property(text, (value) => {
      const segment = encodeValue(value);
      const wellFormed = value.toWellFormed();
      const wholeLength = [...Buffer.from(wellFormed)].reduce((sum, byte) => sum + (isKept(byte) ? 1 : 3), 0);
      const isCut = wholeLength > MAX_ENCODED_BYTES;
      const expected = wellFormed === '' ? null : isCut ? undefined : wellFormed;
      assert.equal(decodeValue(segment), expected);
    }),
  );
});

test('different values have different segments', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(encodeValue(a) === encodeValue(b), a.toWellFormed() === b.toWellFormed());
    }),
  );
});

test('text and its UTF-8 give the same segment', () => {
  fc.assert(
    fc.property(text, (value) => assert.equal(encodeUtf8(new TextEncoder().encode(value)), encodeValue(value))),
  );
});

const EXAMPLES = [
  ['web-service', 'web-service'],
  ['a b', 'a%20b'],
  ['a/b', 'a%2Fb'],
  ['k=v', 'k%3Dv'],
  ['100%', '100%25'],
  ['.', '%2E'],
  ['..', '%2E%2E'],
  ['...', '...'],
  ['größe', 'gr%C3%B6%C3%9Fe'],
  ['\0', '%00'],
  ['', NULL_NAME],
  [NULL_NAME, '%5F_HIVE_DEFAULT_PARTITION__'],
] as const;

for (const [value, segment] of EXAMPLES) {
  test(`${JSON.stringify(value)} is encoded as ${segment}`, () => assert.equal(encodeValue(value), segment));
}

test('200 kept bytes stay whole, 201 are cut and end with a hash', () => {
  assert.equal(encodeValue('a'.repeat(200)), 'a'.repeat(200));
  assert.match(encodeValue('a'.repeat(201)), /^a{181}%2D[0-9a-f]{16}$/);
});

test('values that differ only far behind the cut have different segments', () => {
  assert.notEqual(encodeValue(`${'a'.repeat(5000)}x`), encodeValue(`${'a'.repeat(5000)}y`));
});

test('a cut never splits a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 201, maxLength: 260 }), (value) => {
      const kept = encodeValue(value).replace(/%2D[0-9a-f]{16}$/, '');
      assert.ok(value.startsWith(decodeURIComponent(kept)));
    }),
  );
});

test('segments that the encoder does not write have no known value', () => {
  for (const segment of ['', 'a%', 'a%2', 'a%zz', '%C3', '%FF']) assert.equal(decodeValue(segment), undefined);
});
