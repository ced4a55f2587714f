/**
 * `key=bucket`: Iceberg's bucket transform, (murmur3_x86_32(bytes) & 0x7fffffff) mod N
 * (https://iceberg.apache.org/spec/#bucket-transform-details, appendix B), so that engines that know it find the same
 * buckets. The bytes hashed:
 * - text, attributes (always text) and ids (the hex text that stands in the column): UTF-8;
 * - int32, uint32, int64 and booleans (0, 1): 8 bytes, two's complement, little-endian;
 * - timestamps: the same of the microseconds since the epoch;
 * - doubles: the same of the IEEE 754 bits, with -0 as 0 and one NaN.
 * The empty text is a value (bucket 0); a missing value has the null name, as a null has in Iceberg.
 */
import type { NumberData } from '../model/batch.ts';
import type { HashStrategy } from '../model/layout.ts';
import { murmur3 } from '../model/murmur3.ts';
import type { Labelling } from './assign.ts';
import { NULL_NAME } from './encode-value.ts';

export function hashLabelling(strategy: HashStrategy): Labelling {
  const { name, numPartitions } = strategy;
  // Kept by bucket: one string each instead of one a row.
  const labels: string[] = [];
  const label = (hash: number) => {
    const bucket = bucketOf(hash, numPartitions);
    labels[bucket] ??= `${name}=${bucket}`;
    return labels[bucket];
  };
  return {
    missing: `${name}=${NULL_NAME}`,
    text: (utf8) => label(murmur3(utf8)),
    id: (utf8) => label(murmur3(utf8)),
    number: (value, kind) => label(hashNumber(value, kind)),
  };
}

export function bucketOf(hash: number, numPartitions: number): number {
  return (hash & 0x7fffffff) % numPartitions;
}

/** The signed 32-bit hash of a text's UTF-8. */
export function hashText(text: string): number {
  return murmur3(new TextEncoder().encode(text));
}

const word = new DataView(new ArrayBuffer(8));
const wordBytes = new Uint8Array(word.buffer);

/** The signed 32-bit hash of a number in a column of the given kind. */
export function hashNumber(value: number | bigint, kind: NumberData['kind']): number {
  // `+ 0` makes -0 a 0; setFloat64 writes the canonical NaN of Iceberg (0x7ff8000000000000) on every platform we know,
  // but the language does not promise it.
  if (kind === 'double' && !Number.isNaN(value)) word.setFloat64(0, Number(value) + 0, true);
  else word.setBigInt64(0, kind === 'double' ? 0x7ff8000000000000n : BigInt(value), true);
  return murmur3(wordBytes);
}
