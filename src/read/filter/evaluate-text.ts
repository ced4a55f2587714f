/** Tests of text, over bytes; in a dictionary once a value. */
import { BridgeError } from '../../errors.ts';
import { type TextView, textIndex } from '../columns/view.ts';
import { compareToValue, numberOfText } from './number.ts';
import { holds, type Test } from './predicate.ts';
import { bytesSet, compareBytes, compileLike, equalBytes, matchLike, utf8 } from './text.ts';

type TextTest = (bytes: Uint8Array, start: number, end: number) => boolean;

export function textRows(view: TextView, test: Test, rows: Int32Array): Int32Array {
  const passes = compileTextTest(test);
  const distinct = view.offsets.length - 1;
  const repeated = view.codes !== undefined && distinct <= rows.length;
  return repeated ? codedRows(view, view.codes!, passes, rows) : plainRows(view, passes, rows);
}

function plainRows(view: TextView, passes: TextTest, rows: Int32Array): Int32Array {
  const { bytes, offsets } = view;
  const out = new Int32Array(rows.length);
  let n = 0;
  for (const row of rows) {
    const i = textIndex(view, row);
    if (i >= 0 && passes(bytes, offsets[i]!, offsets[i + 1]!)) out[n++] = row;
  }
  return out.subarray(0, n);
}

/** Without a branch a row: which rows pass cannot be foreseen. */
function codedRows({ bytes, offsets }: TextView, codes: Int32Array, passes: TextTest, rows: Int32Array): Int32Array {
  const distinct = offsets.length - 1;
  // The first is that of null.
  const verdicts = new Uint8Array(distinct + 1);
  for (let code = 0; code < distinct; code++) {
    verdicts[code + 1] = passes(bytes, offsets[code]!, offsets[code + 1]!) ? 1 : 0;
  }
  const out = new Int32Array(rows.length);
  let n = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i]!;
    out[n] = row;
    n += verdicts[codes[row]! + 1]!;
  }
  return out.subarray(0, n);
}

export function compileTextTest(test: Test): TextTest {
  switch (test.kind) {
    case 'text': {
      const value = utf8(test.value);
      if (test.op === '=') return (bytes, start, end) => equalBytes(bytes, start, end, value);
      if (test.op === '<>') return (bytes, start, end) => !equalBytes(bytes, start, end, value);
      return (bytes, start, end) => holds(test.op, compareBytes(bytes, start, end, value));
    }
    case 'textIn': {
      const has = bytesSet(test.values);
      return (bytes, start, end) => has(bytes, start, end) !== test.negated;
    }
    case 'bytes': {
      const { op, value } = test;
      return (bytes, start, end) => holds(op, compareBytes(bytes, start, end, value));
    }
    case 'bytesIn':
      return (bytes, start, end) => test.values.some((value) => equalBytes(bytes, start, end, value)) !== test.negated;
    case 'like': {
      const pattern = compileLike(test.pattern, test.escape);
      return (bytes, start, end) => matchLike(pattern, bytes, start, end) !== test.negated;
    }
    case 'number':
      return (bytes, start, end) => {
        const number = numberOfBytes(bytes, start, end);
        return number !== undefined && holds(test.op, compareToValue(number, test.value));
      };
    case 'numberIn':
      return (bytes, start, end) => {
        const number = numberOfBytes(bytes, start, end);
        if (number === undefined) return false;
        return test.values.some((value) => compareToValue(number, value) === 0) !== test.negated;
      };
    case 'textBool': {
      const [yes, no] = [utf8('true'), utf8('false')];
      return (bytes, start, end) =>
        (test.whenTrue && equalBytes(bytes, start, end, yes)) || (test.whenFalse && equalBytes(bytes, start, end, no));
    }
    default:
      throw new BridgeError('internal', `filter test ${test.kind} was asked of text`);
  }
}

/** Most attributes that are numbers are short whole ones: those need no string. */
const MAX_SHORT_DIGITS = 15;

function numberOfBytes(bytes: Uint8Array, start: number, end: number): number | bigint | undefined {
  let number = 0;
  let i = start;
  if (end - start <= MAX_SHORT_DIGITS) {
    for (; i < end && bytes[i]! >= 48 && bytes[i]! <= 57; i++) number = number * 10 + bytes[i]! - 48;
  }
  return i === end && end > start ? number : numberOfText(textOf(bytes, start, end));
}

const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

export function textOf(bytes: Uint8Array, start: number, end: number): string {
  return decoder.decode(bytes.subarray(start, end));
}
