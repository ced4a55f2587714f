/**
 * Snappy, in the block format and the framing format (google/snappy: format_description.txt, framing_format.txt).
 *
 * Collectors have sent both as "snappy"; a body is taken as framed where it begins with the stream identifier.
 * Own code because bodies are hostile: no output past the promised length, no step back, every length checked.
 */
import { BridgeError } from '../errors.ts';
import { crc32c } from './crc32c.ts';

/** Chunk type 0xff, length 6, "sNaPpY". */
const STREAM_IDENTIFIER = Buffer.from([0xff, 0x06, 0x00, 0x00, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59]);
const COMPRESSED_CHUNK = 0x00;
const UNCOMPRESSED_CHUNK = 0x01;
const IDENTIFIER_CHUNK = 0xff;
/** Chunk types from here on may be skipped; those between 0x02 and this may not. */
const FIRST_SKIPPABLE_CHUNK = 0x80;
/** Bound of the framing format on the data of one chunk. */
const MAX_CHUNK_BYTES = 65_536;
/** A block of n bytes can become no more than this many times n: a copy of 64 bytes takes 3. */
const MAX_EXPANSION = 22;

/** The body decompressed, at most `maxBytes` of it. Throws `too_large` through `tooLarge`, and `invalid_argument`. */
export function decompressSnappy(body: Uint8Array, maxBytes: number, tooLarge: () => BridgeError): Uint8Array {
  const isFramed = STREAM_IDENTIFIER.equals(body.subarray(0, STREAM_IDENTIFIER.length));
  return isFramed ? decompressFramed(body, maxBytes, tooLarge) : decompressBlock(body, maxBytes, tooLarge);
}

function decompressFramed(body: Uint8Array, maxBytes: number, tooLarge: () => BridgeError): Uint8Array {
  const parts: Uint8Array[] = [];
  let leftBytes = maxBytes;
  let at = 0;
  while (at < body.length) {
    if (at + 4 > body.length) throw damaged(at, 'a chunk is cut off');
    const type = body[at]!;
    const start = at + 4;
    const end = start + (body[at + 1]! | (body[at + 2]! << 8) | (body[at + 3]! << 16));
    if (end > body.length) throw damaged(at, 'a chunk is cut off');
    if (type === COMPRESSED_CHUNK || type === UNCOMPRESSED_CHUNK) {
      if (end - start < 4) throw damaged(at, 'a chunk has no checksum');
      const data = body.subarray(start + 4, end);
      const bound = Math.min(MAX_CHUNK_BYTES, leftBytes);
      const overBound = () => (leftBytes < MAX_CHUNK_BYTES ? tooLarge() : damaged(at, 'a chunk is over 65536 bytes'));
      if (type === UNCOMPRESSED_CHUNK && data.length > bound) throw overBound();
      const part = type === COMPRESSED_CHUNK ? decompressBlock(data, bound, overBound) : data;
      const view = new DataView(body.buffer, body.byteOffset + start, 4);
      if (maskedCrc(part) !== view.getUint32(0, true)) throw damaged(at, 'a checksum does not fit');
      parts.push(part);
      leftBytes -= part.length;
    } else if (type === IDENTIFIER_CHUNK) {
      if (!STREAM_IDENTIFIER.equals(body.subarray(at, end))) throw damaged(at, 'a stream identifier is wrong');
    } else if (type < FIRST_SKIPPABLE_CHUNK) {
      throw damaged(at, `chunks of type ${type} are not known`);
    }
    at = end;
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

function maskedCrc(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function decompressBlock(body: Uint8Array, maxBytes: number, tooLarge: () => BridgeError): Uint8Array {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    if (at >= body.length || shift > 28) throw damaged(at, 'the length in front is cut off or too long');
    const byte = body[at++]!;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (length > maxBytes) throw tooLarge();
  // The claim is checked before room is made for it.
  if (length > body.length * MAX_EXPANSION) throw damaged(0, `${body.length} bytes cannot become ${length}`);
  const output = Buffer.allocUnsafeSlow(length);
  let filled = 0;
  while (at < body.length) {
    const tag = body[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let size = (tag >>> 2) + 1;
      if (size > 60) {
        const bytes = size - 60;
        if (at + bytes > body.length) throw damaged(at, 'a literal is cut off');
        size = littleEndian(body, at, bytes) + 1;
        at += bytes;
      }
      if (at + size > body.length) throw damaged(at, 'a literal is cut off');
      if (filled + size > length) throw damaged(at, `more than the ${length} bytes it promised`);
      output.set(body.subarray(at, at + size), filled);
      at += size;
      filled += size;
      continue;
    }
    const bytes = kind === 3 ? 4 : kind;
    if (at + bytes > body.length) throw damaged(at, 'a copy is cut off');
    const size = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    const offset = kind === 1 ? ((tag >>> 5) << 8) | body[at]! : littleEndian(body, at, bytes);
    at += bytes;
    if (offset === 0 || offset > filled) throw damaged(at, 'a copy reaches back before the start');
    if (filled + size > length) throw damaged(at, `more than the ${length} bytes it promised`);
    if (offset >= size) output.copyWithin(filled, filled - offset, filled - offset + size);
    else for (let i = 0; i < size; i++) output[filled + i] = output[filled + i - offset]!; // repeats what it writes
    filled += size;
  }
  if (filled !== length) throw damaged(at, `${filled} bytes instead of the ${length} it promised`);
  return output;
}

function littleEndian(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let i = count - 1; i >= 0; i--) value = value * 256 + bytes[at + i]!;
  return value;
}

function damaged(at: number, what: string): BridgeError {
  return new BridgeError('invalid_argument', `the snappy body is damaged at byte ${at}: ${what}`);
}
