/**
 * The same predicate asked of what is known about many rows at once: a partition's path, a file's time range, a row
 * group's statistics and Bloom filters, a page's statistics. 'none' is said only when no row can pass; what is not known
 * counts as "may pass".
 */
import type { CompareOp } from './ast.ts';
import { compareToValue } from './number.ts';
import { holds, type Predicate, type Source, type Test } from './predicate.ts';
import { compareBytes, compileLike, likePrefix, utf8 } from './text.ts';

/**
 * What holds for a source in all rows asked about. `min` and `max` bound the values that are not null; they need not
 * occur. Text is UTF-8; integers, times, dates and decimals are bigints as tests have them; booleans 0 and 1. NaN is never within
 * bounds of doubles, so that a double's `max` says nothing about NaN. Bounds of an attribute that are numbers bound the
 * numbers its texts stand for, and say that every text is a number.
 */
export interface Bounds {
  readonly min?: bigint | number | Uint8Array | undefined;
  readonly max?: bigint | number | Uint8Array | undefined;
  readonly nullCount?: number | undefined;
  readonly rows?: number | undefined;
  /** Every row is null. */
  readonly allNull?: boolean | undefined;
  /** Whether surely no row has the value: what a Bloom filter or the path of a hash partition knows. */
  readonly lacks?: ((value: Value) => boolean) | undefined;
}

export type Value = bigint | number | Uint8Array;

/** What is known of a source; undefined for nothing. */
export type Knowledge = (source: Source) => Bounds | undefined;

export type Verdict = 'none' | 'maybe';

export function prune(predicate: Predicate, bounds: Knowledge): Verdict {
  switch (predicate.kind) {
    case 'always':
      return predicate.value ? 'maybe' : 'none';
    case 'and':
      return predicate.terms.some((term) => prune(term, bounds) === 'none') ? 'none' : 'maybe';
    case 'or':
      return predicate.terms.every((term) => prune(term, bounds) === 'none') ? 'none' : 'maybe';
    case 'match':
      return 'maybe';
    case 'test': {
      const known = bounds(predicate.source);
      return known !== undefined && excluded(predicate.test, known) ? 'none' : 'maybe';
    }
  }
}

/** Whether surely no row passes. */
export function excluded(test: Test, bounds: Bounds): boolean {
  const { nullCount, rows, allNull, lacks } = bounds;
  if (test.kind === 'null' && test.isNull) return nullCount === 0;
  // Every other test fails on null.
  if (allNull || (rows !== undefined && nullCount === rows)) return true;
  const absent = (value: Value) => outside('=', value, bounds, false) || lacks?.(value) === true;
  switch (test.kind) {
    case 'int':
      return test.op === '=' ? absent(test.value) : outside(test.op, test.value, bounds, false);
    case 'double':
      return test.op === '=' ? absent(test.value) : outside(test.op, test.value, bounds, true);
    case 'text':
      return test.op === '=' ? absent(utf8(test.value)) : outside(test.op, utf8(test.value), bounds, false);
    case 'bytes':
      return test.op === '=' ? absent(test.value) : outside(test.op, test.value, bounds, false);
    case 'bytesIn':
      return !test.negated && test.values.every(absent);
    case 'bool':
      return (!test.whenFalse || absent(0)) && (!test.whenTrue || absent(1));
    case 'intIn':
    case 'doubleIn':
      return !test.negated && test.values.every(absent);
    case 'textIn':
      return !test.negated && test.values.every((value) => absent(utf8(value)));
    case 'number':
      return outsideNumber(test.op, (bound) => compareToValue(bound, test.value), bounds);
    case 'numberIn':
      return (
        !test.negated &&
        test.values.every((value) => outsideNumber('=', (bound) => compareToValue(bound, value), bounds))
      );
    case 'like': {
      if (test.negated) return false;
      const prefix = likePrefix(compileLike(test.pattern, test.escape));
      return prefix.length > 0 && outsidePrefix(prefix, bounds);
    }
    default:
      return false;
  }
}

/** `<>` is excluded only where all values are the value itself; NaN passes it, and `>` and `>=`. */
function outside(op: CompareOp, value: Value, { min, max }: Bounds, mayHoldNaN: boolean): boolean {
  return excludes(op, order(min, value), order(max, value), mayHoldNaN);
}

/** The text of an attribute as a number, against bounds that are numbers. */
function outsideNumber(op: CompareOp, orderOf: (bound: number) => number, { min, max }: Bounds): boolean {
  const order = (bound: Bounds['min']) => (typeof bound === 'number' ? orderOf(bound) : undefined);
  return excludes(op, order(min), order(max), false);
}

/** Whether no value passes, from the order of the bounds and the value asked for. */
function excludes(op: CompareOp, low: number | undefined, high: number | undefined, mayHoldNaN: boolean): boolean {
  switch (op) {
    case '=':
      return (low !== undefined && low > 0) || (high !== undefined && high < 0);
    case '<>':
      return low === 0 && high === 0 && !mayHoldNaN;
    case '<':
    case '<=':
      return low !== undefined && !holds(op, low);
    case '>':
    case '>=':
      return high !== undefined && !holds(op, high) && !mayHoldNaN;
  }
}

function outsidePrefix(prefix: Uint8Array, { min, max }: Bounds): boolean {
  const n = prefix.length;
  const below = max instanceof Uint8Array && compareBytes(max, 0, Math.min(n, max.length), prefix) < 0;
  return below || (min instanceof Uint8Array && compareBytes(min, 0, Math.min(n, min.length), prefix) > 0);
}

/** Undefined where the bound is unknown or of another kind than the value. */
function order(bound: Value | undefined, value: Value): number | undefined {
  if (bound instanceof Uint8Array || value instanceof Uint8Array) {
    const both = bound instanceof Uint8Array && value instanceof Uint8Array;
    return both ? compareBytes(bound, 0, bound.length, value) : undefined;
  }
  // Relations between number and bigint are exact.
  if (bound === undefined || Number.isNaN(bound)) return undefined;
  return bound < value ? -1 : bound > value ? 1 : 0;
}
