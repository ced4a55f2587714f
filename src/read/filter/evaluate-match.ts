/** Comparisons between two columns or attributes of the same row. */
import { BridgeError } from '../../errors.ts';
import type { ReadBatch } from '../columns/batch.ts';
import { isNull, type TextView, textIndex, type View } from '../columns/view.ts';
import { textOf } from './evaluate-text.ts';
import { compareNumbers, numberOfText } from './number.ts';
import { holds, type Predicate } from './predicate.ts';
import { compareBytes } from './text.ts';

export function matchRows(
  { left, op, right, as }: Extract<Predicate, { kind: 'match' }>,
  batch: ReadBatch,
  rows: Int32Array,
): Int32Array {
  const [a, b] = [batch.source(left), batch.source(right)];
  if (as === 'text') return textMatchRows(text(a), text(b), (order) => holds(op, order), rows);
  const valueAt = as === 'number' ? numberAt : boolAt;
  return rows.filter((row) => {
    const x = valueAt(a, row);
    const y = valueAt(b, row);
    return x !== undefined && y !== undefined && holds(op, compareNumbers(x, y));
  });
}

function textMatchRows(a: TextView, b: TextView, passes: (order: number) => boolean, rows: Int32Array): Int32Array {
  return rows.filter((row) => {
    const i = textIndex(a, row);
    const j = textIndex(b, row);
    if (i < 0 || j < 0) return false;
    const other = b.bytes.subarray(b.offsets[j]!, b.offsets[j + 1]!);
    return passes(compareBytes(a.bytes, a.offsets[i]!, a.offsets[i + 1]!, other));
  });
}

function numberAt(view: View, row: number): number | bigint | undefined {
  if (isNull(view, row)) return undefined;
  if (view.kind === 'int' && view.form?.kind === 'unsigned') return BigInt.asUintN(64, view.values[row]!);
  if (view.kind === 'decimal') return view.values[row];
  if (view.kind === 'int' || view.kind === 'timestamp' || view.kind === 'double') return view.values[row];
  return numberOfText(textAt(text(view), row));
}

function boolAt(view: View, row: number): number | undefined {
  if (isNull(view, row)) return undefined;
  if (view.kind === 'bool') return view.values[row];
  const word = textAt(text(view), row);
  return word === 'true' ? 1 : word === 'false' ? 0 : undefined;
}

function textAt(view: TextView, row: number): string {
  const i = textIndex(view, row);
  return textOf(view.bytes, view.offsets[i]!, view.offsets[i + 1]!);
}

function text(view: View): TextView {
  if (view.kind === 'text') return view;
  throw new BridgeError('internal', `a ${view.kind} column was compared as text`);
}
