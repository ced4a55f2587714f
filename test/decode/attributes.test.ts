import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { textSource, writeDouble, writeInt64 } from '../../src/decode/number-text.ts';
import { decodeTraces, LIMITS } from './signal-rows.ts';
import {
  arrayValue,
  boolValue,
  bytesValue,
  concat,
  doubleValue,
  IDS,
  int,
  intValue,
  keyValue,
  len,
  mapValue,
  request,
  stringValue,
} from './wire-bytes.ts';

const NONE = new Uint8Array(0);

/** Attributes and letters of a span with the given KeyValues. */
function attributesOf(...keyValues: Uint8Array[]) {
  const { rows, result } = decodeTraces(request(concat(IDS, ...keyValues.map((entry) => len(9, entry)))));
  return { attributes: rows[0]!.attributes, types: rows[0]!.attribute_types, duplicates: result.duplicateKeys };
}

const VALUES: [name: string, value: Uint8Array, letter: string, text: string | null][] = [
  ['a string', stringValue('GET'), 's', 'GET'],
  ['an empty string', stringValue(''), 's', ''],
  ['a string that looks like a number', stringValue('1'), 's', '1'],
  ['a long string', stringValue('ä'.repeat(300)), 's', 'ä'.repeat(300)],
  ['zero', intValue(0), 'i', '0'],
  ['a negative integer', intValue(-42), 'i', '-42'],
  ['the smallest int32', intValue(-(2 ** 31)), 'i', '-2147483648'],
  ['an integer of ten digits', intValue(4_294_967_296), 'i', '4294967296'],
  ['the largest int64', intValue(2n ** 63n - 1n), 'i', '9223372036854775807'],
  ['the smallest int64', intValue(-(2n ** 63n)), 'i', '-9223372036854775808'],
  ['true', boolValue(true), 'b', 'true'],
  ['false', boolValue(false), 'b', 'false'],
  ['a double with a fraction', doubleValue(1.5), 'd', '1.5'],
  ['a whole double', doubleValue(1), 'd', '1.0'],
  ['negative zero', doubleValue(-0), 'd', '-0.0'],
  ['a huge double', doubleValue(1e300), 'd', '1e+300'],
  ['a whole double below 1e21', doubleValue(1e20), 'd', '100000000000000000000.0'],
  ['a subnormal double', doubleValue(5e-324), 'd', '5e-324'],
  ['NaN', doubleValue(Number.NaN), 'd', 'NaN'],
  ['Infinity', doubleValue(Number.POSITIVE_INFINITY), 'd', 'Infinity'],
  ['-Infinity', doubleValue(Number.NEGATIVE_INFINITY), 'd', '-Infinity'],
  ['bytes', bytesValue(1, 2, 255), 'y', 'AQL/'],
  ['no bytes', bytesValue(), 'y', ''],
  ['no value', NONE, 'n', null],
  ['a string index of profiles', int(8, 3), 'n', null],
  ['an empty array', arrayValue(), 'a', '[]'],
  [
    'an array',
    arrayValue(stringValue('a"'), intValue(2n ** 60n), doubleValue(2), boolValue(true), NONE),
    'a',
    '["a\\"",1152921504606846976,2.0,true,null]',
  ],
  ['an empty map', mapValue(), 'm', '{}'],
  [
    'a map',
    mapValue(keyValue('2', intValue(1)), keyValue('1', arrayValue(mapValue())), len(1, 'no value')),
    'm',
    '{"2":1,"1":[{}],"no value":null}',
  ],
  [
    'an array with NaN inside',
    arrayValue(doubleValue(Number.NaN)),
    'A',
    '{"arrayValue":{"values":[{"doubleValue":"NaN"}]}}',
  ],
  [
    'an array with bytes inside',
    arrayValue(bytesValue(1), NONE),
    'A',
    '{"arrayValue":{"values":[{"bytesValue":"AQ=="},{}]}}',
  ],
  [
    'a map with a key twice inside',
    mapValue(keyValue('k', intValue(1)), keyValue('k', doubleValue(1))),
    'M',
    '{"kvlistValue":{"values":[{"key":"k","value":{"intValue":"1"}},{"key":"k","value":{"doubleValue":1.0}}]}}',
  ],
];

for (const [name, value, letter, text] of VALUES) {
  test(`the text of ${name} is ${text?.slice(0, 40)} with the letter ${letter}`, () => {
    const { attributes, types } = attributesOf(keyValue('key', value));
    assert.deepEqual(attributes, [['key', text]]);
    assert.equal(types, letter);
  });
}

test('a KeyValue without a value message is an unset value', () => {
  assert.deepEqual(attributesOf(len(1, 'key')), { attributes: [['key', null]], types: 'n', duplicates: 0 });
});

