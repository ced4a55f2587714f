import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkKey, checkPrefix, compareKeys, isKey } from '../../src/store/key.ts';

test('keys are ordered as their UTF-8 bytes are', () => {
  const text = fc.string({ unit: 'binary', maxLength: 6 });
  fc.assert(
    fc.property(text, text, (a, b) => {
      assert.equal(Math.sign(compareKeys(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }),
  );
});

test('isKey and checkKey agree on everything', () => {
  const pieces = fc.constantFrom('a', '..', '.', '/', '//', '\0', '%2e', '\ud800', 'é', '...');
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 6 }), (parts) => {
      const key = parts.join('');
      let accepted = true;
      try {
        checkKey(key);
      } catch {
        accepted = false;
      }
      assert.equal(isKey(key), accepted);
      assert.equal(
        accepted,
        key.split('/').every((part) => !['', '.', '..'].includes(part)) && !/[\0\ud800]/.test(key),
      );
    }),
  );
});

test('a prefix may end inside a segment but not lead out of the root', () => {
  for (const prefix of ['', 'a', 'a/', 'a/b=', '..', 'a/..']) assert.equal(checkPrefix(prefix), prefix);
  for (const prefix of ['/', '/a', '../', '../a', 'a//b', 'a/../b', 'a\0']) {
    assert.throws(() => checkPrefix(prefix), { code: 'invalid_argument' });
  }
});

test('the message of a refused key says what is wrong with it', () => {
  assert.throws(() => checkKey('a/../b'), { message: 'object key "a/../b" has the segment ".."' });
  assert.throws(() => checkKey('a\0b'), { message: 'object key "a\\u0000b" holds a NUL character' });
});
