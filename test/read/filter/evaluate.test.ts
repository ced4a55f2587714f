import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Column, TableSchema } from '../../../src/model/table.ts';
import { createReadBatch, viewBatch } from '../../../src/read/columns/batch.ts';
import { bindFilter } from '../../../src/read/filter/bind.ts';
import { select } from '../../../src/read/filter/evaluate.ts';
import { decode, form, open, write } from '../parquet/written.ts';
import { type Row, toBatch } from '../rows.ts';
import { and, filter, not, or, row, SMALL } from './cases.ts';

function rowsPassing(text: string, rows: readonly Row[], dictionaries = true, table: TableSchema = SMALL): number[] {
  const batch = toBatch(rows, table, dictionaries);
  return [...select(bindFilter(text, table), createReadBatch(batch, { schema: table, promotions: [] }))];
}

for (const dictionaries of [true, false]) {
  test(`random filters pass the rows that a plain evaluator passes (dictionaries: ${dictionaries})`, () => {
    fc.assert(
      fc.property(filter, fc.array(row, { maxLength: 12 }), ({ text, of }, rows) => {
        const expected = rows.flatMap((candidate, i) => (of(candidate) === true ? [i] : []));
        assert.deepEqual(rowsPassing(text, rows, dictionaries), expected, text);
      }),
      { numRuns: 1500 },
    );
  });
}

test('a sliced batch is filtered by its own rows', () => {
  fc.assert(
    fc.property(filter, fc.array(row, { minLength: 4, maxLength: 12 }), fc.boolean(), ({ text, of }, rows, coded) => {
      const batch = toBatch(rows, SMALL, coded).slice(3);
      const expected = rows.slice(3).flatMap((candidate, i) => (of(candidate) === true ? [i] : []));
      const found = select(bindFilter(text, SMALL), createReadBatch(batch, { schema: SMALL, promotions: [] }));
      assert.deepEqual([...found], expected, text);
    }),
    { numRuns: 500 },
  );
});

test('columns that stay in the codes of their file are filtered as their values are', async () => {
  const runs = fc
    .array(fc.tuple(row, fc.integer({ min: 1, max: 40 })), { minLength: 1, maxLength: 12 })
    .map((found) => found.flatMap(([one, times]) => Array.from({ length: times }, () => one)));
  await fc.assert(
    fc.asyncProperty(filter, runs, form, fc.nat({ max: 20 }), async ({ text, of }, rows, how, skipped) => {
      const start = Math.min(skipped, rows.length - 1);
      const file = write(rows, { ...how, dictionary: true }, SMALL);
      const wanted = { start, end: rows.length };
      const views = decode(file, await open(file), wanted, new Map(), SMALL);
      const batch = viewBatch(views, rows.length - start, { schema: SMALL, promotions: [] });
      const expected = rows.slice(start).flatMap((candidate, i) => (of(candidate) === true ? [i] : []));
      assert.deepEqual([...select(bindFilter(text, SMALL), batch)], expected, text);
    }),
    { numRuns: 150 },
  );
});

const TRUTHS = [true, false, null];
const literal = (value: boolean | null) => (value === null ? 'NULL' : value ? 'TRUE' : 'FALSE');

test('AND, OR and NOT follow the truth tables of SQL, over columns and over literals', () => {
  for (const a of TRUTHS) {
    for (const b of TRUTHS) {
      const cases = [
        ['AND', and(a, b)],
        ['OR', or(a, b)],
      ] as const;
      for (const [word, value] of cases) {
        const columns = { i: a === null ? null : BigInt(a), j: b === null ? null : BigInt(b) };
        for (const [x, y] of [
          ['i = 1', 'j = 1'],
          [literal(a), literal(b)],
          ['NOT i <> 1', 'NOT j = 0'],
        ]) {
          assert.equal(rowsPassing(`${x} ${word} ${y}`, [columns]).length === 1, value === true);
          assert.equal(rowsPassing(`NOT (${x} ${word} ${y})`, [columns]).length === 1, not(value) === true);
        }
      }
    }
  }
});

