/** Text and bytes in the one form that batches have here: plain, with offsets of 32 bits. */
import { type Data, DataType, makeData } from 'apache-arrow';
import { MAX_INT32 } from '../batch/bytes.ts';
import { BridgeError } from '../errors.ts';
import { alignedNulls } from './nulls.ts';

export function isVariable(type: DataType): boolean {
  return DataType.isUtf8(type) || DataType.isBinary(type);
}

/**
 * The same values with `type` (Utf8 or Binary): of plain, large or fixed text or bytes, or of a dictionary of them.
 * Undefined for a dictionary of anything else.
 *
 * @throws BridgeError too_large over 2^31 - 1 bytes
 */
export function plainVariable(data: Data, type: DataType): Data | undefined {
  if (DataType.isDictionary(data.type)) return gathered(data, type);
  if (DataType.isFixedSizeBinary(data.type)) {
    const { byteWidth } = data.type;
    const valueOffsets = Int32Array.from({ length: data.length + 1 }, (_, i) => checkBytes(i * byteWidth));
    return makeData({ type, length: data.length, ...alignedNulls(data), valueOffsets, data: data.values } as never);
  }
  const offsets = data.valueOffsets as Int32Array | BigInt64Array;
  const valueOffsets = offsets instanceof Int32Array ? offsets : Int32Array.from(offsets, checkedOffset);
  return makeData({ type, length: data.length, ...alignedNulls(data), valueOffsets, data: data.values } as never);
}

function checkedOffset(offset: bigint): number {
  return checkBytes(Number(offset));
}

function checkBytes(bytes: number): number {
  if (bytes <= MAX_INT32) return bytes;
  throw new BridgeError('too_large', `a column has ${bytes} bytes of text; a batch has at most ${MAX_INT32}`);
}

function gathered(data: Data, type: DataType): Data | undefined {
  const parts = data.dictionary!.data.map((part) => plainPart(part as Data));
  if (parts.includes(undefined)) return undefined;
  const codes = data.values as never as ArrayLike<number | bigint>;
  const at = (row: number): [Data, number] => {
    let code = Number(codes[row]);
    let part = 0;
    while (code >= parts[part]!.length) code -= parts[part++]!.length;
    return [parts[part]!, code];
  };
  const { length } = data;
  const nulls = alignedNulls(data);
  const isNull = (row: number) =>
    nulls.nullBitmap !== undefined && ((nulls.nullBitmap[row >> 3]! >> (row & 7)) & 1) === 0;
  const valueOffsets = new Int32Array(length + 1);
  let bytes = 0;
  for (let row = 0; row < length; row++) {
    if (!isNull(row)) {
      const [{ valueOffsets: offsets }, code] = at(row);
      bytes = checkBytes(bytes + offsets[code + 1]! - offsets[code]!);
    }
    valueOffsets[row + 1] = bytes;
  }
  const values = new Uint8Array(bytes);
  for (let row = 0; row < length; row++) {
    if (isNull(row)) continue;
    const [{ valueOffsets: offsets, values: source }, code] = at(row);
    values.set((source as Uint8Array).subarray(offsets[code]!, offsets[code + 1]!), valueOffsets[row]!);
  }
  return makeData({ type, length, ...nulls, valueOffsets, data: values } as never);
}

function plainPart(part: Data): Data | undefined {
  const { type } = part;
  const isPlain = isVariable(type) || DataType.isLargeUtf8(type) || DataType.isLargeBinary(type);
  return isPlain ? plainVariable(part, type) : undefined;
}
