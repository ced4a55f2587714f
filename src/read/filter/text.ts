/** Comparisons of UTF-8 text by its bytes, whose order is the order of the code points. */

const encoder = new TextEncoder();

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Order of two strings by code points: negative, 0 or positive. */
export function compareText(a: string, b: string): number {
  const x = utf8(a);
  return compareBytes(x, 0, x.length, utf8(b));
}

/** Order of bytes[start .. end) and `other`. */
export function compareBytes(bytes: Uint8Array, start: number, end: number, other: Uint8Array): number {
  const length = end - start;
  const shared = Math.min(length, other.length);
  for (let i = 0; i < shared; i++) {
    const difference = bytes[start + i]! - other[i]!;
    if (difference !== 0) return difference;
  }
  return length - other.length;
}

export function equalBytes(bytes: Uint8Array, start: number, end: number, other: Uint8Array): boolean {
  const length = end - start;
  if (length !== other.length) return false;
  for (let i = 0; i < length; i++) {
    if (bytes[start + i] !== other[i]) return false;
  }
  return true;
}

/** A set of texts asked by bytes: candidates share a hash of length, first and last bytes. */
export function bytesSet(texts: readonly string[]): (bytes: Uint8Array, start: number, end: number) => boolean {
  const buckets = new Map<number, Uint8Array[]>();
  for (const text of texts) {
    const bytes = utf8(text);
    const hash = shortHash(bytes, 0, bytes.length);
    const bucket = buckets.get(hash);
    if (bucket === undefined) buckets.set(hash, [bytes]);
    else bucket.push(bytes);
  }
  return (bytes, start, end) => {
    const bucket = buckets.get(shortHash(bytes, start, end));
    if (bucket === undefined) return false;
    for (const candidate of bucket) if (equalBytes(bytes, start, end, candidate)) return true;
    return false;
  };
}

/** FNV-1a over at most the first 4 and the last 12 bytes, and the length: ids and names differ there. */
function shortHash(bytes: Uint8Array, start: number, end: number): number {
  let h = 0x811c9dc5 ^ (end - start);
  const head = Math.min(end, start + 4);
  for (let i = start; i < head; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  for (let i = Math.max(head, end - 12); i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  return h;
}

const ONE = 256;
const MANY = 257;

/** A LIKE pattern as bytes, ONE for `_` and MANY for `%`. */
export type LikePattern = Int16Array;

export function compileLike(pattern: string, escapeCharacter: string | undefined): LikePattern {
  const codes: number[] = [];
  let escaped = false;
  for (const c of pattern) {
    if (!escaped && c === escapeCharacter) {
      escaped = true;
    } else if (!escaped && c === '_') {
      codes.push(ONE);
    } else if (!escaped && c === '%') {
      if (codes.at(-1) !== MANY) codes.push(MANY);
    } else {
      codes.push(...utf8(c));
      escaped = false;
    }
  }
  return Int16Array.from(codes);
}

/** The bytes every match begins with. */
export function likePrefix(pattern: LikePattern): Uint8Array {
  const end = pattern.findIndex((code) => code >= ONE);
  return Uint8Array.from(end < 0 ? pattern : pattern.subarray(0, end));
}

/** Whether bytes[start .. end) match as a whole; `_` is one code point. Backtracks only to the last `%`. */
export function matchLike(pattern: LikePattern, bytes: Uint8Array, start: number, end: number): boolean {
  let p = 0;
  let i = start;
  let retryPattern = -1;
  let retryAt = 0;
  while (i < end) {
    const code = p < pattern.length ? pattern[p]! : -1;
    if (code === MANY) {
      retryPattern = ++p;
      // A literal byte can only begin a match where it stands.
      const next = pattern[p] ?? ONE;
      if (next < ONE) while (i < end && bytes[i] !== next) i++;
      retryAt = i;
    } else if (code === ONE) {
      i += codePointLength(bytes[i]!);
      p++;
    } else if (code === bytes[i]) {
      i++;
      p++;
    } else if (retryPattern >= 0) {
      retryAt += codePointLength(bytes[retryAt]!);
      i = retryAt;
      p = retryPattern;
    } else {
      return false;
    }
  }
  while (p < pattern.length && pattern[p] === MANY) p++;
  return p === pattern.length;
}

function codePointLength(lead: number): number {
  if (lead < 0x80) return 1;
  if (lead < 0xe0) return 2;
  return lead < 0xf0 ? 3 : 4;
}
