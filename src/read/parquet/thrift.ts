/**
 * A walk over Thrift's compact protocol that makes no objects
 * (https://github.com/apache/thrift/blob/master/doc/specs/thrift-compact-protocol.md). Footers hold some thousand values
 * of which a read asks a few: finding where they stand takes a tenth of what making objects of all takes.
 */

/** Wire types of fields and elements. */
export const WIRE = { true: 1, false: 2, byte: 3, i16: 4, i32: 5, i64: 6, double: 7, binary: 8, list: 9, struct: 12 };

export interface Walk {
  readonly bytes: Uint8Array;
  /** Next byte. */
  at: number;
}

/** The bytes are over in the midst of a value. */
function cutShort(): Error {
  return new Error('its Thrift ends too soon');
}

/** Unsigned; exact up to 2^53. */
export function readVarint(walk: Walk): number {
  const { bytes } = walk;
  let value = 0;
  for (let scale = 1; ; scale *= 128) {
    if (walk.at >= bytes.length) throw cutShort();
    const byte = bytes[walk.at++]!;
    if (byte < 128) return value + byte * scale;
    value += (byte - 128) * scale;
  }
}

/** Of 16, 32 or 64 bits; exact up to 2^53. */
export function readInteger(walk: Walk): number {
  const zigzag = readVarint(walk);
  return zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
}

/** Bytes of a text or of binary. */
export function readBinary(walk: Walk): Uint8Array {
  const length = readVarint(walk);
  const start = walk.at;
  skipBytes(walk, length);
  return walk.bytes.subarray(start, walk.at);
}

/** Number of elements; they follow, and must be of the wire type. */
export function readListOf(walk: Walk, type: number): number {
  const { size, element } = readList(walk);
  // Writers give empty lists any type.
  if (size > 0 && element !== type) throw new Error(`a list of Thrift type ${element} where ${type} was expected`);
  return size;
}

function readList(walk: Walk): { readonly size: number; readonly element: number } {
  if (walk.at >= walk.bytes.length) throw cutShort();
  const head = walk.bytes[walk.at++]!;
  return { element: head & 15, size: head >> 4 === 15 ? readVarint(walk) : head >> 4 };
}

/**
 * Goes through the fields of a struct. `field` is told id and wire type and reads the value, or returns false where the
 * value is of no interest: then it is passed over.
 */
export function walkStruct(walk: Walk, field: (id: number, type: number) => boolean): void {
  const { bytes } = walk;
  for (let id = 0; ; ) {
    if (walk.at >= bytes.length) throw cutShort();
    const head = bytes[walk.at++]!;
    const type = head & 15;
    if (type === 0) return;
    id = head >> 4 === 0 ? readInteger(walk) : id + (head >> 4);
    if (!field(id, type)) skip(walk, type);
  }
}

export function skipBytes(walk: Walk, count: number): void {
  walk.at += count;
  if (walk.at > walk.bytes.length) throw cutShort();
}

/** Passes over a value. */
export function skip(walk: Walk, type: number): void {
  switch (type) {
    case WIRE.true:
    case WIRE.false:
      break;
    case WIRE.byte:
      skipBytes(walk, 1);
      break;
    case WIRE.i16:
    case WIRE.i32:
    case WIRE.i64:
      skipVarint(walk);
      break;
    case WIRE.double:
      skipBytes(walk, 8);
      break;
    case WIRE.binary:
      skipBytes(walk, readVarint(walk));
      break;
    case WIRE.list:
      skipList(walk);
      break;
    case WIRE.struct:
      skipStruct(walk);
      break;
    default:
      // Parquet has no maps and sets.
      throw new Error(`Thrift type ${type} in a Parquet footer`);
  }
}

function skipVarint(walk: Walk): void {
  const { bytes } = walk;
  let at = walk.at;
  while (bytes[at]! >= 128) at++;
  walk.at = at;
  skipBytes(walk, 1);
}

function skipList(walk: Walk): void {
  const { size, element } = readList(walk);
  // In a list a truth value takes a byte.
  if (element === WIRE.true || element === WIRE.false) skipBytes(walk, size);
  else for (let i = 0; i < size; i++) skip(walk, element);
}

function skipStruct(walk: Walk): void {
  const { bytes } = walk;
  for (;;) {
    if (walk.at >= bytes.length) throw cutShort();
    const head = bytes[walk.at++]!;
    if ((head & 15) === 0) return;
    if (head >> 4 === 0) skipVarint(walk);
    skip(walk, head & 15);
  }
}
