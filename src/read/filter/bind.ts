/**
 * An expression bound to a table: names become columns or attributes, literals take the type of what they are compared
 * with, NOT is carried down to the tests (see predicate.ts).
 *
 * Attributes are text. Compared with a number they count as the number their text stands for, compared with TRUE or
 * FALSE as the boolean, and are null where the text is neither.
 */
import type { ReadSchema } from '../schema.ts';
import type { CompareOp, Expression, Operand } from './ast.ts';
import { bindIn, constant, isLiteral, testOf } from './bind-test.ts';
import { filterError } from './error.ts';
import { parseFilter } from './parser.ts';
import {
  ALWAYS,
  combine,
  type MatchKind,
  mirrorOp,
  NEVER,
  negateOp,
  type Predicate,
  type Source,
  type ValueKind,
} from './predicate.ts';
import { type BindContext, describe, findColumn, nestedSourceError, resolveName, unknownHint } from './source.ts';

/** Bound on a LIKE pattern: the worst ones take pattern times value steps. */
const MAX_PATTERN_LENGTH = 1000;

/** The predicate of a filter's text. Throws invalid_argument with position and caret. */
export function bindFilter(source: string, schema: ReadSchema): Predicate {
  return bind({ source, schema }, parseFilter(source), false);
}

function bind(context: BindContext, expression: Expression, negated: boolean): Predicate {
  switch (expression.kind) {
    case 'not':
      return bind(context, expression.term, !negated);
    case 'and':
    case 'or': {
      const terms = expression.terms.map((term) => bind(context, term, negated));
      return combine((expression.kind === 'and') !== negated ? 'and' : 'or', terms);
    }
    case 'compare':
      return bindCompare(context, expression.left, negated ? negateOp(expression.op) : expression.op, expression.right);
    case 'between': {
      const { operand, low, high } = expression;
      if (expression.negated !== negated) {
        return combine('or', [bindCompare(context, operand, '<', low), bindCompare(context, operand, '>', high)]);
      }
      return combine('and', [bindCompare(context, operand, '>=', low), bindCompare(context, operand, '<=', high)]);
    }
    case 'in': {
      const source = sourceOf(context, expression.operand, 'IN');
      return bindIn(context, source, expression.values, expression.negated !== negated);
    }
    case 'like':
      return bindLike(context, expression, expression.negated !== negated);
    case 'isNull':
      return bindIsNull(context, expression.operand, expression.negated === negated);
    case 'truth':
      return bindTruth(context, expression.operand, !negated);
  }
}

function bindCompare(context: BindContext, left: Operand, op: CompareOp, right: Operand): Predicate {
  if (isLiteral(left) && isLiteral(right)) return constant(context, left, op, right);
  if (isLiteral(left)) return testOf(context, sourceOf(context, right), mirrorOp(op), left);
  const source = sourceOf(context, left);
  if (isLiteral(right)) return testOf(context, source, op, right);
  return bindMatch(context, left, source, op, sourceOf(context, right), right);
}

function bindMatch(
  context: BindContext,
  leftOperand: Operand,
  left: Source,
  op: CompareOp,
  right: Source,
  rightOperand: Operand,
): Predicate {
  for (const [source, operand] of [
    [left, leftOperand],
    [right, rightOperand],
  ] as const) {
    if (source.kind === 'nested') throw nestedError(context, source, operand);
  }
  const as = matchKind(left, right);
  if (as === undefined) {
    const message = `${describe(left)} cannot be compared with ${describe(right)}`;
    throw filterError(context.source, rightOperand.at, message);
  }
  return { kind: 'match', left, op, right, as };
}

/** How values of two kinds compare; an attribute (undefined) takes the kind of the other side. */
function matchKind(one: Source, other: Source): MatchKind | undefined {
  const a = one.kind === 'column' ? one.type : undefined;
  const b = other.kind === 'column' ? other.type : undefined;
  if (SAME_TYPE.has(a) || SAME_TYPE.has(b)) {
    if (a !== b || JSON.stringify(typeOf(one)) !== JSON.stringify(typeOf(other))) return undefined;
    return a === 'bytes' ? 'text' : 'number';
  }
  if (a === 'timestamp' || b === 'timestamp') return a === b ? 'number' : undefined;
  const left = a ?? b ?? 'text';
  const right = b ?? left;
  if (left === 'text' || right === 'text') return left === right ? 'text' : undefined;
  if (left === 'bool' || right === 'bool') return left === right ? 'bool' : undefined;
  return 'number';
}

