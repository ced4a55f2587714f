import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRecordBuilder } from '../../src/records/builder.ts';
import type { RecordBuilderOptions, RecordInput, RejectedRecord } from '../../src/records/record-types.ts';
import { createSchema } from '../../src/records/schema.ts';
import { DEFAULT_TEXT_RULES } from '../../src/records/text-rules.ts';
import { recordsOf } from '../../src/records/to-records.ts';

/** What is stored of one value in a column that may be null. */
function stored(type: string, value: unknown, options: RecordBuilderOptions = {}): unknown {
  const schema = createSchema({ fields: [{ name: 'c', type }] });
  const builder = createRecordBuilder(schema, options);
  builder.append({ c: value }, 7);
  return recordsOf(builder.finish(), schema)[0]!.c;
}

const TAKEN: readonly (readonly [type: string, value: unknown, stored: unknown])[] = [
  ['bool', 'TRUE', true],
  ['bool', '0', false],
  ['int8', '-128', -128],
  ['int32', 5n, 5],
  ['uint16', '+65535', 65535],
  ['int64', 9007199254740991, 9007199254740991n],
  ['int64', '-9223372036854775808', -(2n ** 63n)],
  ['uint64', '18446744073709551615', 2n ** 64n - 1n],
  ['int64', '000000000000000000000000042', 42n],
  ['int64', -1, -1n],
  ['int64', -4294967296, -4294967296n],
  ['float64', '1e308', 1e308],
  ['float64', '-inf', Number.NEGATIVE_INFINITY],
  ['float64', 2n ** 60n, 2 ** 60],
  ['float32', 0.1, Math.fround(0.1)],
  ['decimal(18,10)', '12345678.0123456789', '12345678.0123456789'],
  ['decimal(18,10)', 0.1, '0.1000000000'],
  ['decimal(5,2)', '1.2300', '1.23'],
  ['decimal(5,2)', '12e1', '120.00'],
  ['decimal(5,2)', '-.5', '-0.50'],
  ['decimal(5,2)', '00000000000.00000000000000', '0.00'],
  ['decimal(5,0)', 99999n, '99999'],
  ['decimal(76,0)', `-${'9'.repeat(76)}`, `-${'9'.repeat(76)}`],
  ['string', 'grüße 🚀', 'grüße 🚀'],
  ['binary', 'c0FFee', Uint8Array.of(0xc0, 0xff, 0xee)],
  ['fixed_binary(2)', Buffer.from('ab'), Uint8Array.of(97, 98)],
  ['date', '2024-02-29', '2024-02-29'],
  ['date', new Date('1969-12-31'), '1969-12-31'],
  ['date', '2024-02-29T00:00:00Z', '2024-02-29'],
  ['time(us)', '13:45', '13:45:00.000000'],
  ['time(ms)', 1, '00:00:00.001'],
  ['time(ns)', 86_399_999_999_999n, '23:59:59.999999999'],
  ['timestamp(us, UTC)', '2024-02-29T13:45:30.123456789000+02:00'.replace('789', '000'), '2024-02-29T11:45:30.123456Z'],
  ['timestamp(us, UTC)', '2024-02-29 13:45', '2024-02-29T13:45:00.000000Z'],
  ['timestamp(us, UTC)', '2024-02-29', '2024-02-29T00:00:00.000000Z'],
  ['timestamp(ms, UTC)', new Date(-1), '1969-12-31T23:59:59.999Z'],
  ['timestamp(ns, UTC)', 1_700_000_000_123, '2023-11-14T22:13:20.123000000Z'],
  ['timestamp(ns)', '2262-04-11T23:47:16.854775807', '2262-04-11T23:47:16.854775807'],
  ['timestamp(us)', '9999-12-31T23:59:59.999999Z', '9999-12-31T23:59:59.999999'],
  ['timestamp(us, Europe/Berlin)', '2024-07-01T12:00:00', '2024-07-01T10:00:00.000000Z'],
  ['timestamp(us, Europe/Berlin)', '2024-07-01T12:00:00-05', '2024-07-01T17:00:00.000000Z'],
  ['timestamp(us, -03:30)', '2024-07-01T12:00:00', '2024-07-01T15:30:00.000000Z'],
  ['uuid', '01890A5DAC96774BBCCEB302099A8057', '01890a5d-ac96-774b-bcce-b302099a8057'],
  ['json', '{"a": 1}', '{"a": 1}'],
  ['json', { a: [1, null] }, '{"a":[1,null]}'],
  ['list<int64>', [1, 2n, '3', null], [1n, 2n, 3n, null]],
  ['list<float64>', Float64Array.of(1, 2), [1, 2]],
  ['list<int64>', '[1, 9007199254740993]', [1n, 9007199254740993n]],
  ['list<decimal(30,25)>', '[0.1234567890123456789012345]', ['0.1234567890123456789012345']],
  ['struct<a: int32, b: string>', { a: 1 }, { a: 1, b: null }],
  ['map<string, int32>', new Map([['a', 1]]), Object.assign(Object.create(null), { a: 1 })],
  ['map<string, int32>', '{"a": 1}', Object.assign(Object.create(null), { a: 1 })],
  ['map<int32, string>', { 5: 'five' }, new Map([[5, 'five']])],
  [
    'map<timestamp(ms, UTC), int8>',
    new Map([0, 1].map((ms) => [new Date(ms), ms])),
    new Map([0, 1].map((ms) => [`1970-01-01T00:00:00.00${ms}Z`, ms])),
  ],
  ['map<int32, string>', [[5, 'five']], new Map([[5, 'five']])],
];

