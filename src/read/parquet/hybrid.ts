/**
 * The RLE and bit-packing hybrid of Parquet
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/#run-length-encoding--bit-packing-hybrid-rle--3),
 * into a typed array.
 */

/**
 * Decodes `count` values of `width` bits (0 to 32) from bytes[at .. end) into out[from ..]. Throws where the bytes end
 * before the values do.
 */
export function decodeHybrid(
  bytes: Uint8Array,
  at: number,
  end: number,
  width: number,
  out: Int32Array | Uint8Array,
  from: number,
  count: number,
): void {
  if (width < 0 || width > 32) throw new Error(`values of ${width} bits`);
  let filled = 0;
  let position = at;
  while (filled < count) {
    const [header, behind] = runHeader(bytes, position, end);
    position = behind;
    if ((header & 1) === 0) {
      const length = Math.min(header >>> 1, count - filled);
      if (length === 0) throw new Error('a run is cut off');
      out.fill(runValue(bytes, position, end, width), from + filled, from + filled + length);
      position += (width + 7) >> 3;
      filled += length;
    } else {
      const groups = header >>> 1;
      const length = Math.min(groups * 8, count - filled);
      // The last group may be cut where its values are not needed.
      if (length === 0 || position + Math.ceil((length * width) / 8) > end) throw new Error('a run is cut off');
      unpack(bytes, position, width, out, from + filled, length);
      position = Math.min(end, position + groups * width);
      filled += length;
    }
  }
}

/** The value that all of the first `count` values have, where they are one run; -1 where that is not seen at once. */
export function constantRun(bytes: Uint8Array, at: number, end: number, width: number, count: number): number {
  const [header, position] = runHeader(bytes, at, end);
  return (header & 1) === 0 && header >>> 1 >= count ? runValue(bytes, position, end, width) : -1;
}

/**
 * Of `count` values of one bit: the places of the zeros, counted from `first`, into out[from ..]. Returns how many. Of
 * lists most values are ones, which are passed over eight at a time.
 */
export function zerosIn(
  bytes: Uint8Array,
  at: number,
  end: number,
  count: number,
  first: number,
  out: Int32Array,
  from: number,
): number {
  let filled = 0;
  let to = from;
  let position = at;
  while (filled < count) {
    const [header, behind] = runHeader(bytes, position, end);
    position = behind;
    const isRun = (header & 1) === 0;
    const length = Math.min(isRun ? header >>> 1 : (header >>> 1) * 8, count - filled);
    const size = isRun ? 1 : (length + 7) >> 3;
    if (length === 0 || position + size > end) throw new Error('a run is cut off');
    const start = first + filled;
    if (isRun) {
      if (bytes[position] === 0) for (let i = 0; i < length; i++) out[to++] = start + i;
    } else {
      for (let i = 0; i < size; i++) {
        const byte = bytes[position + i]!;
        if (byte === 255) continue;
        const most = Math.min(8, length - 8 * i);
        for (let bit = 0; bit < most; bit++) if (((byte >> bit) & 1) === 0) out[to++] = start + 8 * i + bit;
      }
    }
    position = Math.min(end, position + (isRun ? 1 : header >>> 1));
    filled += length;
  }
  return to - from;
}

/** The header of a run, and where the run goes on. */
function runHeader(bytes: Uint8Array, at: number, end: number): [number, number] {
  let header = 0;
  let position = at;
  for (let shift = 0; ; shift += 7) {
    if (position >= end || shift > 28) throw new Error('a run is cut off');
    const byte = bytes[position++]!;
    header |= (byte & 127) << shift;
    if (byte < 128) return [header >>> 0, position];
  }
}

/** The value of a run of equal ones. */
function runValue(bytes: Uint8Array, at: number, end: number, width: number): number {
  const size = (width + 7) >> 3;
  if (at + size > end) throw new Error('a run is cut off');
  let value = 0;
  for (let b = 0; b < size; b++) value |= bytes[at + b]! << (8 * b);
  return value;
}

function unpack(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Int32Array | Uint8Array,
  from: number,
  count: number,
): void {
  if (width === 0) out.fill(0, from, from + count);
  else if (width === 1) unpackBits(bytes, at, out, from, count);
  else if (width > MAX_WORD_BITS) unpackWide(bytes, at, width, out, from, count);
  else unpackWords(bytes, at, width, out, from, count);
}

function unpackBits(bytes: Uint8Array, at: number, out: Int32Array | Uint8Array, from: number, count: number): void {
  const whole = count >> 3;
  let to = from;
  for (let i = 0; i < whole; i++) {
    const byte = bytes[at + i]!;
    out[to] = byte & 1;
    out[to + 1] = (byte >> 1) & 1;
    out[to + 2] = (byte >> 2) & 1;
    out[to + 3] = (byte >> 3) & 1;
    out[to + 4] = (byte >> 4) & 1;
    out[to + 5] = (byte >> 5) & 1;
    out[to + 6] = (byte >> 6) & 1;
    out[to + 7] = byte >> 7;
    to += 8;
  }
  for (let i = whole * 8; i < count; i++) out[from + i] = (bytes[at + (i >> 3)]! >> (i & 7)) & 1;
}

/** Values up to this many bits lie in the four bytes from the one they begin in. */
const MAX_WORD_BITS = 24;

function unpackWords(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Int32Array | Uint8Array,
  from: number,
  count: number,
): void {
  const mask = (1 << width) - 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  // The last values, whose four bytes may not all be there, are put together byte by byte.
  const readable = Math.max(0, Math.min(count, Math.floor(((bytes.length - at - 3) * 8) / width)));
  let bit = 8 * at;
  for (let i = 0; i < readable; i++) {
    out[from + i] = (view.getUint32(bit >>> 3, true) >>> (bit & 7)) & mask;
    bit += width;
  }
  unpackWide(bytes, at, width, out, from + readable, count - readable, readable);
}

/** Bit by bit; `skipped` values stand before the first. */
function unpackWide(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Int32Array | Uint8Array,
  from: number,
  count: number,
  skipped = 0,
): void {
  for (let i = 0; i < count; i++) {
    let value = 0;
    const first = (skipped + i) * width;
    for (let bit = 0; bit < width; bit++) {
      const place = first + bit;
      value |= ((bytes[at + (place >> 3)]! >> (place & 7)) & 1) << bit;
    }
    out[from + i] = value;
  }
}
