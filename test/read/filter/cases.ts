/** A small table and random filters over it, as text and as a tree that a plain reference evaluator understands. */
import fc from 'fast-check';
import type { Column, ColumnType, TableSchema } from '../../../src/model/table.ts';
import type { Row } from '../rows.ts';

const types: Readonly<Record<string, ColumnType>> = {
  s: { kind: 'string' },
  t: { kind: 'string' },
  i: { kind: 'int64' },
  j: { kind: 'int64' },
  d: { kind: 'double' },
  b: { kind: 'bool' },
  timestamp: { kind: 'timestamp' },
  attributes: { kind: 'map' },
  resource_attributes: { kind: 'map' },
};

export const SMALL: TableSchema = {
  name: 'traces',
  columns: Object.entries(types).map(([name, type], i): Column => {
    return { name, type, nullable: true, fieldId: i + 1, doc: '' };
  }),
};

const STRINGS = [
  '',
  'a',
  'ab',
  'abc',
  'b%',
  'a_c',
  'é',
  'éa',
  '𝄞x',
  'zz',
  'true',
  'false',
  '5',
  '-7',
  '2.5',
  'NaN',
  'Infinity',
];
const INTS = [0n, 1n, -1n, 5n, -7n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n)];
const DOUBLES = [
  0,
  1,
  -1,
  0.5,
  2.5,
  5,
  2 ** 53,
  1e300,
  -1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  -0,
];
const MICROS = [0n, 1_700_000_000_000_000n, 1_700_000_000_000_001n, 1_700_000_000_123_456n, -1n];
const TIMES = [
  '1970-01-01',
  '2023-11-14T22:13:20Z',
  '2023-11-14T22:13:20.000001Z',
  '2023-11-14 23:13:20.123456+01:00',
  '1969-12-31T23:59:59.999999Z',
];

const orNull = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: null, freq: 4 });
const map = fc
  .dictionary(fc.constantFrom('k', 'http.route', 'n'), orNull(STRINGS), { maxKeys: 3 })
  .map((object) => new Map(Object.entries(object)));

export const row: fc.Arbitrary<Row> = fc.record({
  s: orNull(STRINGS),
  t: orNull(STRINGS),
  i: orNull(INTS),
  j: orNull(INTS),
  d: orNull(DOUBLES),
  b: orNull([true, false]),
  timestamp: orNull(MICROS),
  attributes: fc.option(map, { nil: null, freq: 6 }),
  resource_attributes: map,
});

/** A filter's text, and its value for a row: true, false or null (unknown). */
export interface Filter {
  readonly text: string;
  /** The same in DuckDB's SQL. */
  readonly sql: string;
  readonly of: (row: Row) => boolean | null;
}

type Scalar = string | bigint | number | boolean | null;
interface Operand {
  readonly text: string;
  /** Where DuckDB writes it differently. */
  readonly sql?: string;
  readonly of: (row: Row) => Scalar;
}

const sqlOf = ({ text, sql }: Operand) => sql ?? text;
/** A text in both languages, from how each writes an operand. */
const both = (write: (shown: (operand: Operand) => string) => string) => {
  return { text: write(({ text }) => text), sql: write(sqlOf) };
};
type Op = '=' | '<>' | '!=' | '<' | '<=' | '>' | '>=';

const op = fc.constantFrom<Op>('=', '<>', '!=', '<', '<=', '>', '>=');

export function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const column = (name: string): Operand => ({ text: name, of: (row) => row[name] as Scalar });
const textColumn: fc.Arbitrary<Operand> = fc.constantFrom(column('s'), column('t'));
const entry = (maps: readonly string[], key: string, text: string): Operand => ({
  text,
  sql: `COALESCE(${maps.map((map) => `${map}[${quote(key)}]`).join(', ')})`,
  of: (row) => {
    for (const name of maps) {
      const value = (row[name] as ReadonlyMap<string, string | null> | null)?.get(key);
      if (value !== undefined && value !== null) return value;
    }
    return null;
  },
});
const attribute: fc.Arbitrary<Operand> = fc.constantFrom(
  entry(['attributes'], 'k', "attributes['k']"),
  entry(['resource_attributes'], 'n', "resource_attributes['n']"),
  entry(['attributes', 'resource_attributes'], 'http.route', '"http.route"'),
);
const string: fc.Arbitrary<Operand> = fc
  .constantFrom(...STRINGS)
  .map((value) => ({ text: quote(value), of: () => value }));
