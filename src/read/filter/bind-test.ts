/** Literals bound to the type of what they are compared with: each comparison becomes the narrowest Test. */

import type { ReadType } from '../schema.ts';
import type { CompareOp, LiteralOperand, Operand } from './ast.ts';
import { filterError } from './error.ts';
import { compareNumbers, type NumberValue, parseNumber, parseNumberText } from './number.ts';
import { ALWAYS, combine, holds, NEVER, type Predicate, type Source, type Test, type ValueKind } from './predicate.ts';
import { type BindContext, describe, nestedSourceError } from './source.ts';
import { compareText } from './text.ts';
import { parseDay, parseInstant, parseTimeOfDay, parseTimestamp } from './timestamp.ts';

export function isLiteral(operand: Operand): operand is LiteralOperand {
  return operand.kind !== 'name' && operand.kind !== 'entry';
}

/** The predicate of `source op literal`. */
export function testOf(context: BindContext, source: Source, op: CompareOp, literal: LiteralOperand): Predicate {
  if (source.kind === 'nested') throw nestedSourceError(context, source.column, literal.at);
  if (literal.kind === 'null') return NEVER;
  const test = comparison(context, source, op, literal);
  if (test === 'never') return NEVER;
  return { kind: 'test', source, test: test === 'notNull' ? { kind: 'null', isNull: false } : test };
}

function comparison(
  context: BindContext,
  source: Exclude<Source, { kind: 'nested' }>,
  op: CompareOp,
  literal: Exclude<LiteralOperand, { kind: 'null' }>,
): Test | 'never' | 'notNull' {
  const type = source.kind === 'attribute' ? 'text' : source.type;
  if (source.kind === 'column' && WIDE.has(type)) return wideTest(context, source, op, literal);
  if (type === 'text' && literal.kind === 'string') return { kind: 'text', op, value: literal.value };
  if (type === 'timestamp' && literal.kind === 'string') return compareInt(op, timestampOf(context, literal));
  if (type === 'bool' && literal.kind === 'bool') return { kind: 'bool', ...truthTable(op, literal.value) };
  if (literal.kind === 'number') {
    const value = numberOf(context, literal);
    if (type === 'int') return compareInt(op, value);
    if (type === 'double') return compareDouble(op, isSingle(source) ? asSingle(value) : value);
    if (source.kind === 'attribute') return { kind: 'number', op, value };
  }
  if (source.kind === 'attribute' && literal.kind === 'bool') {
    return { kind: 'textBool', ...truthTable(op, literal.value) };
  }
  throw clash(context, source, literal);
}

const WIDE: ReadonlySet<ValueKind> = new Set(['uint64', 'decimal', 'date', 'time', 'instant', 'bytes']);

/** Types that only files of other writers have (read/schema.ts). */
function wideTest(
  context: BindContext,
  source: Extract<Source, { kind: 'column' }>,
  op: CompareOp,
  literal: Exclude<LiteralOperand, { kind: 'null' }>,
): Test | 'never' | 'notNull' {
  if (source.type === 'uint64' && literal.kind === 'number') {
    return compareInt(op, numberOf(context, literal), UINT64);
  }
  if (source.type === 'bytes' && literal.kind === 'string') {
    const value = parseBytes(literal.value, source.of);
    if (value !== undefined) return { kind: 'bytes', op, value };
  } else {
    const value = wideNumber(source, literal);
    if (value !== undefined) return compareInt(op, value, {});
  }
  throw clash(context, source, literal);
}

