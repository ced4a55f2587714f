/**
 * A Split Block Bloom Filter where it stands in a file (https://github.com/apache/parquet-format/blob/master/BloomFilter.md).
 * Of some ten kilobytes a value is asked of 32 bytes: the others are left where they are.
 */

import type { SchemaElement } from 'hyparquet';
import { hashParquetValue, sbbfContains } from 'hyparquet/src/bloom.js';
import type { Value } from '../filter/prune.ts';
import { readInteger, skip, type Walk, walkStruct } from './thrift.ts';

const BLOCK_BYTES = 32;

/** Whether a value of the hash may be in it, from header and blocks. Undefined for kinds of filters that nobody writes. */
export function blockFilter(bytes: Uint8Array): ((hash: bigint) => boolean) | undefined {
  const walk: Walk = { bytes, at: 0 };
  let length = 0;
  // Algorithm, hash and compression are unions; the first of each is the only one there is.
  let known = 0;
  walkStruct(walk, (id) => {
    if (id === 1) length = readInteger(walk);
    else if (id >= 2 && id <= 4) known += isFirst(walk) ? 1 : 0;
    else return false;
    return true;
  });
  if (length <= 0 || length % BLOCK_BYTES !== 0 || known !== 3) return undefined;
  const start = walk.at;
  if (start + length > bytes.length) throw new Error(`it has ${bytes.length - start} of its ${length} bytes`);
  const words = new DataView(bytes.buffer, bytes.byteOffset + start, length);
  const block = new Uint32Array(BLOCK_BYTES / 4);
  return (hash) => {
    const place = Number(((hash >> 32n) * BigInt(length / BLOCK_BYTES)) >> 32n) * BLOCK_BYTES;
    for (let i = 0; i < block.length; i++) block[i] = words.getUint32(place + 4 * i, true);
    // A filter of one block, to which every hash belongs.
    return sbbfContains(block, hash);
  };
}

function isFirst(walk: Walk): boolean {
  let found = false;
  walkStruct(walk, (id, type) => {
    found ||= id === 1;
    skip(walk, type);
    return true;
  });
  return found;
}

/** Hashes asked last, of short values: a predicate asks the same few of every file. */
const MAX_HASHES = 4096;
const MAX_HASHED_BYTES = 256;
const hashes = new Map<string, bigint | undefined>();

/** The hash of a value as the filters of a column have it; undefined where they have it in no one form. */
export function hashOf(value: Value, element: SchemaElement): bigint | undefined {
  if (!(value instanceof Uint8Array)) {
    return hashParquetValue(element.type === 'BOOLEAN' ? Boolean(value) : value, element);
  }
  if (value.length > MAX_HASHED_BYTES) return hashParquetValue(value, element);
  const bytes = Buffer.from(value.buffer, value.byteOffset, value.length).toString('latin1');
  const name = `${element.type} ${element.converted_type} ${element.logical_type?.type} ${bytes}`;
  if (!hashes.has(name)) {
    if (hashes.size >= MAX_HASHES) hashes.clear();
    hashes.set(name, hashParquetValue(value, element));
  }
  return hashes.get(name);
}