test('a null passes neither a test nor its negation', () => {
  const tests = [
    "s = 'a'",
    'i > 5',
    'd BETWEEN 1 AND 2',
    "s LIKE '%'",
    "s IN ('a')",
    'b',
    "attributes['k'] = 5",
    's = t',
  ];
  for (const text of tests) {
    assert.deepEqual(rowsPassing(text, [{}]), []);
    assert.deepEqual(rowsPassing(`NOT (${text})`, [{}]), []);
  }
});

test('NOT IN with a NULL among the values passes nothing, IN still finds', () => {
  const rows = [{ s: 'a' }, { s: 'b' }];
  assert.deepEqual(rowsPassing("s IN ('a', NULL)", rows), [0]);
  assert.deepEqual(rowsPassing("s NOT IN ('a', NULL)", rows), []);
  assert.deepEqual(rowsPassing('s IN (NULL)', rows), []);
});

test('integers compare exactly beyond 2^53', () => {
  const rows = [2n ** 53n, 2n ** 53n + 1n, 2n ** 53n + 2n].map((i) => ({ i }));
  assert.deepEqual(rowsPassing('i = 9007199254740993', rows), [1]);
  assert.deepEqual(rowsPassing('i > 9007199254740992', rows), [1, 2]);
  assert.deepEqual(rowsPassing('i < 9007199254740992.5', rows), [0]);
  assert.deepEqual(rowsPassing('i < 99999999999999999999999', rows), [0, 1, 2]);
  assert.deepEqual(rowsPassing('i IN (9007199254740993, 99999999999999999999999)', rows), [1]);
});

test('doubles compare with integers by value, not after rounding', () => {
  const rows = [{ d: 2 ** 53, i: 2n ** 53n + 1n }];
  assert.deepEqual(rowsPassing('d = 9007199254740993', rows), []);
  assert.deepEqual(rowsPassing('d < 9007199254740993', rows), [0]);
  assert.deepEqual(rowsPassing('d < i', rows), [0]);
  assert.deepEqual(rowsPassing('d = 0.1', [{ d: 0.1 }]), [0]);
});

test('NaN is above every number and equal to itself', () => {
  const rows = [{ d: Number.NaN }, { d: Number.POSITIVE_INFINITY }, { d: 0 }];
  assert.deepEqual(rowsPassing('d > 5', rows), [0, 1]);
  assert.deepEqual(rowsPassing('d <= 5', rows), [2]);
  assert.deepEqual(rowsPassing('d = d', rows), [0, 1, 2]);
  assert.deepEqual(rowsPassing('d <> 0', rows), [0, 1]);
});

test('timestamps compare exactly, with offsets and below the microsecond', () => {
  const rows = [1_700_000_000_123_456n, 1_700_000_000_123_457n].map((timestamp) => ({ timestamp }));
  assert.deepEqual(rowsPassing("timestamp = '2023-11-14T22:13:20.123456Z'", rows), [0]);
  assert.deepEqual(rowsPassing("timestamp = '2023-11-15T00:13:20.123456+02:00'", rows), [0]);
  assert.deepEqual(rowsPassing("timestamp > '2023-11-14T22:13:20.123456789Z'", rows), [1]);
  assert.deepEqual(rowsPassing("timestamp = '2023-11-14T22:13:20.123456789Z'", rows), []);
  assert.deepEqual(rowsPassing("'2023-11-14' <= timestamp AND timestamp < '2023-11-15'", rows), [0, 1]);
});