test('entries keep their order, keys longer than a byte of length and the empty key too', () => {
  const long = 'k'.repeat(200);
  const { attributes, types } = attributesOf(
    keyValue(long, intValue(1)),
    keyValue('', boolValue(true)),
    keyValue('a', NONE),
  );
  assert.deepEqual(attributes, [
    [long, '1'],
    ['', 'true'],
    ['a', null],
  ]);
  assert.equal(types, 'ibn');
});

test('of a repeated key the first entry stays and the rest is counted', () => {
  const { attributes, types, duplicates } = attributesOf(
    keyValue('a', stringValue('first')),
    keyValue('b', intValue(1)),
    keyValue('a', stringValue('second')),
    keyValue('a', intValue(3)),
  );
  assert.deepEqual(attributes, [
    ['a', 'first'],
    ['b', '1'],
  ]);
  assert.equal(types, 'si');
  assert.equal(duplicates, 2);
});

test('value before key, unknown fields between and profile fields are read as protobuf reads them', () => {
  const { attributes } = attributesOf(
    concat(int(3, 9), len(2, int(77, 1), stringValue('v')), len(50, 'x'), len(1, 'k')),
  );
  assert.deepEqual(attributes, [['k', 'v']]);
});

test('of several members of the oneof the last wins, also over several value messages', () => {
  const within = keyValue('within', stringValue('x'), intValue(5));
  const over = concat(len(1, 'over'), len(2, stringValue('x')), len(2, boolValue(true)));
  const empty = concat(len(1, 'empty last'), len(2, stringValue('kept')), len(2));
  const { attributes, types } = attributesOf(within, over, empty);
  assert.deepEqual(attributes, [
    ['within', '5'],
    ['over', 'true'],
    ['empty last', 'kept'],
  ]);
  assert.equal(types, 'ibs');
});

test('arrays and maps that come in parts are merged', () => {
  const array = keyValue('array', arrayValue(intValue(1)), arrayValue(intValue(2)));
  const map = concat(
    len(1, 'map'),
    len(2, mapValue(keyValue('a', intValue(1)))),
    len(2, mapValue(keyValue('b', intValue(2)))),
  );
  const replaced = keyValue('replaced', arrayValue(intValue(1)), intValue(7), arrayValue(intValue(2)));
  const { attributes, types } = attributesOf(array, map, replaced);
  assert.deepEqual(attributes, [
    ['array', '[1,2]'],
    ['map', '{"a":1,"b":2}'],
    ['replaced', '[2]'],
  ]);
  assert.equal(types, 'ama');
});

test('more attributes than the limit refuse the span alone, as many as the limit do not', () => {
  const entries = (count: number) => Array.from({ length: count }, (_, i) => len(9, keyValue(`k${i}`, intValue(i))));
  const body = request(concat(IDS, ...entries(4)), concat(IDS, ...entries(5)), concat(IDS, ...entries(40)));
  const { rows, result } = decodeTraces(body, { ...LIMITS, maxAttributeCount: 4 });
  assert.equal(rows.length, 1);
  assert.equal(result.rejected, 2);
  assert.equal(result.reason, 'span refused: more than 4 attributes');
  assert.deepEqual([...result.rejectedByKind], [['attribute_count', 2]]);
});

test('nesting up to the limit is taken, deeper refuses the span alone', () => {
  const nested = (depth: number): Uint8Array => (depth === 0 ? intValue(1) : arrayValue(nested(depth - 1)));
  const span = (depth: number) => concat(IDS, len(9, keyValue('k', nested(depth))));
  const { rows, result } = decodeTraces(request(span(3), span(4), span(500)), { ...LIMITS, maxNesting: 3 });
  assert.deepEqual(
    rows.map((row) => row.attributes),
    [[['k', '[[[1]]]']]],
  );
  assert.equal(result.reason, 'span refused: an attribute nested deeper than 3');
  assert.deepEqual([...result.rejectedByKind], [['nesting', 2]]);
});

test('strings that are not UTF-8 are refused wherever they stand', () => {
  const bad = Uint8Array.of(0xc3, 0x28);
  for (const entry of [
    len(1, bad),
    keyValue('k', len(1, bad)),
    keyValue('k', arrayValue(len(1, bad))),
    keyValue('k', mapValue(len(1, bad))),
  ]) {
    const message = /^ExportTraceServiceRequest: a string that is not UTF-8 at byte \d+$/;
    assert.throws(() => attributesOf(entry), { code: 'invalid_argument', message });
  }
});

test('numbers are written as JavaScript writes them', () => {
  const text = (length: number) => Buffer.from(textSource.bytes.subarray(0, length)).toString();
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.nat({ max: 63 }), (wide, shift) => {
      const value = wide >> BigInt(shift);
      assert.equal(text(writeInt64(Number(value >> 32n), Number(BigInt.asIntN(32, value)))), String(value));
    }),
    { numRuns: 1000 },
  );
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      const written = text(writeDouble(value));
      assert.equal(Object.is(Number(written), value), true);
      assert.match(written, /[.e]|Infinity/);
    }),
  );
});
