/**
 * Whether a column is worth a Parquet dictionary, from an estimate of its distinct values.
 *
 * A dictionary of near-unique values (span ids, nanosecond times) stores every value and a code besides, and costs a
 * hash table to find that out: without it a span file became 9 % smaller in 2 % less time.
 */
import { type Data, DataType } from 'apache-arrow';

/** Distinct values a value, above which the dictionary is left out. */
const NEAR_UNIQUE = 0.5;

/** One of so many hash values (a power of two) is counted. The share of distinct values among those is that of the whole column. */
const SAMPLE = 16;

/** Also true for columns that are not looked at: dictionary-encoded ones, which repeat by design, and nested ones. */
export function dictionaryPays(data: Data): boolean {
  const hashes = hashesOf(data);
  if (hashes === undefined) return true;
  const bitmap = data.nullCount === 0 ? undefined : data.nullBitmap;
  const seen = new Set<number>();
  let values = 0;
  let last: number | undefined;
  for (let i = 0; i < hashes.length; i++) {
    const hash = hashes[i]!;
    if ((hash & (SAMPLE - 1)) !== 0 || (bitmap && !isValid(bitmap, data.offset + i))) continue;
    values++;
    // Many columns are nearly constant: asking the set only for a new value halves the time.
    if (hash !== last) seen.add(hash);
    last = hash;
  }
  return seen.size <= values * NEAR_UNIQUE;
}

function isValid(bitmap: Uint8Array, row: number): boolean {
  return ((bitmap[row >> 3]! >> (row & 7)) & 1) === 1;
}

/** A hash for each row, undefined for columns of other types than plain strings and 64-bit values. */
function hashesOf({ type, length, values, valueOffsets }: Data): Int32Array | undefined {
  if (DataType.isUtf8(type)) return stringHashes(values, valueOffsets, length);
  if (!DataType.isTimestamp(type) && !DataType.isFloat(type) && !DataType.isInt(type)) return undefined;
  if (values.byteLength < length * 8) return undefined;
  return wordHashes(new Int32Array(values.buffer, values.byteOffset, length * 2));
}

function wordHashes(words: Int32Array): Int32Array {
  const hashes = new Int32Array(words.length / 2);
  for (let i = 0; i < hashes.length; i++) hashes[i] = mix(Math.imul(words[2 * i]!, 0x85ebca6b) ^ words[2 * i + 1]!);
  return hashes;
}

/** Of the last 8 bytes and the length, which tell ids apart. */
function stringHashes(bytes: Uint8Array, offsets: Int32Array, count: number): Int32Array {
  const hashes = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const start = offsets[i]!;
    const end = offsets[i + 1]!;
    let hash = end - start;
    for (let at = Math.max(start, end - 8); at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    hashes[i] = mix(hash);
  }
  return hashes;
}

/** Finaliser of MurmurHash3: every bit of the input reaches the low bits that the sample is taken by. */
function mix(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