for (const [type, value, expected] of TAKEN) {
  test(`${type} takes ${typeof value} ${String(value)} exactly`, () => assert.deepEqual(stored(type, value), expected));
}

const REFUSED: readonly (readonly [type: string, value: unknown, message: string])[] = [
  ['bool', 1, 'column c: found 1, expected true or false (bool)'],
  ['bool', 'yes', 'column c: found "yes", expected true or false (bool)'],
  ['int8', 128, 'column c: found 128, expected an integer from -128 to 127 (int8)'],
  ['uint8', -1, 'column c: found -1, expected an integer from 0 to 255 (uint8)'],
  ['int32', 1.5, 'expected an integer from -2147483648 to 2147483647 (int32)'],
  ['int32', '1.0', 'found "1.0", expected an integer'],
  ['int32', '', 'found "", expected an integer'],
  ['int64', 2 ** 53, 'a number is not exact there'],
  ['int64', '9223372036854775808', 'expected an integer from -9223372036854775808 to 9223372036854775807'],
  ['uint64', -1, 'expected an integer from 0 to 18446744073709551615'],
  ['float64', '1,5', 'found "1,5", expected a number (float64)'],
  ['float64', '1e999', 'found "1e999", expected a number (float64)'],
  ['float64', ' 1', 'found " 1", expected a number'],
  ['float64', 2n ** 53n + 1n, 'expected a number'],
  ['float32', 1e39, 'expected a number up to 3.4028234663852886e+38 (float32)'],
  ['decimal(5,2)', '1.234', 'at most 3 digits before and 2 behind the point (decimal(5,2))'],
  ['decimal(5,2)', '1000', 'at most 3 digits before'],
  ['decimal(5,2)', 0.1 + 0.2, 'found 0.30000000000000004'],
  ['decimal(5,2)', Number.NaN, 'found NaN'],
  ['string', 42, 'found 42, expected text (string)'],
  ['string', '\ud800', 'expected text (string)'],
  ['binary', 'xyz', 'expected bytes, or text in hex (binary)'],
  ['fixed_binary(2)', 'c0ffee', 'expected 2 bytes'],
  ['date', '2023-02-29', 'expected a date such as 2024-02-29'],
  ['date', '2024-02-29T00:00:01Z', 'expected a date'],
  ['date', new Date(Number.NaN), 'found an invalid Date'],
  ['time(us)', '24:00', 'expected a time of day'],
  ['time(ms)', '00:00:00.0001', 'with at most 3 digits of a second (time(ms))'],
  ['time(us)', '12:00Z', 'expected a time of day'],
  ['timestamp(us, UTC)', '2024-02-29T13:45:30.1234567Z', 'with at most 6 digits of a second (timestamp(us, UTC))'],
  ['timestamp(us, UTC)', '2024-02-29T13:45:60Z', 'expected a time such as'],
  ['timestamp(us, UTC)', '29.02.2024', 'expected a time such as'],
  ['timestamp(us, UTC)', 1_700_000_000_000_000, 'expected a time such as'],
  ['timestamp(us, UTC)', 0.5, 'expected a time such as'],
  ['timestamp(us)', '2024-02-29T13:45:30+02:00', 'expected a time without an offset, as the column has no zone'],
  ['timestamp(ns, UTC)', '2500-01-01', 'from the year 1677 to 2262'],
  ['timestamp(us, Europe/Berlin)', '2024-03-31T02:30:00', 'one that the clocks of Europe/Berlin leave out'],
  ['timestamp(us, Europe/Berlin)', '2024-10-27T02:30:00', 'one that the clocks of Europe/Berlin show twice'],
  ['uuid', '01890a5d', 'expected a UUID such as'],
  ['json', '{a: 1}', 'expected JSON (json)'],
  ['list<int8>', [1, 2, 300], 'column c[2]: found 300'],
  ['list<int8 not null>', [1, null], 'column c[1]: found null, expected a value, as it may not be null'],
  ['list<int8>', 5, 'column c: found 5, expected a list'],
  ['struct<a: struct<b: int8>>', { a: { b: 'x' } }, 'column c.a.b: found "x"'],
  ['struct<a: int8>', { a: 1, z: 2 }, 'column c.z: found 2, expected no such field'],
  ['struct<a: int8>', [1], 'column c: found [1], expected an object'],
  ['map<string, int8>', { 'http.route': 'x' }, 'column c["http.route"]: found "x"'],
  [
    'map<string, int8>',
    [
      ['a', 1],
      ['a', 2],
    ],
    'column c["a"]: found "a", expected each key once',
  ],
  ['map<string, int8>', [['a']], 'column c: found ["a"], expected a pair of key and value'],
];

