/** Arrow columns of the types that the bridge's own tables have not, as views. Widening loses nothing; narrowing is refused. */
import { type Data, DataType } from 'apache-arrow';
import { BridgeError } from '../../errors.ts';
import type { ReadType } from '../schema.ts';
import { int64Values, mismatch, validBytes } from './arrow-data.ts';
import type { DecimalView, IntForm, IntView, TextView } from './view.ts';

type IntType = Extract<ReadType, { kind: 'integer' | 'date' | 'time' | 'instant' }>;

export function formOf(type: IntType): IntForm | undefined {
  if (type.kind !== 'integer') return type;
  return type.bits === 64 && !type.signed ? { kind: 'unsigned' } : undefined;
}

export const UNITS_IN_SECOND = { ms: 1_000n, us: 1_000_000n, ns: 1_000_000_000n } as const;
/** Arrow's TimeUnit: seconds, milliseconds, microseconds, nanoseconds. */
const ARROW_UNITS = [1n, 1_000n, 1_000_000n, 1_000_000_000n];

export function wideIntView(data: Data, type: IntType, name: string): IntView {
  return {
    kind: 'int',
    rows: data.length,
    values: wideInts(data, type, name),
    valid: validBytes(data),
    form: formOf(type),
  };
}

function wideInts(data: Data, type: IntType, name: string): BigInt64Array {
  switch (type.kind) {
    case 'integer':
      return int64Values(data, name);
    case 'date':
      if (!DataType.isDate(data.type) || data.type.unit !== 0) throw mismatch(name, data, 'DATE');
      return widened(data);
    case 'time':
      if (!DataType.isTime(data.type)) throw mismatch(name, data, 'TIME');
      return inUnit(data, data.type.unit, UNITS_IN_SECOND[type.unit], name, `TIME in ${type.unit}`);
    case 'instant':
      if (!DataType.isTimestamp(data.type)) throw mismatch(name, data, 'TIMESTAMP');
      return inUnit(data, data.type.unit, UNITS_IN_SECOND[type.unit], name, `TIMESTAMP in ${type.unit}`);
  }
}

function widened(data: Data): BigInt64Array {
  const values = data.values as BigInt64Array | Int32Array;
  if (values instanceof BigInt64Array) return values.subarray(0, data.length);
  const wide = new BigInt64Array(data.length);
  for (let i = 0; i < wide.length; i++) wide[i] = BigInt(values[i]!);
  return wide;
}

function inUnit(data: Data, unit: number, wanted: bigint, name: string, expected: string): BigInt64Array {
  const found = ARROW_UNITS[unit]!;
  if (found > wanted) throw mismatch(name, data, expected);
  const values = widened(data);
  if (found === wanted) return values;
  const factor = wanted / found;
  const valid = validBytes(data);
  return values.map((value, i) => {
    if (valid !== undefined && valid[i] === 0) return 0n;
    const wide = value * factor;
    if (BigInt.asIntN(64, wide) === wide) return wide;
    throw new BridgeError(
      'unprocessable',
      `column ${name}: the value ${value} of ${data.type} is out of range of ${expected}`,
    );
  });
}

const WORD = 32n;

export function decimalView(data: Data, type: Extract<ReadType, { kind: 'decimal' }>, name: string): DecimalView {
  if (!DataType.isDecimal(data.type) || data.type.scale > type.scale) {
    throw mismatch(name, data, `DECIMAL(${type.precision},${type.scale})`);
  }
  const { length: rows } = data;
  const valid = validBytes(data);
  const words = data.values as Uint32Array;
  const stride = data.type.bitWidth / 32;
  const factor = 10n ** BigInt(type.scale - data.type.scale);
  const values = new Array<bigint>(rows).fill(0n);
  for (let row = 0; row < rows; row++) {
    if (valid !== undefined && valid[row] === 0) continue;
    values[row] = decimalAt(words, row * stride, stride) * factor;
  }
  return { kind: 'decimal', rows, values, scale: type.scale, valid };
}

/** Two's complement, lowest word first. Most values fit two words. */
function decimalAt(words: Uint32Array, at: number, stride: number): bigint {
  const [low, next] = [words[at]!, words[at + 1]! | 0];
  const sign = next < 0 ? 0xffffffff : 0;
  let fits = true;
  for (let i = 2; i < stride; i++) fits &&= words[at + i] === sign;
  if (fits) return (BigInt(next) << WORD) | BigInt(low);
  let value = BigInt(words[at + stride - 1]! | 0);
  for (let i = stride - 2; i >= 0; i--) value = (value << WORD) | BigInt(words[at + i]!);
  return value;
}

export function bytesView(data: Data, form: 'hex' | 'uuid', name: string): TextView {
  const { length: rows, type } = data;
  const base = { kind: 'text', rows, codes: undefined, valid: validBytes(data), form } as const;
  if (DataType.isBinary(type) || DataType.isUtf8(type))
    return { ...base, offsets: data.valueOffsets, bytes: data.values };
  if (!DataType.isFixedSizeBinary(type)) throw mismatch(name, data, 'bytes');
  const { byteWidth } = type;
  return { ...base, offsets: Int32Array.from({ length: rows + 1 }, (_, i) => byteWidth * i), bytes: data.values };
}