/** Kinds that are compared with columns of the very same type alone. */
const SAME_TYPE: ReadonlySet<ValueKind | undefined> = new Set([
  'uint64',
  'decimal',
  'date',
  'time',
  'instant',
  'bytes',
] as const);

function typeOf(source: Source): unknown {
  return source.kind === 'column' ? source.of : undefined;
}

function bindLike(context: BindContext, like: Extract<Expression, { kind: 'like' }>, negated: boolean): Predicate {
  const { operand, pattern } = like;
  const source = sourceOf(context, operand, 'LIKE');
  if (source.kind === 'nested') throw nestedError(context, source, operand);
  if (source.kind === 'column' && source.type !== 'text') {
    throw filterError(context.source, operand.at, `LIKE takes text, and ${describe(source)} is none`);
  }
  if (pattern.kind === 'null') return NEVER;
  if (pattern.kind !== 'string') {
    throw filterError(context.source, pattern.at, 'LIKE takes a pattern in single quotes');
  }
  if (pattern.value.length > MAX_PATTERN_LENGTH) {
    throw filterError(context.source, pattern.at, `the pattern is longer than ${MAX_PATTERN_LENGTH} characters`);
  }
  if (endsInEscape(pattern.value, like.escape)) {
    throw filterError(context.source, pattern.at, `the pattern ends in its escape character ${like.escape}`);
  }
  return { kind: 'test', source, test: { kind: 'like', pattern: pattern.value, escape: like.escape, negated } };
}

function endsInEscape(pattern: string, character: string | undefined): boolean {
  let escaped = false;
  for (const c of pattern) escaped = !escaped && c === character;
  return escaped;
}

function bindIsNull(context: BindContext, operand: Operand, isNull: boolean): Predicate {
  if (isLiteral(operand)) return (operand.kind === 'null') === isNull ? ALWAYS : NEVER;
  return { kind: 'test', source: sourceOf(context, operand), test: { kind: 'null', isNull } };
}

function bindTruth(context: BindContext, operand: Operand, wanted: boolean): Predicate {
  if (operand.kind === 'null') return NEVER;
  if (operand.kind === 'bool') return operand.value === wanted ? ALWAYS : NEVER;
  if (!isLiteral(operand)) {
    const source = sourceOf(context, operand);
    if (source.kind === 'column' && source.type === 'bool') {
      return { kind: 'test', source, test: { kind: 'bool', whenFalse: !wanted, whenTrue: wanted } };
    }
  }
  const hint = 'Only a boolean column, TRUE, FALSE or NULL can stand alone.';
  throw filterError(context.source, operand.at, 'expected a comparison', hint);
}

/** What an operand names. `by` is the operator that needs a column or attribute there. */
function sourceOf(context: BindContext, operand: Operand, by?: string): Source {
  if (isLiteral(operand)) {
    throw filterError(context.source, operand.at, `expected a column or attribute${by ? ` before ${by}` : ''}`);
  }
  const { schema, source } = context;
  if (operand.kind === 'entry') return entrySource(context, operand.map, operand.key, operand.at);
  const resolved = resolveName(schema, operand.name, operand.quoted);
  if (resolved !== undefined) return resolved;
  throw filterError(
    source,
    operand.at,
    `${schema.name} has no column ${operand.name}`,
    unknownHint(schema, operand.name),
  );
}

function entrySource(context: BindContext, name: string, key: string, at: number): Source {
  const { schema } = context;
  const column = findColumn(schema, name, false);
  if (column?.type.kind === 'map') return { kind: 'attribute', maps: [column.name], key };
  const maps = schema.columns.filter((candidate) => candidate.type.kind === 'map').map((map) => map.name);
  const found = column === undefined ? `${schema.name} has no column ${name}` : `${column.name} is no map`;
  const hint = maps.length === 0 ? undefined : `Attributes are found in ${maps.join(', ')}.`;
  throw filterError(context.source, at, found, hint);
}

function nestedError(context: BindContext, source: Extract<Source, { kind: 'nested' }>, operand: Operand): Error {
  return nestedSourceError(context, source.column, operand.at);
}