for (const [type, value, message] of REFUSED) {
  test(`${type} refuses ${typeof value} ${String(value)}, naming row, column, found and expected`, () => {
    assert.throws(
      () => stored(type, value),
      (thrown: { code: string; message: string }) => {
        assert.equal(thrown.code, 'invalid_argument');
        assert.ok(thrown.message.startsWith('row 7, column c'), thrown.message);
        assert.ok(thrown.message.includes(message), thrown.message);
        return true;
      },
    );
  });
}

test('finer digits of a time are cut only where that is asked for', () => {
  const truncate = { truncate: true };
  assert.equal(stored('timestamp(us, UTC)', '1969-12-31T23:59:59.999999999Z', truncate), '1969-12-31T23:59:59.999999Z');
  assert.equal(stored('time(ms)', '12:00:00.0009', truncate), '12:00:00.000');
  assert.equal(stored('date', new Date('1969-12-31T23:00:00Z'), truncate), '1969-12-31');
});

const SCHEMA = createSchema({
  fields: [
    { name: 'id', type: 'int32', nullable: false },
    { name: 'name', type: 'string' },
    { name: 'tags', type: 'list<int8 not null>' },
    { name: 'sizes', type: 'map<string, int8>' },
  ],
});

function build(records: readonly RecordInput[], options: RecordBuilderOptions) {
  const builder = createRecordBuilder(SCHEMA, options);
  const kept = records.map((record, i) => builder.append(record, i + 1));
  return { builder, kept, rows: recordsOf(builder.finish(), SCHEMA), report: builder.report };
}

