/**
 * A predicate asked of the rows of a batch. AND narrows the candidates term by term; OR asks each term only of the rows
 * no earlier term took. Each test is one loop over a column's buffers; text in a dictionary is tested once a value.
 */
import { BridgeError } from '../../errors.ts';
import type { ReadBatch } from '../columns/batch.ts';
import {
  type BoolView,
  type CodedRows,
  type DecimalView,
  type DoubleView,
  type IntView,
  isNull,
  type TimestampView,
  type View,
} from '../columns/view.ts';
import type { CompareOp } from './ast.ts';
import { matchRows } from './evaluate-match.ts';
import { textRows } from './evaluate-text.ts';
import { holds, type Predicate, type Source, type Test } from './predicate.ts';

/** Row numbers for which the predicate is true, ascending. */
export function select(predicate: Predicate, batch: ReadBatch): Int32Array {
  return filterRows(predicate, batch, rowNumbers(batch.rows));
}

let ascending = new Int32Array(0);

/** 0, 1, 2 and so on, shared by all batches: to be read only. */
function rowNumbers(count: number): Int32Array {
  if (count > MAX_SHARED_ROWS) return countUp(count);
  if (ascending.length < count) ascending = countUp(Math.max(count, Math.min(2 * ascending.length, MAX_SHARED_ROWS)));
  return ascending.subarray(0, count);
}

const MAX_SHARED_ROWS = 1 << 18;

function countUp(count: number): Int32Array<ArrayBuffer> {
  const rows = new Int32Array(count);
  // A loop: Int32Array.from with a function took ten times as long as most filters.
  for (let i = 0; i < count; i++) rows[i] = i;
  return rows;
}

function filterRows(predicate: Predicate, batch: ReadBatch, rows: Int32Array): Int32Array {
  if (rows.length === 0) return rows;
  switch (predicate.kind) {
    case 'always':
      return predicate.value ? rows : rows.subarray(0, 0);
    case 'and': {
      let left = rows;
      for (const term of predicate.terms) left = filterRows(term, batch, left);
      return left;
    }
    case 'or':
      return anyRows(predicate.terms, batch, rows);
    case 'test':
      return testRows(predicate.source, predicate.test, batch, rows);
    case 'match':
      return matchRows(predicate, batch, rows);
  }
}

function anyRows(terms: readonly Predicate[], batch: ReadBatch, rows: Int32Array): Int32Array {
  const taken = new Uint8Array(batch.rows);
  let rest = rows;
  for (const term of terms) {
    const hits = filterRows(term, batch, rest);
    for (const row of hits) taken[row] = 1;
    if (hits.length > 0) rest = rest.filter((row) => taken[row] === 0);
  }
  return rows.filter((row) => taken[row] === 1);
}

function testRows(source: Source, test: Test, batch: ReadBatch, rows: Int32Array): Int32Array {
  const view = batch.source(source);
  if (test.kind === 'null' && test.isNull) return nullRows(view, true, rows);
  const coded = 'coded' in view ? view.coded : undefined;
  // Where few rows are left, their values are fewer than the distinct ones.
  const isCheaper = coded !== undefined && !coded.isSpelt && coded.distinct.rows <= rows.length;
  return isCheaper ? codedRows(coded, test, batch.rows, rows) : valueRows(view, test, rows);
}

/** Each distinct value is tested once; which rows have those that pass is asked of the codes as they stand in the file. */
function codedRows({ distinct, rowsOf }: CodedRows, test: Test, all: number, rows: Int32Array): Int32Array {
  const passing = valueRows(distinct, test, rowNumbers(distinct.rows));
  if (passing.length === 0) return rows.subarray(0, 0);
  const verdicts = new Uint8Array(distinct.rows);
  for (const value of passing) verdicts[value] = 1;
  const found = rowsOf(verdicts);
  return rows.length === all ? found : common(rows, found);
}

/** What two ascending lists share. */
function common(a: Int32Array, b: Int32Array): Int32Array {
  const out = new Int32Array(Math.min(a.length, b.length));
  let n = 0;
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    const [x, y] = [a[i]!, b[j]!];
    if (x === y) out[n++] = x;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return out.subarray(0, n);
}

