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
  const valueBytes = (width + 7) >> 3;
  let filled = 0;
  let position = at;
  while (filled < count) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      if (position >= end || shift > 28) throw new Error('a run is cut off');
      const byte = bytes[position++]!;
      header |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    header >>>= 0;
    if ((header & 1) === 0) {
      const length = Math.min(header >>> 1, count - filled);
      if (length === 0 || position + valueBytes > end) throw new Error('a run is cut off');
      let value = 0;
      for (let b = 0; b < valueBytes; b++) value |= bytes[position++]! << (8 * b);
      out.fill(value, from + filled, from + filled + length);
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

/**
 * Definition levels of a column that is not nested: a byte a row, 1 = present, into `valid`, which is all 0 before.
 * Returns the number of present rows.
 */
export function decodeLevels(
  bytes: Uint8Array,
  at: number,
  end: number,
  valid: Uint8Array,
  from: number,
  count: number,
): number {
  decodeHybrid(bytes, at, end, 1, valid, from, count);
  let present = 0;
  for (let i = from; i < from + count; i++) present += valid[i]!;
  return present;
}

function unpack(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Int32Array | Uint8Array,
  from: number,
  count: number,
): void {
  if (width === 0) {
    out.fill(0, from, from + count);
    return;
  }
  if (width === 1) {
    for (let i = 0; i < count; i++) out[from + i] = (bytes[at + (i >> 3)]! >> (i & 7)) & 1;
    return;
  }
  if (width > 24) {
    unpackWide(bytes, at, width, out, from, count);
    return;
  }
  const mask = (1 << width) - 1;
  let buffer = 0;
  let bits = 0;
  let position = at;
  for (let i = 0; i < count; i++) {
    while (bits < width) {
      buffer |= bytes[position++]! << bits;
      bits += 8;
    }
    out[from + i] = buffer & mask;
    buffer >>>= width;
    bits -= width;
  }
}

/** Wider values do not fit a 32-bit buffer beside what is left of the byte before. */
function unpackWide(
  bytes: Uint8Array,
  at: number,
  width: number,
  out: Int32Array | Uint8Array,
  from: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    let value = 0;
    const first = i * width;
    for (let bit = 0; bit < width; bit++) {
      const place = first + bit;
      value |= ((bytes[at + (place >> 3)]! >> (place & 7)) & 1) << bit;
    }
    out[from + i] = value;
  }
}
