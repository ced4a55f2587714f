import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { byteSource } from '../../src/batch/bytes.ts';
import { Interner } from '../../src/batch/interner.ts';

const text = fc.string({ unit: 'grapheme', maxLength: 20 });

function texts({ count, offsets, bytes }: ReturnType<Interner['finish']>): string[] {
  return Array.from({ length: count }, (_, i) => Buffer.from(bytes.subarray(offsets[i], offsets[i + 1])).toString());
}

test('the same text always gets the same code and the dictionary holds each text once, in order', () => {
  fc.assert(
    fc.property(fc.array(text), (list) => {
      const interner = new Interner();
      const codes = list.map((item) => interner.internText(item));
      const distinct = [...new Set(list)];
      assert.deepEqual(
        codes,
        list.map((item) => distinct.indexOf(item)),
      );
      assert.deepEqual(texts(interner.finish()), distinct);
      assert.equal(interner.count, 0);
    }),
  );
});

test('a hundred thousand values of all lengths are kept apart through every growth', () => {
  const interner = new Interner();
  const values = Array.from({ length: 100_000 }, (_, i) => 'x'.repeat(i % 40) + i.toString(36));
  const distinct = [...new Set(values)];
  for (const value of values) interner.internText(value);
  assert.equal(interner.count, distinct.length);
  for (const [code, value] of distinct.entries()) assert.equal(interner.internText(value), code);
  assert.deepEqual(texts(interner.finish()), distinct);
});

test('truncate leaves the interner as if the later values had never come', () => {
  fc.assert(
    fc.property(fc.uniqueArray(text), fc.uniqueArray(text), fc.array(text), (first, second, third) => {
      const interner = new Interner();
      const expected = new Interner();
      for (const item of first) interner.internText(item);
      for (const item of first) expected.internText(item);
      for (const item of second) interner.internText(item);
      interner.truncate(first.length);
      const codesOf = (target: Interner) => third.map((item) => target.internText(item));
      assert.deepEqual(codesOf(interner), codesOf(expected));
      assert.deepEqual(texts(interner.finish()), texts(expected.finish()));
    }),
  );
});

test('truncate keeps long chains of probes whole', () => {
  const interner = new Interner();
  for (let i = 0; i < 30_000; i++) interner.internText(`value ${i}`);
  interner.truncate(10_000);
  for (let i = 0; i < 10_000; i++) assert.equal(interner.internText(`value ${i}`), i);
  assert.equal(interner.internText('value 29999'), 10_000);
});

test('equals answers no for codes of an earlier batch', () => {
  const interner = new Interner();
  const source = byteSource(new TextEncoder().encode('abc'));
  const code = interner.intern(source, 0, 3);
  assert.equal(interner.equals(code, source, 0, 3), true);
  assert.equal(interner.equals(code, source, 0, 2), false);
  interner.finish();
  assert.equal(interner.equals(code, source, 0, 3), false);
  assert.equal(interner.equals(-1, source, 0, 3), false);
});

test('bytes that are not UTF-8 are refused and leave nothing behind', () => {
  const interner = new Interner();
  for (const bytes of [[0xff], [0x61, 0xc3], [0xed, 0xa0, 0x80], [0x61, 0x62, 0x63, 0x64, 0xf8, 0x88]]) {
    const source = byteSource(Uint8Array.from(bytes));
    assert.throws(() => interner.intern(source, 0, bytes.length), { code: 'invalid_argument' });
  }
  assert.equal(interner.count, 0);
  assert.equal(interner.internText('ü'), 0);
});

test('memory counts values and table', () => {
  const interner = new Interner();
  const before = interner.memoryBytes;
  interner.internText('x'.repeat(1000));
  assert.equal(interner.memoryBytes, before + 1004);
});
