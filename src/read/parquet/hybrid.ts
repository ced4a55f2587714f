/**
 * The RLE and bit-packing hybrid of Parquet
 * (https://parquet.apache.org/docs/file-format/data-pages/encodings/#run-length-encoding--bit-packing-hybrid-rle--3),
 * into a typed array.
 */

/**
 * Decodes `count` codes of `width` bits (0 to 32) from bytes[at .. end) into out[from ..]. Returns the highest, as an
 * unsigned number. Throws where the bytes end before the values do.
 */
export function decodeCodes(
  bytes: Uint8Array,
  at: number,
  end: number,
  width: number,
  out: Int32Array,
  from: number,
  count: number,
): number {
  let highest = 0;
  eachRun(bytes, at, end, width, count, (value, position, filled, length) => {
    if (value === undefined) {
      highest = Math.max(highest, unpackCodes(bytes, position, width, out, from + filled, length));
    } else {
      out.fill(value, from + filled, from + filled + length);
      highest = Math.max(highest, value);
    }
  });
  return highest;
}

/** Decodes `count` levels of `width` bits (1 to 8) from bytes[at .. end) into out[from ..]. */
export function decodeLevels(
  bytes: Uint8Array,
  at: number,
  end: number,
  width: number,
  out: Uint8Array,
  from: number,
  count: number,
): void {
  eachRun(bytes, at, end, width, count, (value, position, filled, length) => {
    if (value === undefined) unpackLevels(bytes, position, width, out, from + filled, length);
    else out.fill(value, from + filled, from + filled + length);
  });
}

/** The runs up to `count` values: of equal ones with their value, of packed ones with the place they begin at. */
export function eachRun(
  bytes: Uint8Array,
  at: number,
  end: number,
  width: number,
  count: number,
  run: (value: number | undefined, position: number, filled: number, length: number) => void,
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
      run(runValue(bytes, position, end, width), position, filled, length);
      position += (width + 7) >> 3;
      filled += length;
    } else {
      const groups = header >>> 1;
      const length = Math.min(groups * 8, count - filled);
      // The last group may be cut where its values are not needed.
      if (length === 0 || position + Math.ceil((length * width) / 8) > end) throw new Error('a run is cut off');
      run(undefined, position, filled, length);
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
  return value >>> 0;
}

/** Values up to this many bits lie in the four bytes from the one they begin in. */
const MAX_WORD_BITS = 24;

/**
 * Returns the highest. Eight values take `width` bytes, so that the eight of a group lie at the same places in each; one
 * kind of output array and no branch in the loop: a third of the time of a loop over the values.
 */
export function unpackCodes(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Int32Array,
  from: number,
  count: number,
): number {
  if (width === 0) {
    out.fill(0, from, from + count);
    return 0;
  }
  const groups = width > MAX_WORD_BITS ? 0 : Math.min(count >> 3, Math.floor((bytes.length - at - 3) / width) - 1);
  const mask = (1 << width) - 1;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [b1, b2, b3, b4] = [width >> 3, (2 * width) >> 3, (3 * width) >> 3, (4 * width) >> 3];
  const [b5, b6, b7] = [(5 * width) >> 3, (6 * width) >> 3, (7 * width) >> 3];
  const [s1, s2, s3, s4] = [width & 7, (2 * width) & 7, (3 * width) & 7, (4 * width) & 7];
  const [s5, s6, s7] = [(5 * width) & 7, (6 * width) & 7, (7 * width) & 7];
  let highest = 0;
  let to = from;
  for (let group = 0, p = at; group < groups; group++, p += width, to += 8) {
    const v0 = view.getUint32(p, true) & mask;
    const v1 = (view.getUint32(p + b1, true) >>> s1) & mask;
    const v2 = (view.getUint32(p + b2, true) >>> s2) & mask;
    const v3 = (view.getUint32(p + b3, true) >>> s3) & mask;
    const v4 = (view.getUint32(p + b4, true) >>> s4) & mask;
    const v5 = (view.getUint32(p + b5, true) >>> s5) & mask;
    const v6 = (view.getUint32(p + b6, true) >>> s6) & mask;
    const v7 = (view.getUint32(p + b7, true) >>> s7) & mask;
    out[to] = v0;
    out[to + 1] = v1;
    out[to + 2] = v2;
    out[to + 3] = v3;
    out[to + 4] = v4;
    out[to + 5] = v5;
    out[to + 6] = v6;
    out[to + 7] = v7;
    highest = Math.max(highest, v0, v1, v2, v3, v4, v5, v6, v7);
  }
  for (let i = Math.max(0, groups) * 8; i < count; i++) {
    const value = bitsAt(bytes, 8 * at + i * width, width);
    out[from + i] = value;
    highest = Math.max(highest, value >>> 0);
  }
  return highest;
}

function unpackLevels(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Uint8Array,
  from: number,
  count: number,
): void {
  if (width > 2) {
    for (let i = 0; i < count; i++) out[from + i] = bitsAt(bytes, 8 * at + i * width, width);
    return;
  }
  const mask = (1 << width) - 1;
  const shift = width - 1;
  const whole = width === 1 ? count >> 3 : 0;
  for (let b = 0, to = from; b < whole; b++, to += 8) {
    const byte = bytes[at + b]!;
    out[to] = byte & 1;
    out[to + 1] = (byte >> 1) & 1;
    out[to + 2] = (byte >> 2) & 1;
    out[to + 3] = (byte >> 3) & 1;
    out[to + 4] = (byte >> 4) & 1;
    out[to + 5] = (byte >> 5) & 1;
    out[to + 6] = (byte >> 6) & 1;
    out[to + 7] = byte >> 7;
  }
  for (let i = whole * 8; i < count; i++) {
    const bit = i << shift;
    out[from + i] = (bytes[at + (bit >> 3)]! >> (bit & 7)) & mask;
  }
}

/** Bit by bit. */
function bitsAt(bytes: Uint8Array, first: number, width: number): number {
  let value = 0;
  for (let bit = 0; bit < width; bit++) {
    const place = first + bit;
    value |= ((bytes[place >>> 3]! >> (place & 7)) & 1) << bit;
  }
  return value;
}