test('attributes compare as text with strings, as numbers with numbers, as booleans with TRUE and FALSE', () => {
  const values = ['5', '5.0', '10', 'true', 'x', '9007199254740993', 'NaN', null];
  const rows = values.map((value) => ({ attributes: new Map([['k', value]]) }));
  assert.deepEqual(rowsPassing("attributes['k'] = '5'", rows), [0]);
  assert.deepEqual(rowsPassing("attributes['k'] = 5", rows), [0, 1]);
  assert.deepEqual(rowsPassing("attributes['k'] > 9", rows), [2, 5, 6]);
  assert.deepEqual(
    rowsPassing("attributes['k'] > '9'", rows),
    [3, 4, 5, 6].filter((i) => values[i]! > '9'),
  );
  assert.deepEqual(rowsPassing("attributes['k'] = 9007199254740993", rows), [5]);
  assert.deepEqual(rowsPassing("attributes['k'] = TRUE", rows), [3]);
  assert.deepEqual(rowsPassing("attributes['k'] <> TRUE", rows), []);
  assert.deepEqual(rowsPassing("attributes['k'] IS NULL", rows), [7]);
});

test('keys are found wherever they stand in a map, and by all their bytes', () => {
  const rows = [
    {
      attributes: new Map([
        ['a', '1'],
        ['key', '2'],
      ]),
    },
    { attributes: new Map([['key', '2']]) },
    {
      attributes: new Map([
        ['kex', '2'],
        ['ke', '2'],
        ['keyy', '2'],
      ]),
    },
    { attributes: new Map([['ключ', 'да']]) },
  ];
  for (const dictionaries of [true, false]) {
    assert.deepEqual(rowsPassing("attributes['key'] = '2'", rows, dictionaries), [0, 1]);
    assert.deepEqual(rowsPassing("attributes['ключ'] = 'да'", rows, dictionaries), [3]);
  }
});

test('a column the batch has not is null in every row', () => {
  const more: Column = { name: 'later', type: { kind: 'int64' }, nullable: true, fieldId: 90, doc: '' };
  const table = { ...SMALL, columns: [...SMALL.columns, more] };
  const batch = toBatch([{ s: 'a' }, { s: 'b' }]);
  const pass = (text: string) => [
    ...select(bindFilter(text, table), createReadBatch(batch, { schema: table, promotions: [] })),
  ];
  assert.deepEqual(pass('later = 5'), []);
  assert.deepEqual(pass('NOT later = 5'), []);
  assert.deepEqual(pass('later IS NULL'), [0, 1]);
});

test('a promoted column the batch has not is answered from the maps, where the type is its own', () => {
  const promoted: Column = { name: 'code', type: { kind: 'int64' }, nullable: true, fieldId: 90, doc: '' };
  const maps: Column[] = ['attribute_types', 'resource_attribute_types'].map((name, i) => {
    return { name, type: { kind: 'string' }, nullable: true, fieldId: 91 + i, doc: '' };
  });
  const stored = { ...SMALL, columns: [...SMALL.columns, ...maps] };
  const table = { ...stored, columns: [...stored.columns, promoted] };
  const rows = [
    {
      attributes: new Map([
        ['x', 'y'],
        ['code', '7'],
      ]),
      attribute_types: 'si',
    },
    { attributes: new Map([['code', '7']]), attribute_types: 's' },
    { resource_attributes: new Map([['code', '7']]), resource_attribute_types: 'i' },
    {
      attributes: new Map([['code', '8']]),
      attribute_types: 'i',
      resource_attributes: new Map([['code', '7']]),
      resource_attribute_types: 'i',
    },
    {},
  ];
  const promotions = [{ attribute: 'code', type: 'int64', column: 'code' }] as const;
  for (const dictionaries of [true, false]) {
    const batch = toBatch(rows, stored, dictionaries);
    const pass = (text: string) => [
      ...select(bindFilter(text, table), createReadBatch(batch, { schema: table, promotions })),
    ];
    assert.deepEqual(pass('code = 7'), [0, 2]);
    assert.deepEqual(pass('code IS NULL'), [1, 4]);
  }
});
