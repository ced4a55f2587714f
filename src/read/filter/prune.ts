/**
 * The same predicate asked of what is known about many rows at once: a partition's path, a file's time range, a row
 * group's statistics. 'none' is said only when no row can pass; what is not known counts as "may pass".
 */
import type { CompareOp } from './ast.ts';
import { holds, type Predicate, type Test } from './predicate.ts';
import { compareBytes, compileLike, likePrefix, utf8 } from './text.ts';

/**
 * What holds for a column in all rows asked about. `min` and `max` bound the values that are not null; they need not
 * occur. Text is UTF-8, integers and timestamps (microseconds) are bigints, booleans 0 and 1. NaN is never within
 * bounds of doubles, so that a double's `max` says nothing about NaN.
 */
export interface Bounds {
  readonly min?: bigint | number | Uint8Array | undefined;
  readonly max?: bigint | number | Uint8Array | undefined;
  readonly nullCount?: number | undefined;
  readonly rows?: number | undefined;
}

export type Verdict = 'none' | 'maybe';

export function prune(predicate: Predicate, bounds: (column: string) => Bounds | undefined): Verdict {
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
      if (predicate.source.kind === 'attribute') return 'maybe';
      const known = bounds(predicate.source.column);
      return known !== undefined && excluded(predicate.test, known) ? 'none' : 'maybe';
    }
  }
}

function excluded(test: Test, bounds: Bounds): boolean {
  const { nullCount, rows } = bounds;
  if (test.kind === 'null' && test.isNull) return nullCount === 0;
  // Every other test fails on null.
  if (rows !== undefined && nullCount === rows) return true;
  switch (test.kind) {
    case 'int':
      return outside(test.op, test.value, bounds, false);
    case 'double':
      return outside(test.op, test.value, bounds, true);
    case 'text':
      return outside(test.op, utf8(test.value), bounds, false);
    case 'bool':
      return (!test.whenFalse && isBelow(bounds.max, 1)) || (!test.whenTrue && isAbove(bounds.min, 0));
    case 'intIn':
    case 'doubleIn':
      return !test.negated && test.values.every((value) => outside('=', value, bounds, false));
    case 'textIn':
      return !test.negated && test.values.every((value) => outside('=', utf8(value), bounds, false));
    case 'like': {
      if (test.negated) return false;
      const prefix = likePrefix(compileLike(test.pattern, test.escape));
      return prefix.length > 0 && outsidePrefix(prefix, bounds);
    }
    default:
      return false;
  }
}

type Value = bigint | number | Uint8Array;

/** `<>` is excluded only where all values are the value itself; NaN passes it, and `>` and `>=`. */
function outside(op: CompareOp, value: Value, { min, max }: Bounds, mayHoldNaN: boolean): boolean {
  const low = order(min, value);
  const high = order(max, value);
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

function isBelow(bound: Value | undefined, value: number): boolean {
  return typeof bound === 'number' && bound < value;
}

function isAbove(bound: Value | undefined, value: number): boolean {
  return typeof bound === 'number' && bound > value;
}

/** Undefined where the bound is unknown or of another kind than the value. */
function order(bound: Value | undefined, value: Value): number | undefined {
  if (bound instanceof Uint8Array || value instanceof Uint8Array) {
    const both = bound instanceof Uint8Array && value instanceof Uint8Array;
    return both ? compareBytes(bound, 0, bound.length, value) : undefined;
  }
  if (bound === undefined || typeof bound !== typeof value || Number.isNaN(bound)) return undefined;
  return bound < value ? -1 : bound > value ? 1 : 0;
}
