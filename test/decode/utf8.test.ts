import assert from 'node:assert/strict';
import { isUtf8 } from 'node:buffer';
import { test } from 'node:test';
import fc from 'fast-check';
import { invalidUtf8At } from '../../src/decode/utf8.ts';

const BAD = [[0xff], [0x80], [0xc3, 0x28], [0xed, 0xa0, 0x80], [0xe2, 0x82], [0xf5, 0x80, 0x80, 0x80], [0xc0, 0xaf]];
const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', minLength: 20 }));

test('what is UTF-8 has no bad place, whatever its length', () => {
  for (const length of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
    assert.equal(invalidUtf8At(Buffer.from('é€😀a'.repeat(length / 10).slice(0, length))), -1);
  }
});

test('the place of the first character that is not UTF-8 is found between any texts', () => {
  fc.assert(
    fc.property(text, fc.nat(70_000), fc.constantFrom(...BAD), text, (before, padding, bad, after) => {
      const head = Buffer.from('x'.repeat(padding) + before);
      // Behind what is cut off, a letter: a text might begin with the missing byte's like.
      const bytes = Buffer.concat([head, Buffer.from(bad), Buffer.from(`x${after}`)]);
      assert.equal(invalidUtf8At(bytes), head.length);
      assert.equal(isUtf8(bytes.subarray(0, head.length)), true);
    }),
  );
});
