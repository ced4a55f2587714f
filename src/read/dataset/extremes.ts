/** Least and greatest values of columns, and what they are given out as. */
import { BridgeError } from '../../errors.ts';
import { isNull, type TextView, textIndex, type View } from '../columns/view.ts';
import { formOf } from '../columns/wide.ts';
import { decimalText, formText, shortSingle } from '../emit/forms.ts';
import type { Value } from '../filter/prune.ts';
import { compareBytes } from '../filter/text.ts';
import type { ReadType } from '../schema.ts';

type Side = 'min' | 'max';

export function countValues(view: View, rows: Int32Array): number {
  let count = 0;
  for (const row of rows) if (!isNull(view, row)) count++;
  return count;
}

export function moreExtreme(a: Value | undefined, b: Value | undefined, side: Side): Value | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  if (a instanceof Uint8Array && b instanceof Uint8Array) {
    return compareBytes(a, 0, a.length, b) <= 0 === (side === 'min') ? a : b;
  }
  return a <= b === (side === 'min') ? a : b;
}

/** Undefined where all are null, or NaN. */
export function extremeOf(view: View, rows: Int32Array, side: Side): Value | undefined {
  switch (view.kind) {
    case 'text':
      return extremeText(view, rows, side);
    case 'int':
    case 'timestamp': {
      const isUnsigned = view.kind === 'int' && view.form?.kind === 'unsigned';
      const valueAt = (row: number) => (isUnsigned ? BigInt.asUintN(64, view.values[row]!) : view.values[row]!);
      return extremeValue(view, rows, side, valueAt);
    }
    case 'decimal':
      return extremeValue(view, rows, side, (row) => view.values[row]!);
    case 'double':
      return extremeValue(view, rows, side, (row) => (Number.isNaN(view.values[row]!) ? undefined : view.values[row]!));
    case 'bool':
      return extremeValue(view, rows, side, (row) => view.values[row]!);
    default:
      throw new BridgeError('internal', `${side} was asked of a ${view.kind} column`);
  }
}

function extremeValue<V extends bigint | number>(
  view: View,
  rows: Int32Array,
  side: Side,
  valueAt: (row: number) => V | undefined,
): V | undefined {
  let best: V | undefined;
  for (const row of rows) {
    if (isNull(view, row)) continue;
    const value = valueAt(row);
    if (value === undefined) continue;
    if (best === undefined || (side === 'min' ? value < best : value > best)) best = value;
  }
  return best;
}

function extremeText(view: TextView, rows: Int32Array, side: Side): Uint8Array | undefined {
  const { bytes, offsets } = view;
  let best = -1;
  for (const row of rows) {
    const i = textIndex(view, row);
    if (i < 0 || i === best) continue;
    if (best < 0) {
      best = i;
      continue;
    }
    const order = compareBytes(bytes, offsets[i]!, offsets[i + 1]!, bytes.subarray(offsets[best]!, offsets[best + 1]!));
    if (side === 'min' ? order < 0 : order > 0) best = i;
  }
  return best < 0 ? undefined : bytes.slice(offsets[best]!, offsets[best + 1]!);
}

/** As JSON gives it out; integers beyond 2^53 as bigint. */
export function plainValue(value: Value, type: ReadType): string | number | bigint | boolean {
  if (value instanceof Uint8Array) return textOf(value, type);
  switch (type.kind) {
    case 'bool':
      return value === 1;
    case 'float':
      return shortSingle(Number(value));
    case 'double':
      return value;
    case 'decimal':
      return decimalText(BigInt(value), type.scale);
    case 'timestamp':
      return formText(BigInt(value), { kind: 'instant', unit: 'us', local: false });
    case 'date':
    case 'time':
    case 'instant':
      return formText(BigInt(value), formOf(type)!);
    default:
      return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
}

function textOf(bytes: Uint8Array, type: ReadType): string {
  if (type.kind !== 'bytes') return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const hex = Buffer.from(bytes).toString('hex');
  return type.form === 'uuid' ? hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5') : hex;
}