const intColumn: fc.Arbitrary<Operand> = fc.constantFrom(column('i'), column('j'));
const int: fc.Arbitrary<Operand> = fc.constantFrom(...INTS).map((value) => ({ text: String(value), of: () => value }));
const decimal: fc.Arbitrary<Operand> = fc
  .constantFrom('0.5', '-0.5', '2.5', '5.0', '1e300', '.25')
  .map((text) => ({ text, of: () => Number(text) }));
const number = fc.oneof(int, decimal);
const time: fc.Arbitrary<Operand> = fc.nat(TIMES.length - 1).map((i) => {
  return {
    text: quote(TIMES[i]!),
    of: () => [0n, 1_700_000_000_000_000n, 1_700_000_000_000_001n, 1_700_000_000_123_456n, -1n][i]!,
  };
});
const bool: fc.Arbitrary<Operand> = fc.boolean().map((value) => ({ text: value ? 'TRUE' : 'false', of: () => value }));
const nothing: fc.Arbitrary<Operand> = fc.constant({ text: 'NULL', of: () => null });

/** Operands of one kind: what may be compared with what, and how a row's value is taken. */
const KINDS: readonly { readonly left: fc.Arbitrary<Operand>; readonly right: fc.Arbitrary<Operand> }[] = [
  {
    left: fc.oneof(textColumn, attribute),
    right: fc.oneof({ arbitrary: string, weight: 4 }, textColumn, attribute, nothing),
  },
  { left: intColumn, right: fc.oneof({ arbitrary: number, weight: 4 }, intColumn, nothing) },
  { left: fc.constant(column('d')), right: fc.oneof({ arbitrary: number, weight: 4 }, intColumn, nothing) },
  { left: attribute.map(asNumber), right: fc.oneof(number, intColumn, fc.constant(column('d'))) },
  { left: fc.constant(column('timestamp')), right: fc.oneof({ arbitrary: time, weight: 4 }, nothing) },
  { left: fc.constant(column('b')), right: fc.oneof(bool, nothing) },
  { left: attribute.map(asBool), right: bool },
];

const pair = fc.oneof(...KINDS.map(({ left, right }) => fc.record({ left, right, other: right })));

const compare: fc.Arbitrary<Filter> = fc.tuple(pair, op, fc.boolean()).map(([{ left, right }, op, flip]) => {
  const [a, b] = flip ? [right, left] : [left, right];
  return { ...both((shown) => `${shown(a)} ${op} ${shown(b)}`), of: (row) => compareValues(op, a.of(row), b.of(row)) };
});

const between: fc.Arbitrary<Filter> = fc.tuple(pair, fc.boolean()).map(([{ left, right, other }, negated]) => ({
  text: `${left.text} ${negated ? 'NOT ' : ''}BETWEEN ${right.text} AND ${other.text}`,
  // As two comparisons, because DuckDB makes doubles of all three where one of them is a double.
  sql: `${negated ? 'NOT ' : ''}(${sqlOf(left)} >= ${sqlOf(right)} AND ${sqlOf(left)} <= ${sqlOf(other)})`,
  of: (row) => {
    const low = compareValues('>=', left.of(row), right.of(row));
    const high = compareValues('<=', left.of(row), other.of(row));
    return negated ? not(and(low, high)) : and(low, high);
  },
}));

const inList: fc.Arbitrary<Filter> = fc
  .oneof(
    fc.tuple(
      fc.oneof(textColumn, attribute),
      fc.array(fc.oneof({ arbitrary: string, weight: 6 }, nothing), { minLength: 1, maxLength: 4 }),
    ),
    fc.tuple(intColumn, fc.array(fc.oneof({ arbitrary: int, weight: 6 }, nothing), { minLength: 1, maxLength: 4 })),
    fc.tuple(fc.constant(column('d')), fc.array(number, { minLength: 1, maxLength: 4 })),
    fc.tuple(attribute.map(asNumber), fc.array(number, { minLength: 1, maxLength: 4 })),
    fc.tuple(fc.constant(column('timestamp')), fc.array(time, { minLength: 1, maxLength: 3 })),
  )
  .chain(([left, values]) => fc.boolean().map((negated) => ({ left, values, negated })))
  .map(({ left, values, negated }) => ({
    ...both((shown) => `${shown(left)} ${negated ? 'NOT ' : ''}IN (${values.map(shown).join(', ')})`),
    of: (row) => {
      const found = values.map((value) => compareValues('=', left.of(row), value.of(row))).reduce(or);
      return negated ? not(found) : found;
    },
  }));