test('records that do not fit are skipped as a whole and reported', () => {
  const rejected: RejectedRecord[] = [];
  const records = [
    { id: 1, name: 'a', tags: [1], sizes: null },
    { id: 2, name: 'b', tags: [1, 2, 999] },
    { name: 'c' },
    { id: 4, name: 'd', sizes: { x: 1, y: 'z' } },
    { id: 5, nmae: 'e' },
    { id: 6 },
  ];
  const { kept, rows, report } = build(records, {
    onInvalid: 'skip',
    maxReported: 3,
    onRejected: (r) => rejected.push(r),
  });
  assert.deepEqual(kept, [true, false, false, false, false, true]);
  assert.deepEqual(
    rows.map(({ id }) => id),
    [1, 6],
  );
  assert.deepEqual([report.records, report.skipped, report.nulled], [6, 4, 0]);
  assert.deepEqual(
    rejected.map(({ record, problem }) => [record, problem.row, problem.column]),
    [
      [records[1], 2, 'tags[2]'],
      [records[2], 3, 'id'],
      [records[3], 4, 'sizes["y"]'],
      [records[4], 5, 'nmae'],
    ],
  );
  assert.deepEqual(
    report.invalid,
    rejected.slice(0, 3).map(({ problem }) => problem),
  );
});

test('values that do not fit become null, in the narrowest place that may be null', () => {
  const records = [
    { id: 1, name: 5, tags: [1, 2, 999], sizes: { x: 1, y: 'z' } },
    { id: 2, name: 'b', tags: [1, 2], sizes: 'nonsense' },
  ];
  const { rows, report } = build(records, { onInvalid: 'null' });
  assert.deepEqual(JSON.parse(JSON.stringify(rows)), [
    { id: 1, name: null, tags: null, sizes: { x: 1, y: null } },
    { id: 2, name: 'b', tags: [1, 2], sizes: null },
  ]);
  assert.deepEqual([report.records, report.skipped, report.nulled], [2, 0, 4]);
  assert.deepEqual(
    report.invalid.map(({ row, column }) => [row, column]),
    [
      [1, 'name'],
      [1, 'tags[2]'],
      [1, 'sizes["y"]'],
      [2, 'sizes'],
    ],
  );
  assert.throws(() => build([{ id: 'x' }], { onInvalid: 'null' }), { message: /row 1, column id: found "x"/ });
});

test('a refused record leaves the builder as it was', () => {
  const builder = createRecordBuilder(SCHEMA);
  builder.append({ id: 1, name: 'a', tags: [1, 2] }, 0);
  const before = builder.memoryBytes;
  assert.throws(() => builder.append({ id: 2, name: null, tags: [3, 'x'] }, 1));
  assert.throws(() => builder.append({ id: 3, name: 'a', sizes: { a: 1, b: 999 } }, 2));
  assert.equal(builder.memoryBytes - before < 50, true);
  builder.append({ id: 4, name: 'b' }, 3);
  assert.equal(builder.rows, 2);
  assert.deepEqual(JSON.parse(JSON.stringify(recordsOf(builder.finish()))), [
    { id: 1, name: 'a', tags: [1, 2], sizes: null },
    { id: 4, name: 'b', tags: null, sizes: null },
  ]);
});

test('unknown fields are refused, or left out where that is asked for', () => {
  assert.throws(() => build([{ id: 1, extra: 2 }], {}), {
    message: /row 1, column extra: found 2, expected no such column/,
  });
  assert.deepEqual(build([{ id: 1, extra: 2 }], { unknownFields: 'ignore' }).rows.length, 1);
  assert.deepEqual(build([{ id: 1, extra: undefined }], {}).rows.length, 1);
});

test('columns with the names of what objects inherit are columns like others', () => {
  const schema = createSchema({
    fields: ['constructor', '__proto__', 'toString'].map((name) => ({ name, type: 'string' })),
  });
  const builder = createRecordBuilder(schema);
  builder.append({}, 0);
  builder.append(JSON.parse('{"__proto__": "p", "constructor": "c"}') as RecordInput, 1);
  const [first, second] = recordsOf(builder.finish());
  assert.deepEqual(Object.values(first!), [null, null, null]);
  assert.deepEqual(Object.entries(second!), [
    ['constructor', 'c'],
    ['__proto__', 'p'],
    ['toString', null],
  ]);
});