function valueRows(view: View, test: Test, rows: Int32Array): Int32Array {
  if (test.kind === 'null') return nullRows(view, test.isNull, rows);
  switch (view.kind) {
    case 'text':
      return textRows(view, test, rows);
    case 'int':
    case 'timestamp':
      if (test.kind === 'int') return intRows(view, test.op, test.value, rows);
      if (test.kind === 'intIn') return intInRows(view, new Set(test.values), test.negated, rows);
      break;
    case 'double':
      if (test.kind === 'double') return doubleRows(view, test.op, test.value, rows);
      if (test.kind === 'doubleIn') return doubleInRows(view, new Set(test.values), test.negated, rows);
      break;
    case 'decimal':
      if (test.kind === 'int') return decimalRows(view, test.op, test.value, rows);
      if (test.kind === 'intIn') return decimalInRows(view, new Set(test.values), test.negated, rows);
      break;
    case 'bool':
      if (test.kind === 'bool') return boolRows(view, test.whenFalse, test.whenTrue, rows);
      break;
  }
  throw new BridgeError('internal', `filter test ${test.kind} was asked of a ${view.kind} column`);
}

function nullRows(view: View, wanted: boolean, rows: Int32Array): Int32Array {
  const out = new Int32Array(rows.length);
  let n = 0;
  for (const row of rows) if (isNull(view, row) === wanted) out[n++] = row;
  return out.subarray(0, n);
}

/** The outcomes of a comparison that pass: bit 0 below, bit 1 equal, bit 2 above. */
function passes(op: CompareOp): number {
  return Number(holds(op, -1)) | (Number(holds(op, 0)) << 1) | (Number(holds(op, 1)) << 2);
}

/** Compares the two halves of each 64-bit value: a BigInt a row would cost ten times as much. */
function intRows(view: IntView | TimestampView, op: CompareOp, value: bigint, rows: Int32Array): Int32Array {
  const { values, valid } = view;
  // Unsigned values are in the order of signed ones whose highest bit is turned.
  const turn = isUnsigned(view) ? 0x8000_0000 : 0;
  const highs = new Int32Array(values.buffer, values.byteOffset, 2 * values.length);
  const lows = new Uint32Array(values.buffer, values.byteOffset, 2 * values.length);
  const high = Number(BigInt.asIntN(32, value >> 32n)) ^ turn;
  const low = Number(BigInt.asUintN(32, value));
  const pass = passes(op);
  const out = new Int32Array(rows.length);
  let n = 0;
  for (const row of rows) {
    if (valid !== undefined && valid[row] === 0) continue;
    const h = highs[2 * row + 1]! ^ turn;
    const l = lows[2 * row]!;
    const order = h !== high ? (h < high ? 0 : 2) : l === low ? 1 : l < low ? 0 : 2;
    if (((pass >> order) & 1) === 1) out[n++] = row;
  }
  return out.subarray(0, n);
}

function isUnsigned(view: IntView | TimestampView): boolean {
  return view.kind === 'int' && view.form?.kind === 'unsigned';
}

function decimalRows({ values, valid }: DecimalView, op: CompareOp, value: bigint, rows: Int32Array): Int32Array {
  const pass = passes(op);
  return rows.filter((row) => {
    if (valid !== undefined && valid[row] === 0) return false;
    const found = values[row]!;
    return ((pass >> (found < value ? 0 : found === value ? 1 : 2)) & 1) === 1;
  });
}

function decimalInRows(view: DecimalView, values: Set<bigint>, negated: boolean, rows: Int32Array): Int32Array {
  return rows.filter((row) => !isNull(view, row) && values.has(view.values[row]!) !== negated);
}

function intInRows(view: IntView | TimestampView, asked: Set<bigint>, negated: boolean, rows: Int32Array): Int32Array {
  // Unsigned values are kept by their bits.
  const values = isUnsigned(view) ? new Set([...asked].map((value) => BigInt.asIntN(64, value))) : asked;
  return rows.filter((row) => !isNull(view, row) && values.has(view.values[row]!) !== negated);
}

/** NaN is above every other value. */
function doubleRows({ values, valid }: DoubleView, op: CompareOp, value: number, rows: Int32Array): Int32Array {
  const pass = passes(op);
  const out = new Int32Array(rows.length);
  let n = 0;
  for (const row of rows) {
    if (valid !== undefined && valid[row] === 0) continue;
    const d = values[row]!;
    const order = d < value ? 0 : d === value ? 1 : 2;
    if (((pass >> order) & 1) === 1) out[n++] = row;
  }
  return out.subarray(0, n);
}

function doubleInRows(view: DoubleView, values: Set<number>, negated: boolean, rows: Int32Array): Int32Array {
  return rows.filter((row) => !isNull(view, row) && values.has(view.values[row]!) !== negated);
}

function boolRows({ values, valid }: BoolView, whenFalse: boolean, whenTrue: boolean, rows: Int32Array): Int32Array {
  return rows.filter((row) => {
    if (valid !== undefined && valid[row] === 0) return false;
    return values[row] === 1 ? whenTrue : whenFalse;
  });
}
