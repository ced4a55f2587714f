/**
 * A filter bound to a table: plain data that can be sent between threads, asked of partitions, files and row groups
 * (prune.ts) and of rows (evaluate.ts).
 *
 * NOT is carried down to the tests when a filter is bound (De Morgan's laws hold in SQL's three-valued logic), where it
 * turns `=` into `<>` and so on. What is left is AND and OR over tests, and both are true exactly when enough of their
 * terms are true; so a test only has to say "true" or "not true", and unknown (a null value) counts as not true.
 */

import type { ReadType } from '../schema.ts';
import type { CompareOp } from './ast.ts';
import type { NumberValue } from './number.ts';

export type ValueKind =
  | 'text'
  | 'int'
  | 'double'
  | 'bool'
  | 'timestamp'
  | 'uint64'
  | 'decimal'
  | 'date'
  | 'time'
  | 'instant'
  | 'bytes';

export type Source =
  /** `of` tells units, scales and forms of types that need it (read/schema.ts). */
  | { readonly kind: 'column'; readonly column: string; readonly type: ValueKind; readonly of?: ReadType }
  /** Text of the first of the maps that has the key with a value. */
  | { readonly kind: 'attribute'; readonly maps: readonly string[]; readonly key: string }
  /** A column that can only be asked for null: map, list, struct. */
  | { readonly kind: 'nested'; readonly column: string };

/** Asked of values that are not null; a null value passes only `null` with `isNull`. */
export type Test =
  | { readonly kind: 'null'; readonly isNull: boolean }
  /** Integers, and whatever is kept as one: times in the column's unit, days, decimals times 10^scale. */
  | { readonly kind: 'int'; readonly op: CompareOp; readonly value: bigint }
  | { readonly kind: 'intIn'; readonly values: readonly bigint[]; readonly negated: boolean }
  | { readonly kind: 'double'; readonly op: CompareOp; readonly value: number }
  | { readonly kind: 'doubleIn'; readonly values: readonly number[]; readonly negated: boolean }
  | { readonly kind: 'bool'; readonly whenFalse: boolean; readonly whenTrue: boolean }
  | { readonly kind: 'text'; readonly op: CompareOp; readonly value: string }
  | { readonly kind: 'textIn'; readonly values: readonly string[]; readonly negated: boolean }
  | { readonly kind: 'bytes'; readonly op: CompareOp; readonly value: Uint8Array }
  | { readonly kind: 'bytesIn'; readonly values: readonly Uint8Array[]; readonly negated: boolean }
  | { readonly kind: 'like'; readonly pattern: string; readonly escape: string | undefined; readonly negated: boolean }
  /** Text that is a number, compared as one; other text is null. */
  | { readonly kind: 'number'; readonly op: CompareOp; readonly value: NumberValue }
  | { readonly kind: 'numberIn'; readonly values: readonly NumberValue[]; readonly negated: boolean }
  /** The texts `true` and `false` as booleans; other text is null. */
  | { readonly kind: 'textBool'; readonly whenFalse: boolean; readonly whenTrue: boolean };

export type MatchKind = 'text' | 'number' | 'bool';

export type Predicate =
  | { readonly kind: 'always'; readonly value: boolean }
  | { readonly kind: 'and' | 'or'; readonly terms: readonly Predicate[] }
  | { readonly kind: 'test'; readonly source: Source; readonly test: Test }
  | {
      readonly kind: 'match';
      readonly left: Source;
      readonly op: CompareOp;
      readonly right: Source;
      readonly as: MatchKind;
    };

export const NEVER: Predicate = { kind: 'always', value: false };
export const ALWAYS: Predicate = { kind: 'always', value: true };

const NEGATED: Readonly<Record<CompareOp, CompareOp>> = {
  '=': '<>',
  '<>': '=',
  '<': '>=',
  '>=': '<',
  '>': '<=',
  '<=': '>',
};

const MIRRORED: Readonly<Record<CompareOp, CompareOp>> = {
  '=': '=',
  '<>': '<>',
  '<': '>',
  '>': '<',
  '<=': '>=',
  '>=': '<=',
};

/** The operator of NOT (a op b). */
export function negateOp(op: CompareOp): CompareOp {
  return NEGATED[op];
}

/** The operator of b op a. */
export function mirrorOp(op: CompareOp): CompareOp {
  return MIRRORED[op];
}

/** Whether `a op b` holds, from the order of a and b. */
export function holds(op: CompareOp, order: number): boolean {
  switch (op) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/** AND or OR of terms, without what decides nothing. */
export function combine(kind: 'and' | 'or', terms: readonly Predicate[]): Predicate {
  const neutral = kind === 'and';
  const kept: Predicate[] = [];
  for (const term of terms) {
    if (term.kind === 'always') {
      if (term.value !== neutral) return term;
    } else if (term.kind === kind) {
      kept.push(...term.terms);
    } else {
      kept.push(term);
    }
  }
  if (kept.length === 0) return neutral ? ALWAYS : NEVER;
  return kept.length === 1 ? kept[0]! : { kind, terms: kept };
}

/** Every source the predicate asks, each once. */
export function sourcesOf(predicate: Predicate): readonly Source[] {
  const found = new Map<string, Source>();
  collect(predicate, found);
  return [...found.values()];
}

function collect(predicate: Predicate, found: Map<string, Source>): void {
  switch (predicate.kind) {
    case 'and':
    case 'or':
      for (const term of predicate.terms) collect(term, found);
      break;
    case 'test':
      found.set(JSON.stringify(predicate.source), predicate.source);
      break;
    case 'match':
      found.set(JSON.stringify(predicate.left), predicate.left);
      found.set(JSON.stringify(predicate.right), predicate.right);
      break;
  }
}
