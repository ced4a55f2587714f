import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createRecordBuilder } from '../../src/records/builder.ts';
import { inferSchema } from '../../src/records/infer.ts';
import { inferTextSchema } from '../../src/records/infer-text.ts';
import { printField, printSchema } from '../../src/records/schema.ts';
import { DEFAULT_TEXT_RULES } from '../../src/records/text-rules.ts';
import type { ParquetSchema } from '../../src/records/types.ts';

const column = (values: readonly unknown[]): string =>
  printField(inferSchema(values.map((c) => ({ c }))).fields[0]!).replace('c: ', '');

const VALUES: readonly (readonly [type: string, values: readonly unknown[]])[] = [
  ['bool not null', [true, false]],
  ['int64 not null', [1, -5n]],
  ['int64', [1, null]],
  ['float64 not null', [1, 1.5]],
  ['float64 not null', [-0]],
  ['uint64 not null', [1, 2n ** 64n - 1n]],
  ['decimal(38,0) not null', [-1, 2n ** 64n - 1n]],
  ['json not null', [2n ** 53n + 1n, 1.5]],
  ['json not null', [true, 1, [1], { a: 1 }]],
  ['timestamp(us, UTC) not null', [new Date()]],
  ['string not null', ['2024-01-01', '']],
  ['string', [null, undefined]],
  ['binary not null', [Buffer.from('a')]],
  ['list<float64 not null> not null', [[1], [2.5]]],
  ['list<string> not null', [[], [null, 'a']]],
  ['list<int64 not null> not null', [Int32Array.of(1)]],
  ['struct<a: int64 not null, b: string> not null', [{ a: 1 }, { a: 2, b: 'x' }]],
  ['struct<a: list<struct<b: bool not null> not null> not null>', [{ a: [{ b: true }] }, null]],
  ['map<string, int64> not null', [new Map([['a', 1]]), new Map([['b', null]])]],
  ['map<string, int64 not null> not null', [Object.fromEntries(Array.from({ length: 201 }, (_, i) => [`k${i}`, i]))]],
  ['json not null', [{}]],
];

for (const [type, values] of VALUES) {
  test(`values such as ${String(values[0]).slice(0, 30)} make a column ${type}`, () =>
    assert.equal(column(values), type));
}

test('columns come in the order of their keys, and what a record has not may be null', () => {
  const schema = inferSchema([
    { b: 1, a: 'x' },
    { c: true, b: 2 },
  ]);
  assert.equal(printSchema(schema), 'b: int64 not null\na: string\nc: bool');
});

test('of a sample all columns may be null', () => {
  function* endless() {
    for (let i = 0; ; i++) yield { id: i, tags: ['a'] };
  }
  assert.equal(printSchema(inferSchema(endless(), { maxRecords: 10 })), 'id: int64\ntags: list<string>');
  assert.equal(printSchema(inferSchema([{ id: 1 }], { sample: true })), 'id: int64');
});

test('kinds without a type in common are an error that names the columns', () => {
  const records = [
    { a: 'x', b: { c: [1] }, d: new Map<unknown, unknown>([['a', 1]]), e: 1 },
    { a: 1, b: { c: [Buffer.of(1)] }, d: new Map<unknown, unknown>([[1, 1]]), e: null },
  ];
  assert.throws(() => inferSchema(records), {
    code: 'invalid_argument',
    message:
      'no schema fits these records: a is text and an integer; b.c.element is an integer and bytes; d.key is text and an integer; d is a Map with keys of different kinds, or with keys that are nested',
  });
});

test('no records make no schema', () => {
  assert.throws(() => inferSchema([]), { code: 'invalid_argument', message: /there are no fields/ });
});

