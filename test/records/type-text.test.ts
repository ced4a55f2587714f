import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseType, printType } from '../../src/records/type-text.ts';
import { arbitraryType } from './support.ts';

const READ: readonly (readonly [text: string, printed: string])[] = [
  ['int64', 'int64'],
  ['  INT64 ', 'int64'],
  ['bigint', 'int64'],
  ['double', 'float64'],
  ['boolean', 'bool'],
  ['decimal(18,10)', 'decimal(18,10)'],
  ['decimal128( 18 , 10 )', 'decimal(18,10)'],
  ['decimal(5)', 'decimal(5,0)'],
  ['timestamp', 'timestamp(us, UTC)'],
  ["timestamp('us')", 'timestamp(us)'],
  ['timestamp("ns", "Europe/Berlin")', 'timestamp(ns, Europe/Berlin)'],
  ['timestamp(ms, +02:00)', 'timestamp(ms, +02:00)'],
  ['time', 'time(us)'],
  ['time64(ns)', 'time(ns)'],
  ['fixed_size_binary(16)', 'fixed_binary(16)'],
  ['list<int64>', 'list<int64>'],
  ['array<string NOT NULL>', 'list<string not null>'],
  ['map<string,string>', 'map<string, string>'],
  ['map<string, list<int32 not null> not null>', 'map<string, list<int32 not null> not null>'],
  ['struct<a: int64, b: string>', 'struct<a: int64, b: string>'],
  ['struct<http.route:string,"b c":list<map<uuid,json>>>', 'struct<http.route: string, "b c": list<map<uuid, json>>>'],
];

for (const [text, printed] of READ) {
  test(`${text} is read as ${printed}`, () => {
    assert.equal(printType(parseType(text)), printed);
  });
}

const REFUSED: readonly (readonly [text: string, message: RegExp])[] = [
  ['', /at column 1: found the end, expected a type$/],
  ['integer64', /at column 1: found "integer64", expected a type such as/],
  ['int64 x', /at column 7: found "x", expected the end of the type$/],
  ['decimal', /at column 8: found the end, expected "\("$/],
  ['decimal(77,0)', /at column 1: a decimal has 1 to 76 digits, not 77$/],
  ['decimal(5,6)', /of 5 digits 0 to 5 can stand behind the point, not 6$/],
  ['timestamp(s)', /at column 11: found "s", expected ms, us or ns: Parquet has no times of whole seconds$/],
  ['timestamp(us, Europe/Berlim)', /no time zone "Europe\/Berlim" is known$/],
  ['list<>', /at column 6: found ">", expected a type$/],
  ['list<int64', /at column 11: found the end, expected ">"$/],
  ['list<int64 not>', /at column 15: found ">", expected "null" after "not"$/],
  ['map<list<int64>, string>', /at column 1: the key of a map cannot be a list$/],
  ['struct<a: int64, a: string>', /at column 1: the name "a" is there twice$/],
  ['struct<: int64>', /at column 8: found ":", expected the name of a field$/],
  ['fixed_binary(0)', /bytes are 1 to 1048576, not 0$/],
  [`${'list<'.repeat(40)}int64${'>'.repeat(40)}`, /types nested more than 32 deep/],
];

for (const [text, message] of REFUSED) {
  test(`the type "${text.slice(0, 40)}" is refused with the place and what was expected`, () => {
    assert.throws(() => parseType(text), { code: 'invalid_argument', message });
  });
}

test('every type is read from its printed text as it was', () => {
  fc.assert(fc.property(arbitraryType(), (type) => assert.deepEqual(parseType(printType(type)), type)));
});

test('no text makes the parser fail in another way than by a message', () => {
  const piece = fc.constantFrom(
    'list',
    'map',
    'struct',
    '<',
    '>',
    '(',
    ')',
    ',',
    ':',
    ' ',
    'int64',
    'not null',
    '"',
    "'",
    'é',
  );
  const text = fc.oneof(
    fc.string(),
    fc.array(piece).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (source) => {
      let printed: string;
      try {
        printed = printType(parseType(source));
      } catch (thrown) {
        assert.equal((thrown as { code?: string }).code, 'invalid_argument');
        return;
      }
      assert.equal(printType(parseType(printed)), printed);
    }),
    { numRuns: 2000 },
  );
});
