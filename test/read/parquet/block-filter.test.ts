/** Bloom filters asked where they stand answer as hyparquet does over all of their blocks. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { hashParquetValue, readBloomFilter, sbbfContains, sbbfInsert } from 'hyparquet/src/bloom.js';
import { blockFilter, hashOf } from '../../../src/read/parquet/block-filter.ts';

/** Thrift's varint of a positive number, folded as i32. */
function zigzag(value: number): number[] {
  const bytes: number[] = [];
  let left = value * 2;
  for (; left >= 128; left = Math.floor(left / 128)) bytes.push((left % 128) + 128);
  return [...bytes, left];
}

/** Header (bytes, block, xxhash, uncompressed) and blocks, at an odd place of a larger buffer. */
function filterOf(hashes: readonly bigint[], blocks: number, kinds = [0x1c, 0x1c, 0x1c]): Uint8Array {
  const words = new Uint32Array(8 * blocks);
  for (const hash of hashes) sbbfInsert(words, hash);
  const unions = kinds.flatMap((kind) => [0x1c, kind, 0x00, 0x00]);
  const header = [0x15, ...zigzag(words.byteLength), ...unions, 0x00];
  return new Uint8Array(Buffer.concat([Buffer.of(1, 2, 3), Buffer.from(header), Buffer.from(words.buffer)])).subarray(
    3,
  );
}

const hash = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });

test('any hash is found or missed as by hyparquet, and what is in it is found', () => {
  fc.assert(
    fc.property(
      fc.array(hash, { maxLength: 40 }),
      fc.array(hash),
      fc.integer({ min: 1, max: 70 }),
      (held, asked, blocks) => {
        const bytes = filterOf(held, blocks);
        const whole = readBloomFilter({ view: new DataView(bytes.buffer, bytes.byteOffset, bytes.length), offset: 0 })!;
        const mayHold = blockFilter(bytes)!;
        assert.ok(held.every(mayHold));
        for (const one of asked) assert.equal(mayHold(one), sbbfContains(whole.blocks, one));
      },
    ),
  );
});

test('filters of unknown kinds say nothing, cut ones are an error', () => {
  for (const kinds of [
    [0x2c, 0x1c, 0x1c],
    [0x1c, 0x2c, 0x1c],
    [0x1c, 0x1c, 0x2c],
  ]) {
    assert.equal(blockFilter(filterOf([1n], 2, kinds)), undefined);
  }
  const bytes = filterOf([1n], 2);
  assert.throws(() => blockFilter(bytes.subarray(0, -1)), /63 of its 64 bytes/);
  assert.throws(() => blockFilter(bytes.subarray(0, 3)));
});

test('a value that is asked again has the same hash, by the type of its column', () => {
  const value = new TextEncoder().encode('4bf92f3577b34da6a3ce929d0e0e4736');
  for (const element of [
    { name: 'id', type: 'BYTE_ARRAY' as const },
    { name: 'id', type: 'BYTE_ARRAY' as const, converted_type: 'JSON' as const },
    { name: 'id', type: 'INT64' as const },
  ]) {
    for (let i = 0; i < 3; i++) assert.equal(hashOf(value, element), hashParquetValue(value, element));
  }
  assert.equal(hashOf(5n, { name: 'n', type: 'INT64' }), hashParquetValue(5n, { name: 'n', type: 'INT64' }));
});
