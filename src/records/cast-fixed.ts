/** Values of a fixed width as a wider type. */
import { type Data, DataType, makeData } from 'apache-arrow';
import { bitmap } from '../batch/validity.ts';
import { BridgeError } from '../errors.ts';
import { toArrowType } from './arrow.ts';
import { alignedNulls } from './nulls.ts';
import { printType } from './type-text.ts';
import type { FieldType } from './types.ts';

/**
 * The values of `data`, which are `from`, as `to`; for types where `widens(from, to)`.
 *
 * @throws BridgeError invalid_argument where a time does not fit in the finer unit
 */
export function castFixed(data: Data, from: FieldType, to: FieldType): Data {
  const type = toArrowType(to);
  return makeData({ type, length: data.length, ...alignedNulls(data), data: valuesAs(data, from, to, type) } as never);
}

type Values = Float64Array | BigInt64Array;

function valuesAs(data: Data, from: FieldType, to: FieldType, type: DataType): unknown {
  if (DataType.isBool(type)) return bits(data);
  if (from.kind === 'decimal' && to.kind === 'decimal') return decimals(data, from.scale, to, type);
  // Buffers are longer than the values where they come from a file or socket, to end at a multiple of 8 bytes.
  const values = (data.values as unknown as Values).subarray(0, data.length * strideOf(to));
  const factor = unitFactor(data.type, to);
  if (factor !== 1) return multiplied(values, factor, type, to);
  const target = type.ArrayType as { from(values: Values, change?: (value: number) => unknown): unknown };
  if (values instanceof (target as unknown as typeof Float64Array)) return values;
  const isWide = (target as unknown) === BigInt64Array || (target as unknown) === BigUint64Array;
  return isWide ? target.from(values, BigInt) : target.from(values);
}

/** Elements of the typed array a value. */
function strideOf(type: FieldType): number {
  if (type.kind === 'fixed_binary') return type.bytes;
  return type.kind === 'uuid' ? 16 : 1;
}

/** The bits of bools, which are not cut in a slice. */
function bits({ values, offset, length }: Data): Uint8Array {
  const all = values as Uint8Array;
  if (offset === 0) return all;
  const flags = new Uint8Array(length);
  for (let i = 0; i < length; i++) flags[i] = (all[(offset + i) >> 3]! >> ((offset + i) & 7)) & 1;
  return bitmap(flags, length);
}

/** Counts of `to`'s unit in one of the stored unit; 1 for other types than times. */
function unitFactor(stored: DataType, to: FieldType): number {
  if (!(DataType.isTime(stored) || DataType.isTimestamp(stored))) return 1;
  const wanted = toArrowType(to) as typeof stored;
  return 1000 ** (wanted.unit - stored.unit);
}

function multiplied(values: Values | Int32Array, factor: number, type: DataType, to: FieldType): unknown {
  if (type.ArrayType === Int32Array) return Int32Array.from(values as Int32Array, (count) => count * factor);
  return BigInt64Array.from(values as BigInt64Array, (count) => {
    const product = BigInt(count) * BigInt(factor);
    if (BigInt.asIntN(64, product) === product) return product;
    throw new BridgeError('invalid_argument', `the time ${count} times ${factor} has no place in ${printType(to)}`);
  });
}

/** Little-endian words of 32 bits. */
function decimals(data: Data, scale: number, to: Extract<FieldType, { kind: 'decimal' }>, type: DataType): Uint32Array {
  const words = data.values as unknown as Uint32Array;
  const width = bitWidth(data.type) / 32;
  const wide = bitWidth(type) / 32;
  if (width === wide && scale === to.scale) return words.subarray(0, data.length * width);
  const factor = 10n ** BigInt(to.scale - scale);
  const out = new Uint32Array(data.length * wide);
  for (let row = 0; row < data.length; row++) {
    let value = 0n;
    for (let i = width - 1; i >= 0; i--) value = (value << 32n) | BigInt(words[row * width + i]!);
    let scaled = BigInt.asIntN(32 * width, value) * factor;
    for (let i = 0; i < wide; i++) {
      out[row * wide + i] = Number(BigInt.asUintN(32, scaled));
      scaled >>= 32n;
    }
  }
  return out;
}

function bitWidth(type: DataType): number {
  if (!DataType.isDecimal(type)) throw new BridgeError('internal', `${type} is no decimal`);
  return (type as unknown as { readonly bitWidth: number }).bitWidth;
}