/** In the unit of the column; undefined where the literal is none of its kind. */
function wideNumber(
  { type, of }: Extract<Source, { kind: 'column' }>,
  literal: Exclude<LiteralOperand, { kind: 'null' }>,
): NumberValue | undefined {
  if (type === 'decimal' && of?.kind === 'decimal') {
    if (literal.kind === 'number') return parseNumber(literal.text, of.scale);
    return literal.kind === 'string' ? parseNumberText(literal.value, of.scale) : undefined;
  }
  if (literal.kind !== 'string') return undefined;
  if (type === 'date') return parseDay(literal.value);
  if (of?.kind === 'time') return parseTimeOfDay(literal.value, of.unit);
  return of?.kind === 'instant' ? parseInstant(literal.value, of.unit) : undefined;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function parseBytes(text: string, of: ReadType | undefined): Uint8Array | undefined {
  const isUuid = of?.kind === 'bytes' && of.form === 'uuid' && UUID.test(text);
  const hex = isUuid ? text.replaceAll('-', '') : text;
  return /^(?:[0-9a-f]{2})*$/i.test(hex) ? new Uint8Array(Buffer.from(hex, 'hex')) : undefined;
}

function isSingle(source: Source): boolean {
  return source.kind === 'column' && source.of?.kind === 'float';
}

/** A decimal meets a column of 32 bits as the value that such a column keeps of it. */
function asSingle(value: NumberValue): NumberValue {
  return value.decimal ? { ...value, double: Math.fround(value.double) } : value;
}

interface IntRange {
  readonly least?: bigint;
  readonly most?: bigint;
}

const INT64: IntRange = { least: -(2n ** 63n), most: 2n ** 63n - 1n };
const UINT64: IntRange = { least: 0n, most: 2n ** 64n - 1n };

function compareInt(op: CompareOp, { floor, fraction }: NumberValue, range = INT64): Test | 'never' | 'notNull' {
  if (fraction) {
    // No integer lies between the floor and the value.
    if (op === '=') return 'never';
    if (op === '<>') return 'notNull';
    const whole = { floor, fraction: false, decimal: false, double: 0 };
    return compareInt(op === '<' || op === '<=' ? '<=' : '>', whole, range);
  }
  const { least, most } = range;
  const isWithin = (least === undefined || floor >= least) && (most === undefined || floor <= most);
  if (isWithin) return { kind: 'int', op, value: floor };
  return holds(op, floor > 0n ? -1 : 1) ? 'notNull' : 'never';
}

function compareDouble(op: CompareOp, { floor, decimal, double }: NumberValue): Test | 'never' | 'notNull' {
  const exact = decimal || (Number.isFinite(double) && BigInt(double) === floor);
  if (exact) return { kind: 'double', op, value: double };
  if (op === '=') return 'never';
  if (op === '<>') return 'notNull';
  // No double lies between the literal and its nearest double.
  const below = double < floor;
  if (op === '<' || op === '<=') return { kind: 'double', op: below ? '<=' : '<', value: double };
  return { kind: 'double', op: below ? '>' : '>=', value: double };
}

function truthTable(op: CompareOp, value: boolean): { whenFalse: boolean; whenTrue: boolean } {
  return { whenFalse: holds(op, 0 - Number(value)), whenTrue: holds(op, 1 - Number(value)) };
}

/** `source [NOT] IN (values)`. A NULL among the values makes NOT IN never true. */
export function bindIn(
  context: BindContext,
  source: Source,
  values: readonly LiteralOperand[],
  negated: boolean,
): Predicate {
  const first = values[0]!;
  if (source.kind === 'nested') throw nestedSourceError(context, source.column, first.at);
  const known = values.filter((value) => value.kind !== 'null');
  // Each value is bound alone first: that finds clashes of types, and what no value of the column can equal.
  const single = known.map((value) => comparison(context, source, '=', value));
  if (negated && known.length < values.length) return NEVER;
  const tests = single.filter((test) => typeof test !== 'string');
  const groups: Test[] = [];
  const ints = tests.flatMap((test) => (test.kind === 'int' ? [test.value] : []));
  const doubles = tests.flatMap((test) => (test.kind === 'double' ? [test.value] : []));
  const texts = tests.flatMap((test) => (test.kind === 'text' ? [test.value] : []));
  const numbers = tests.flatMap((test) => (test.kind === 'number' ? [test.value] : []));
  if (ints.length > 0) groups.push({ kind: 'intIn', values: [...new Set(ints)], negated });
  if (doubles.length > 0) groups.push({ kind: 'doubleIn', values: [...new Set(doubles)], negated });
  if (texts.length > 0) groups.push({ kind: 'textIn', values: [...new Set(texts)], negated });
  const bytes = tests.flatMap((test) => (test.kind === 'bytes' ? [test.value] : []));
  if (bytes.length > 0) groups.push({ kind: 'bytesIn', values: bytes, negated });
  if (numbers.length > 0) groups.push({ kind: 'numberIn', values: numbers, negated });
  for (const test of tests) {
    if (test.kind !== 'bool' && test.kind !== 'textBool') continue;
    const { whenFalse, whenTrue } = test;
    groups.push(negated ? { kind: test.kind, whenFalse: whenTrue, whenTrue: whenFalse } : test);
  }
  if (groups.length === 0) return negated ? { kind: 'test', source, test: { kind: 'null', isNull: false } } : NEVER;
  const terms = groups.map((test): Predicate => ({ kind: 'test', source, test }));
  return combine(negated ? 'and' : 'or', terms);
}

/** Two literals compared at once. */
export function constant(context: BindContext, left: LiteralOperand, op: CompareOp, right: LiteralOperand): Predicate {
  if (left.kind === 'null' || right.kind === 'null') return NEVER;
  let order: number | undefined;
  if (left.kind === 'string' && right.kind === 'string') order = compareText(left.value, right.value);
  if (left.kind === 'bool' && right.kind === 'bool') order = Number(left.value) - Number(right.value);
  if (left.kind === 'number' && right.kind === 'number') {
    const [a, b] = [numberOf(context, left), numberOf(context, right)];
    order =
      compareNumbers(a.floor, b.floor) ||
      Number(a.fraction) - Number(b.fraction) ||
      (a.fraction ? a.double - b.double : 0);
  }
  if (order === undefined) {
    throw filterError(context.source, right.at, `${article(left)} cannot be compared with ${article(right)}`);
  }
  return holds(op, order) ? ALWAYS : NEVER;
}

function numberOf(context: BindContext, literal: LiteralOperand & { kind: 'number' }): NumberValue {
  const value = parseNumber(literal.text);
  if (value === undefined) throw filterError(context.source, literal.at, `the number ${literal.text} is out of range`);
  return value;
}

function timestampOf(context: BindContext, literal: LiteralOperand & { kind: 'string' }): NumberValue {
  const value = parseTimestamp(literal.value);
  if (value !== undefined) return value;
  const hint = "Write '2024-01-31', '2024-01-31T08:00:00Z' or '2024-01-31 08:00:00.123456+01:00'.";
  throw filterError(context.source, literal.at, `'${literal.value.slice(0, 40)}' is no time in ISO 8601`, hint);
}

function clash(context: BindContext, source: Source, literal: LiteralOperand): Error {
  const message = `${describe(source)} cannot be compared with ${article(literal)}`;
  return filterError(context.source, literal.at, message, clashHint(source, literal));
}

function clashHint(source: Source, literal: LiteralOperand): string | undefined {
  if (source.kind !== 'column') return undefined;
  if (source.type === 'text' && literal.kind === 'number') return `Write '${literal.text}'.`;
  const { type } = source;
  if (type === 'date') return "Dates are written in single quotes: '2024-01-31'.";
  if (type === 'time') return "Times of day are written in single quotes: '08:30:00.123456'.";
  if (type === 'bytes') return "Bytes are written in hex, in single quotes: 'c0ffee'.";
  if (type === 'decimal') return 'Decimals are written as 12.50.';
  if (type === 'timestamp' || type === 'instant') return "Times are written in single quotes: '2024-01-31T08:00:00Z'.";
  const number = type === 'int' || type === 'uint64' || type === 'double';
  return number && literal.kind === 'string' ? 'Numbers are written without quotes.' : undefined;
}

function article(literal: LiteralOperand): string {
  if (literal.kind === 'string') return 'a string';
  return literal.kind === 'number' ? 'a number' : literal.kind === 'bool' ? 'TRUE or FALSE' : 'NULL';
}