test('rows of cells are taken by position or by the names of their columns', () => {
  assert.deepEqual(build([[1, 'a', [1]]], {}).rows[0]!.name, 'a');
  assert.deepEqual(build([['a', 1]], { columns: ['name', 'id'] }).rows[0]!.id, 1);
  assert.deepEqual(
    build([['a', 'x', 1]], { columns: ['name', 'other', 'id'], unknownFields: 'ignore' }).rows[0]!.id,
    1,
  );
  assert.throws(() => build([['a', 1, 2]], { columns: ['name', 'id'] }), { message: /expected 2 cells, not 3/ });
  assert.throws(() => build([], { columns: ['name', 'other'] }), {
    message: 'the column "other" is not in the schema; the column "id" is missing, and may not be null',
  });
  assert.throws(() => build([], { columns: ['id', 'id'] }), { message: /the column "id" is there twice/ });
});

test('cells of text are null by rules of their column, an empty decimal always where nothing else is said', () => {
  const schema = createSchema({
    fields: [
      { name: 'amount', type: 'decimal(18,10)' },
      { name: 'note', type: 'string' },
      { name: 'name', type: 'string', nullable: false },
      { name: 'count', type: 'int64' },
    ],
  });
  const rowsOf = (cells: readonly string[][], text = DEFAULT_TEXT_RULES) => {
    const builder = createRecordBuilder(schema, { text });
    for (const [i, row] of cells.entries()) builder.append(row, i);
    return recordsOf(builder.finish()).map((row) => Object.values(row));
  };
  assert.deepEqual(
    rowsOf([
      ['', '', '', ''],
      [' 1.5 ', ' x ', ' y ', ' 7'],
    ]),
    [
      [null, null, '', null],
      ['1.5000000000', ' x ', ' y ', 7n],
    ],
  );
  const columns = { note: { nullTexts: ['NULL'] }, count: { nullTexts: ['-', ''] } };
  assert.deepEqual(
    rowsOf(
      [
        ['', '', 'NULL', '-'],
        ['', 'NULL', 'n', ''],
      ],
      { ...DEFAULT_TEXT_RULES, columns },
    ),
    [
      [null, '', 'NULL', null],
      [null, null, 'n', null],
    ],
  );
  assert.throws(() => rowsOf([], { ...DEFAULT_TEXT_RULES, columns: { nte: { nullTexts: [] } } }), {
    message: /unknown columns nte/,
  });
});

test('a column of text that repeats is a dictionary, one that does not is plain, and batches keep to that', () => {
  const schema = createSchema({
    fields: [
      { name: 'id', type: 'string' },
      { name: 'service', type: 'string' },
    ],
  });
  const builder = createRecordBuilder(schema);
  const batches = [0, 5000, 10_000].map((first) => {
    for (let i = first; i < first + 5000; i++)
      builder.append({ id: i % 10 === 9 ? null : `id-${i}`, service: `s${i % 7}` }, i);
    return builder.finish();
  });
  for (const batch of batches) {
    assert.deepEqual(
      batch.schema.fields.map(({ type }) => String(type)),
      ['Utf8', 'Dictionary<Int32, Utf8>'],
    );
  }
  const rows = batches.flatMap((batch) => recordsOf(batch));
  assert.deepEqual(
    rows.map(({ id, service }) => [id, service]),
    rows.map((_, i) => [i % 10 === 9 ? null : `id-${i}`, `s${i % 7}`]),
  );
});

test('memory is counted as rows come, and given away with the batch', () => {
  const builder = createRecordBuilder(createSchema({ fields: [{ name: 'text', type: 'string' }] }));
  for (let i = 0; i < 2000; i++) builder.append({ text: `${i}`.padStart(1000, 'x') }, i);
  assert.equal(builder.memoryBytes > 2_000_000 && builder.memoryBytes < 2_200_000, true);
  builder.finish();
  assert.equal(builder.memoryBytes, 0);
  assert.equal(builder.rows, 0);
});

test('a builder without rows gives an empty batch', () => {
  const builder = createRecordBuilder(SCHEMA);
  assert.deepEqual(recordsOf(builder.finish()), []);
  builder.append({ id: 1 }, 0);
  assert.equal(recordsOf(builder.finish()).length, 1);
});
