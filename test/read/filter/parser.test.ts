import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BridgeError } from '../../../src/errors.ts';
import { TRACES } from '../../../src/model/traces.ts';
import { bindFilter } from '../../../src/read/filter/bind.ts';
import { MAX_FILTER_LENGTH } from '../../../src/read/filter/lexer.ts';
import { MAX_DEPTH, parseFilter } from '../../../src/read/filter/parser.ts';

/** What is written, and how the message begins: the column is that of the caret. */
const REFUSED: readonly (readonly [filter: string, message: string, hint?: RegExp])[] = [
  ['', 'expected a condition, found nothing at column 1'],
  ['   ', 'expected a condition, found nothing at column 1'],
  ["name = 'x' AND kind =", 'expected a value after `=` at column 22'],
  ['name =  ', 'expected a value after `=` at column 9'],
  ['name = AND', 'expected a value after `=`, found `AND`, at column 8'],
  ["name == 'x'", 'unexpected `==` at column 6', /=/],
  ["name = 'x' && kind = 'y'", 'unexpected `&&` at column 12', /AND/],
  ["name = 'x' || kind = 'y'", 'unexpected `||` at column 12', /OR/],
  ["!name = 'x'", 'unexpected `!` at column 1', /NOT/],
  ["http.route = 'x'", 'unexpected `.` at column 5', /"http\.route"/],
  ["name = 'x", "the string that begins here has no closing ' at column 8"],
  ['"name = 5', 'the quoted name that begins here has no closing " at column 1'],
  ["name = 'x';", 'unexpected `;` at column 11', /semicolon/],
  ["name = 'x' kind = 'y'", 'expected AND, OR or the end, found `kind` at column 12'],
  ["(name = 'x'", 'expected `)` for the parenthesis of column 1, found the end at column 12'],
  ["name = 'x')", 'expected AND, OR or the end, found `)` at column 11'],
  ['name IN ()', 'expected a value after `(`, found `)`, at column 10'],
  ["name IN 'x'", "expected `(` and the values after `IN`, found 'x', at column 9"],
  ["name IN ('x' 'y')", "expected `,` or `)` after 'x', found 'y', at column 14"],
  ['name IN (kind)', 'expected a value, found a column at column 10', /'kind'/],
  ['name NOT', 'expected IN, BETWEEN or LIKE after `NOT` at column 9'],
  ['name IS 5', 'expected NULL after `IS`, found `5`, at column 9'],
  ['duration_nano BETWEEN 1', 'expected AND and the upper bound of BETWEEN after `1` at column 24'],
  ["name LIKE 'a!' ESCAPE '!!'", 'ESCAPE takes one character in single quotes at column 23'],
  ["name LIKE 'a!' ESCAPE '!'", 'the pattern ends in its escape character ! at column 11'],
  [`name LIKE '${'%a'.repeat(501)}'`, 'the pattern is longer than 1000 characters at column 11'],
  ['name LIKE 5', 'LIKE takes a pattern in single quotes at column 11'],
  ["duration_nano LIKE '5%'", 'LIKE takes text, and column duration_nano (an integer) is none at column 1'],
  ['duration_nano > 5x', 'the number 5 goes on with `x` at column 18'],
  ['duration_nano > 1.2.3', 'the number 1.2 goes on with `.` at column 20'],
  ['duration_nano > 1e999', 'the number 1e999 is out of range at column 17'],
  [
    "duration_nano = 'x'",
    'column duration_nano (an integer) cannot be compared with a string at column 17',
    /without quotes/,
  ],
  ['name = 5', 'column name (text) cannot be compared with a number at column 8', /'5'/],
  ['name = TRUE', 'column name (text) cannot be compared with TRUE or FALSE at column 8'],
  ['timestamp > 5', 'column timestamp (a timestamp) cannot be compared with a number at column 13', /single quotes/],
  ["timestamp > 'now'", "'now' is no time in ISO 8601 at column 13", /2024-01-31/],
  ["timestamp > '2024-02-30'", "'2024-02-30' is no time in ISO 8601 at column 13"],
  ["timestamp > '2024-01-01T25:00:00'", "'2024-01-01T25:00:00' is no time in ISO 8601 at column 13"],
  [
    'timestamp > start_time_unix_nano',
    'column timestamp (a timestamp) cannot be compared with column start_time_unix_nano (an integer) at column 13',
  ],
  ["duration_nano IN (1, 'x')", 'column duration_nano (an integer) cannot be compared with a string at column 22'],
  ["1 = 'x'", 'a number cannot be compared with a string at column 5'],
  ["nmae = 'x'", 'traces has no column nmae at column 1', /Did you mean name\?/],
  ['"nmae" = \'x\'', 'traces has no column nmae at column 1', /Did you mean name\?/],
  ["servicename = 'x'", 'traces has no column servicename at column 1', /Did you mean service_name\?/],
  ["zzzzzzzzzz = 'x'", 'traces has no column zzzzzzzzzz at column 1', /Columns: timestamp/],
  ["attributes = 'x'", 'attributes holds no single value at column 14', /attributes\['key'\]/],
  ["events = 'x'", 'events holds no single value at column 10', /IS NULL/],
  ['events = links', 'events holds no single value at column 1'],
  ["name['x'] = 'y'", 'name is no map at column 1', /attributes, scope_attributes|resource_attributes/],
  ["labels['x'] = 'y'", 'traces has no column labels at column 1'],
  ['attributes[5] = 5', "expected an attribute's name in single quotes after `[`, found `5`, at column 12"],
  ["attributes['x' = 5", "expected `]` after 'x', found `=`, at column 16"],
  ['name', 'expected a comparison at column 1', /boolean column/],
  ["kind = 'x' AND lower(name) = 'y'", 'there is no function lower at column 16', /has no functions/],
  ['duration_nano > abs(-5)', 'there is no function abs at column 17', /LIKE/],
  ["'x' IN ('x')", 'expected a column or attribute before IN at column 1'],
  ['duration_nano > -', 'expected a value after `>`, found `-`, at column 17'],
  ['\u0001', 'unexpected `\u0001` at column 1'],
];

