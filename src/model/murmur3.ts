/**
 * MurmurHash3 x86 32-bit, seed 0, of bytes: the hash of Iceberg's bucket transform
 * (https://iceberg.apache.org/spec/#appendix-b-32-bit-hash-requirements), the same on every platform.
 */
export function murmur3(bytes: Uint8Array, start = 0, end = bytes.length): number {
  let h = 0;
  let i = start;
  for (; i + 4 <= end; i += 4) {
    const k = bytes[i]! | (bytes[i + 1]! << 8) | (bytes[i + 2]! << 16) | (bytes[i + 3]! << 24);
    h ^= Math.imul(rotl(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
    h = (Math.imul(rotl(h, 13), 5) + 0xe6546b64) | 0;
  }
  let k = 0;
  if (end - i >= 3) k ^= bytes[i + 2]! << 16;
  if (end - i >= 2) k ^= bytes[i + 1]! << 8;
  if (end - i >= 1) {
    k ^= bytes[i]!;
    h ^= Math.imul(rotl(Math.imul(k, 0xcc9e2d51), 15), 0x1b873593);
  }
  h ^= end - start;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) | 0;
}

function rotl(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}
