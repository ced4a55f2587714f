/** The metadata at the head of an Avro file. */
const MAGIC = 'Obj\u0001';

/**
 * @param bytes the file's first bytes, as many as the header has
 * @returns undefined where they are no Avro file, or do not reach to the end of its header
 */
export function readAvroMetadata(bytes: Uint8Array): Record<string, string> | undefined {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  let at = MAGIC.length;
  const long = (): number => {
    let value = 0;
    for (let unit = 1; at < buffer.length; unit *= 128) {
      const byte = buffer[at++]!;
      value += (byte & 127) * unit;
      if (byte < 128) return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
    }
    return Number.NaN;
  };
  const text = (): string => {
    const length = long();
    const end = length >= 0 ? at + length : Number.NaN;
    const found = buffer.toString('utf8', at, end);
    at = end;
    return found;
  };
  const metadata: Record<string, string> = {};
  for (let count = long(); count !== 0; count = long()) {
    // A negative count is followed by the block's bytes, for those who want to skip it.
    if (count < 0) long();
    for (let i = Math.abs(count); i > 0; i--) {
      metadata[text()] = text();
      // A damaged count may be of any size: not one entry is looked for behind the end.
      if (!(at < buffer.length)) return undefined;
    }
    if (!(at < buffer.length)) return undefined;
  }
  return metadata;
}
