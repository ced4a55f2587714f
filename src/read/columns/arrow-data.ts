/** Buffers of Arrow data in the form of views. */
import { type Data, DataType } from 'apache-arrow';
import { BridgeError } from '../../errors.ts';

export function int64Values(data: Data, name: string): BigInt64Array {
  if (!DataType.isInt(data.type)) throw mismatch(name, data, 'an integer');
  const values = data.values as BigInt64Array | BigUint64Array | Int32Array;
  if (values instanceof BigInt64Array) return values.subarray(0, data.length);
  if (values instanceof BigUint64Array) return new BigInt64Array(values.buffer, values.byteOffset, data.length);
  const wide = new BigInt64Array(data.length);
  for (let i = 0; i < data.length; i++) wide[i] = BigInt(values[i]!);
  return wide;
}

/** Validity as a byte a row; undefined where no row is null. */
export function validBytes(data: Data): Uint8Array | undefined {
  const bits = data.nullBitmap as Uint8Array | undefined;
  if (bits === undefined || bits.length === 0 || data.nullCount === 0) return undefined;
  return unpackBits(bits, data.offset, data.length);
}

export function unpackBits(bits: Uint8Array, offset: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (bits[(offset + i) >> 3]! >> ((offset + i) & 7)) & 1;
  return bytes;
}

export function mismatch(name: string, data: Data, expected: string): BridgeError {
  return new BridgeError('unprocessable', `column ${name} is ${data.type} in the file, ${expected} in the table`, {
    hint: 'Rewrite the file with the type of the table, or read with on_error=skip.',
  });
}