const PATTERNS = ['a%', '%a', '%', '_', '__', 'a_c', 'a!_c', 'b!%', '%é%', '_x', '', '%!%%', 'a%c', '%b%c%'];
const like: fc.Arbitrary<Filter> = fc
  .tuple(fc.oneof(textColumn, attribute), fc.constantFrom(...PATTERNS), fc.boolean())
  .map(([left, pattern, negated]) => ({
    ...both((shown) => `${shown(left)} ${negated ? 'NOT ' : ''}LIKE ${quote(pattern)} ESCAPE '!'`),
    of: (row) => {
      const value = left.of(row);
      if (typeof value !== 'string') return null;
      return likeRegExp(pattern).test(value) !== negated;
    },
  }));

const isNull: fc.Arbitrary<Filter> = fc
  .tuple(
    fc.oneof(textColumn, attribute, intColumn, fc.constantFrom(column('d'), column('b'), column('attributes'))),
    fc.boolean(),
  )
  .map(([left, negated]) => ({
    ...both((shown) => `${shown(left)} IS ${negated ? 'NOT ' : ''}NULL`),
    of: (row) => (left.of(row) === null) !== negated,
  }));

const alone: fc.Arbitrary<Filter> = fc.constantFrom<Filter>(
  { text: 'b', sql: 'b', of: (row) => row.b as boolean | null },
  { text: 'TRUE', sql: 'TRUE', of: () => true },
  { text: 'NULL', sql: 'NULL', of: () => null },
);

const leaf = fc.oneof(
  { arbitrary: compare, weight: 6 },
  { arbitrary: between, weight: 2 },
  { arbitrary: inList, weight: 3 },
  { arbitrary: like, weight: 3 },
  { arbitrary: isNull, weight: 2 },
  { arbitrary: alone, weight: 1 },
);

export const filter: fc.Arbitrary<Filter> = fc.letrec<{ tree: Filter }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
      text: `(${a.text} AND ${b.text})`,
      sql: `(${a.sql} AND ${b.sql})`,
      of: (row: Row) => and(a.of(row), b.of(row)),
    })),
    fc.tuple(tie('tree'), tie('tree')).map(([a, b]) => ({
      text: `(${a.text} OR ${b.text})`,
      sql: `(${a.sql} OR ${b.sql})`,
      of: (row: Row) => or(a.of(row), b.of(row)),
    })),
    tie('tree').map((a) => ({ text: `NOT (${a.text})`, sql: `NOT (${a.sql})`, of: (row: Row) => not(a.of(row)) })),
  ),
})).tree;

export function and(a: boolean | null, b: boolean | null): boolean | null {
  if (a === false || b === false) return false;
  return a === null || b === null ? null : true;
}

export function or(a: boolean | null, b: boolean | null): boolean | null {
  return not(and(not(a), not(b)));
}

export function not(a: boolean | null): boolean | null {
  return a === null ? null : !a;
}

function compareValues(op: Op, a: Scalar, b: Scalar): boolean | null {
  if (a === null || b === null) return null;
  const text = typeof a === 'string' && typeof b === 'string';
  const x = text ? Buffer.compare(Buffer.from(a), Buffer.from(b)) : orderOf(a, b);
  const results = { '=': x === 0, '<>': x !== 0, '!=': x !== 0, '<': x < 0, '<=': x <= 0, '>': x > 0, '>=': x >= 0 };
  return results[op];
}

/** NaN equals itself and is above all else, as in DuckDB and Spark. */
function orderOf(a: Scalar, b: Scalar): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a! < b! ? -1 : a! > b! ? 1 : 0;
}

/** An attribute compared with a number: the number of its text, null where it is none. */
function asNumber(operand: Operand): Operand {
  return {
    text: operand.text,
    sql: `TRY_CAST(${sqlOf(operand)} AS DOUBLE)`,
    of: (row) => {
      const value = operand.of(row);
      if (typeof value !== 'string' || !/^(-?\d+(\.\d+)?|NaN|Infinity)$/.test(value)) return null;
      return Number(value);
    },
  };
}

function asBool(operand: Operand): Operand {
  return {
    text: operand.text,
    sql: `CASE ${sqlOf(operand)} WHEN 'true' THEN TRUE WHEN 'false' THEN FALSE END`,
    of: (row) => {
      const value = operand.of(row);
      return value === 'true' ? true : value === 'false' ? false : null;
    },
  };
}

function likeRegExp(pattern: string): RegExp {
  let source = '';
  let escaped = false;
  for (const c of pattern) {
    if (!escaped && c === '!') {
      escaped = true;
      continue;
    }
    if (!escaped && c === '%') source += '[^]*';
    else if (!escaped && c === '_') source += '[^]';
    else source += c.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    escaped = false;
  }
  return new RegExp(`^${source}$`, 'u');
}
