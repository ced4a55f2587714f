/**
 * What is left to be asked of rows when something is known about all of them. A test that surely holds for every row, or
 * for none, needs no values; where nothing is known it stays.
 */
import { ALWAYS, combine, NEVER, negateOp, type Predicate, type Test } from './predicate.ts';
import { type Bounds, excluded, type Knowledge } from './prune.ts';

/** True for the same rows as the predicate, of those that `bounds` speaks about. */
export function residual(predicate: Predicate, bounds: Knowledge): Predicate {
  switch (predicate.kind) {
    case 'and':
    case 'or': {
      const terms = predicate.terms.map((term) => residual(term, bounds));
      return combine(predicate.kind, terms);
    }
    case 'test': {
      const known = bounds(predicate.source);
      if (known === undefined) return predicate;
      if (excluded(predicate.test, known)) return NEVER;
      return passedByAll(predicate.test, known) ? ALWAYS : predicate;
    }
    default:
      return predicate;
  }
}

/** Of values that are not null either a test or its negation is true; so all pass where none passes the negation. */
function passedByAll(test: Test, bounds: Bounds): boolean {
  const opposite = negated(test);
  if (opposite === undefined || !excluded(opposite, bounds)) return false;
  return test.kind === 'null' || bounds.nullCount === 0;
}

/** Undefined for tests that are unknown for some values that are not null. */
function negated(test: Test): Test | undefined {
  switch (test.kind) {
    case 'null':
      return { ...test, isNull: !test.isNull };
    case 'int':
    case 'double':
    case 'text':
    case 'bytes':
      return { ...test, op: negateOp(test.op) };
    case 'intIn':
    case 'doubleIn':
    case 'textIn':
    case 'bytesIn':
    case 'like':
      return { ...test, negated: !test.negated };
    case 'bool':
      return { ...test, whenFalse: !test.whenFalse, whenTrue: !test.whenTrue };
    default:
      return undefined;
  }
}