const CELLS: readonly (readonly [type: string, cells: readonly string[]])[] = [
  ['bool', ['true', 'FALSE', '']],
  ['int64', ['1', ' -5 ', '9223372036854775807']],
  ['uint64', ['0', '9223372036854775808']],
  ['string', ['-1', '9223372036854775808']],
  ['string', ['18446744073709551616']],
  ['string', ['00501', '10001']],
  ['string', ['+4912345']],
  ['float64', ['1', '2.5', '1e-7', 'NaN', '-inf', '.5', '3.']],
  ['string', ['9007199254740993', '0.5']],
  ['string', ['NaN']],
  ['string', ['1e999', '1']],
  ['date', ['2024-02-29', '1969-12-31']],
  ['string', ['2023-02-29']],
  ['time(us)', ['13:45', '13:45:00.5']],
  ['time(ns)', ['13:45:00.0000001']],
  ['timestamp(us, UTC)', ['2024-02-29T13:45:00Z', '2024-02-29 13:45:00.123+02:00']],
  ['timestamp(ns, UTC)', ['2024-02-29T13:45:00.123456789Z']],
  ['timestamp(us)', ['2024-02-29 13:45:00', '2024-02-29']],
  ['string', ['2024-02-29 13:45:00', '2024-02-29 13:45:00Z']],
  ['string', ['2024-02-29T13:45:00.123456789', '9999-12-31']],
  ['string', ['1', 'true']],
  ['string', ['', '']],
  ['string', ['a', '1']],
];

for (const [type, cells] of CELLS) {
  test(`cells such as "${cells.join('", "')}" make a column ${type}`, () => {
    const schema = inferTextSchema(
      cells.map((cell) => [cell]),
      ['c'],
    );
    assert.equal(printSchema(schema), `c: ${type}`);
  });
}

test('cells that stand for null have no say in the type, and make it one that may be null', () => {
  const text = { ...DEFAULT_TEXT_RULES, nullTexts: ['', 'NA'] };
  const rows = [
    ['1', 'x', 'true'],
    ['NA', 'NA'],
    ['2', '', 'false'],
  ];
  assert.equal(
    printSchema(inferTextSchema(rows, ['a', 'b', 'c'], { text, complete: true })),
    'a: int64\nb: string\nc: bool',
  );
  assert.equal(printSchema(inferTextSchema([['1']], ['a'], { complete: true })), 'a: int64 not null');
  assert.throws(() => inferTextSchema([], ['a', 'a']), { message: /the name "a" is there twice/ });
});

function inferredOrNot(rows: readonly Record<string, unknown>[]): ParquetSchema | undefined {
  try {
    return inferSchema(rows);
  } catch {
    return undefined;
  }
}

test('records fit the schema that was inferred from them', () => {
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { maxDepth: 3 },
      fc.constantFrom(null, true, 1, 1.5, -0, 'text', 2n ** 70n),
      fc.date({ noInvalidDate: true, min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z') }),
      fc.uint8Array({ maxLength: 3 }),
      fc.array(tie('any'), { maxLength: 3 }),
      fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('any'), { noNullPrototype: true }),
    ),
  })).any;
  const records = fc.array(fc.record({ x: value, y: value, z: fc.nat() }), { minLength: 1, maxLength: 5 });
  fc.assert(
    fc.property(records, (rows) => {
      const schema = inferredOrNot(rows);
      fc.pre(schema !== undefined);
      const builder = createRecordBuilder(schema!);
      for (const [i, row] of rows.entries()) builder.append(row, i);
      assert.equal(builder.finish().numRows, rows.length);
    }),
    { numRuns: 500 },
  );
});

test('cells fit the schema that was inferred from them', () => {
  const cell = fc.oneof(
    fc.string(),
    fc.constantFrom(
      '',
      ' ',
      'true',
      '1',
      '-1',
      '2.5',
      'inf',
      'nan',
      '2024-02-29',
      '13:45',
      '2024-02-29T13:45Z',
      '2024-02-29 13:45',
    ),
    fc.integer().map(String),
    fc.double().map(String),
    fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }).map(String),
  );
  const rows = fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 4 });
  fc.assert(
    fc.property(rows, (cells) => {
      const builder = createRecordBuilder(inferTextSchema(cells, ['a', 'b'], { complete: true }), {
        text: DEFAULT_TEXT_RULES,
      });
      for (const [i, row] of cells.entries()) builder.append(row, i);
      assert.equal(builder.finish().numRows, cells.length);
    }),
    { numRuns: 2000 },
  );
});