for (const [filter, message, hint] of REFUSED) {
  test(`the filter ${JSON.stringify(filter).slice(0, 80)} is refused with its place`, () => {
    assert.throws(
      () => bindFilter(filter, TRACES),
      (error) => {
        assert.ok(error instanceof BridgeError);
        assert.equal(error.code, 'invalid_argument');
        assert.equal(error.message.split('\n')[0], `filter: ${message}`);
        assert.match(error.hint ?? '', hint ?? /^/);
        return true;
      },
    );
  });
}

test('the caret stands under the place, also in a long filter', () => {
  const filter = `${"name = 'x' OR ".repeat(20)}duration_nano = 'x'`;
  assert.throws(
    () => bindFilter(filter, TRACES),
    (error) => {
      assert.ok(error instanceof BridgeError);
      const [, shown, caret] = error.message.split('\n');
      assert.equal(shown!.slice(caret!.indexOf('^')), "'x'");
      assert.ok(shown!.length < 140);
      return true;
    },
  );
});

test('nesting is bounded', () => {
  const deep = (depth: number) => `${'('.repeat(depth)}name = 'x'${')'.repeat(depth)}`;
  assert.equal(parseFilter(deep(MAX_DEPTH - 1)).kind, 'compare');
  assert.throws(() => parseFilter(deep(MAX_DEPTH + 1)), /more than 100 conditions in each other/);
  assert.throws(() => parseFilter(`${'NOT '.repeat(100_000 / 8)}name = 'x'`), /more than 100 conditions/);
});

test('the length is bounded', () => {
  const long = `name = '${'x'.repeat(MAX_FILTER_LENGTH)}'`;
  assert.throws(() => parseFilter(long), /longer than 65536 characters/);
});

test('keywords and bare names are read in any case, quoted names exactly', () => {
  assert.deepEqual(
    bindFilter("NAME = 'x' and not Kind in ('y')", TRACES),
    bindFilter("name = 'x' AND NOT kind IN ('y')", TRACES),
  );
  assert.deepEqual(bindFilter('"name" = \'x\'', TRACES), bindFilter("name = 'x'", TRACES));
  assert.throws(() => bindFilter('"NAME" = \'x\'', TRACES), /no column NAME/);
});

test('NOT binds closer than AND, AND closer than OR', () => {
  const bound = (filter: string) => bindFilter(filter, TRACES);
  assert.deepEqual(
    bound("name = 'a' OR name = 'b' AND NOT kind = 'c' AND kind <> 'd'"),
    bound("name = 'a' OR (name = 'b' AND (kind <> 'c') AND kind <> 'd')"),
  );
});

test('a doubled quote stands for one', () => {
  assert.deepEqual(parseFilter("name = 'it''s'"), {
    kind: 'compare',
    op: '=',
    left: { kind: 'name', name: 'name', quoted: false, at: 0 },
    right: { kind: 'string', value: "it's", at: 7 },
  });
});

test('a bound predicate survives the way between threads', () => {
  const filter = `NOT (name LIKE 'a%' ESCAPE '!' OR duration_nano > 9223372036854775806) AND "http.route" IN ('a', 5.5)`;
  const predicate = bindFilter(filter, TRACES);
  assert.deepEqual(structuredClone(predicate), predicate);
});

test('a quoted dotted name is the attribute of the row, else of its resource; a column of that name wins', () => {
  const expected = { kind: 'attribute', maps: ['attributes', 'resource_attributes'], key: 'http.route' };
  const predicate = bindFilter(`"http.route" = 'x'`, TRACES);
  assert.deepEqual((predicate as { source?: unknown }).source, expected);
  const type = { kind: 'string' } as const;
  const column = { name: 'http.route', fieldId: 99, type, nullable: true, doc: '' };
  const other = bindFilter(`"http.route" = 'x'`, { name: 'traces', columns: [...TRACES.columns, column] });
  assert.deepEqual((other as { source?: unknown }).source, { kind: 'column', column: 'http.route', type: 'text' });
});
