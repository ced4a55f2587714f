/** Files of every type in engines that are not ours: pyarrow and DuckDB, by way of Python. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { createRecordBuilder } from '../../src/records/builder.ts';
import { fileMetadata } from '../../src/records/file-schema.ts';
import { createSchema } from '../../src/records/schema.ts';
import { writeFile } from '../encode/support.ts';

interface Column {
  readonly type: string;
  readonly value: unknown;
  /** Type and value as pyarrow sees them. */
  readonly arrow: readonly [type: string, value: string];
  /** As DuckDB does. */
  readonly duck: readonly [type: string, value: string];
}

const column = (type: string, value: unknown, arrow: Column['arrow'], duck: Column['duck']): Column => ({
  type,
  value,
  arrow,
  duck,
});

const UUID = '01890a5d-ac96-774b-bcce-b302099a8057';
const NINES = '9'.repeat(33);

const COLUMNS: readonly Column[] = [
  column('bool', true, ['bool', 'True'], ['BOOLEAN', 'true']),
  column('int8', -128, ['int8', '-128'], ['TINYINT', '-128']),
  column('int16', 32767, ['int16', '32767'], ['SMALLINT', '32767']),
  column('int32', -2147483648, ['int32', '-2147483648'], ['INTEGER', '-2147483648']),
  column('int64', -(2n ** 63n), ['int64', String(-(2n ** 63n))], ['BIGINT', String(-(2n ** 63n))]),
  column('uint8', 255, ['uint8', '255'], ['UTINYINT', '255']),
  column('uint16', 65535, ['uint16', '65535'], ['USMALLINT', '65535']),
  column('uint32', 4294967295, ['uint32', '4294967295'], ['UINTEGER', '4294967295']),
  column('uint64', 2n ** 64n - 1n, ['uint64', String(2n ** 64n - 1n)], ['UBIGINT', String(2n ** 64n - 1n)]),
  column('float32', '-inf', ['float', '-inf'], ['FLOAT', '-inf']),
  column('float64', 0.1, ['double', '0.1'], ['DOUBLE', '0.1']),
  column(
    'decimal(9,2)',
    '-1234567.89',
    ['decimal128(9, 2)', "Decimal('-1234567.89')"],
    ['DECIMAL(9,2)', '-1234567.89'],
  ),
  column(
    'decimal(18,10)',
    '-12345678.0123456789',
    ['decimal128(18, 10)', "Decimal('-12345678.0123456789')"],
    ['DECIMAL(18,10)', '-12345678.0123456789'],
  ),
  column(
    'decimal(38,5)',
    `-${NINES}.99999`,
    ['decimal128(38, 5)', `Decimal('-${NINES}.99999')`],
    ['DECIMAL(38,5)', `-${NINES}.99999`],
  ),
  column('string', 'grüße 🚀', ['string', "'grüße 🚀'"], ['VARCHAR', 'grüße 🚀']),
  column('binary', Uint8Array.of(0, 255), ['binary', "b'\\x00\\xff'"], ['BLOB', '\\x00\\xFF']),
  column('fixed_binary(2)', 'c0ff', ['fixed_size_binary[2]', "b'\\xc0\\xff'"], ['BLOB', '\\xC0\\xFF']),
  column('date', '0001-01-01', ['date32[day]', 'datetime.date(1, 1, 1)'], ['DATE', '0001-01-01']),
  column('time(ms)', '23:59:59.999', ['time32[ms]', 'datetime.time(23, 59, 59, 999000)'], ['TIME', '23:59:59.999']),
  column('time(us)', '00:00:00.000001', ['time64[us]', 'datetime.time(0, 0, 0, 1)'], ['TIME', '00:00:00.000001']),
  column('time(ns)', '23:59:59.999999999', ['time64[ns]', '86399999999999'], ['TIME_NS', '23:59:59.999999999']),
  column(
    'timestamp(ms, UTC)',
    new Date(-1),
    [
      'timestamp[ms, tz=UTC]',
      "datetime.datetime(1969, 12, 31, 23, 59, 59, 999000, tzinfo=zoneinfo.ZoneInfo(key='UTC'))",
    ],
    ['TIMESTAMP WITH TIME ZONE', '1969-12-31 23:59:59.999+00'],
  ),
  column(
    'timestamp(us, UTC)',
    '2024-02-29T15:45:30.123456+02:00',
    [
      'timestamp[us, tz=UTC]',
      "datetime.datetime(2024, 2, 29, 13, 45, 30, 123456, tzinfo=zoneinfo.ZoneInfo(key='UTC'))",
    ],
    ['TIMESTAMP WITH TIME ZONE', '2024-02-29 13:45:30.123456+00'],
  ),
  column(
    'timestamp(ns, UTC)',
    '2024-02-29T13:45:30.123456789Z',
    ['timestamp[ns, tz=UTC]', '1709214330123456789'],
    ['TIMESTAMPTZ_NS', '2024-02-29 13:45:30.123456789+00'],
  ),
  column(
    'timestamp(ms)',
    '1969-12-31T23:59:59.999',
    ['timestamp[ms]', 'datetime.datetime(1969, 12, 31, 23, 59, 59, 999000)'],
    ['TIMESTAMP', '1969-12-31 23:59:59.999'],
  ),
  column(
    'timestamp(us)',
    '9999-12-31T23:59:59.999999',
    ['timestamp[us]', 'datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)'],
    ['TIMESTAMP', '9999-12-31 23:59:59.999999'],
  ),
  column(
    'timestamp(ns)',
    '1677-09-21T00:12:43.145224194',
    ['timestamp[ns]', '-9223372036854775806'],
    ['TIMESTAMP_NS', '1677-09-21 00:12:43.145224194'],
  ),
  column(
    'timestamp(us, Asia/Tokyo)',
    '2024-02-29T13:45:30',
    ['timestamp[us, tz=UTC]', "datetime.datetime(2024, 2, 29, 4, 45, 30, tzinfo=zoneinfo.ZoneInfo(key='UTC'))"],
    ['TIMESTAMP WITH TIME ZONE', '2024-02-29 04:45:30+00'],
  ),
  column('uuid', UUID, ['extension<arrow.uuid>', `UUID('${UUID}')`], ['UUID', UUID]),
  column('json', { a: [1, null] }, ['extension<arrow.json>', `'{"a":[1,null]}'`], ['JSON', '{"a":[1,null]}']),
  column('list<int64>', [1, null, 3], ['list<element: int64>', '[1, None, 3]'], ['BIGINT[]', '[1, NULL, 3]']),
  column(
    'list<list<string not null> not null>',
    [['a'], []],
    ['list<element: list<element: string not null> not null>', "[['a'], []]"],
    ['VARCHAR[][]', '[[a], []]'],
  ),
  column(
    'struct<a: int64 not null, b: json>',
    { a: 1, b: '{}' },
    ['struct<a: int64 not null, b: extension<arrow.json>>', "{'a': 1, 'b': '{}'}"],
    ['STRUCT(a BIGINT, b JSON)', "{'a': 1, 'b': '{}'}"],
  ),
  column(
    'map<string, string>',
    { a: 'b', c: null },
    ['map<string, string>', "[('a', 'b'), ('c', None)]"],
    ['MAP(VARCHAR, VARCHAR)', '{a=b, c=NULL}'],
  ),
  column(
    'map<int32, list<struct<x: decimal(5,2)>>>',
    { 5: [{ x: '1.25' }, null] },
    ['map<int32, list<element: struct<x: decimal128(5, 2)>>>', "[(5, [{'x': Decimal('1.25')}, None])]"],
    ['MAP(INTEGER, STRUCT(x DECIMAL(5,2))[])', "{5=[{'x': 1.25}, NULL]}"],
  ),
  column(
    'map<uuid, uuid not null>',
    [[UUID, UUID]],
    ['map<extension<arrow.uuid>, extension<arrow.uuid>>', `[(UUID('${UUID}'), UUID('${UUID}'))]`],
    ['MAP(UUID, UUID)', `{${UUID}=${UUID}}`],
  ),
];

interface Views {
  readonly pyarrow: {
    readonly types: Record<string, string>;
    readonly values: Record<string, string[]>;
    readonly logical: Record<string, string>;
    readonly metadata: Record<string, string>;
  };
  readonly duckdb: { readonly types: Record<string, string>; readonly values: Record<string, (string | null)[]> };
}

const folder = mkdtempSync(join(tmpdir(), 'lake-records-'));
after(() => rmSync(folder, { recursive: true }));

/** A row of values and a row of nulls under columns named like their types. */
function write(name: string, columns: readonly Pick<Column, 'type' | 'value'>[]): string {
  const metadata = { owner: 'grüße' };
  const schema = createSchema({ fields: columns.map(({ type }) => ({ name: type, type })), metadata });
  const builder = createRecordBuilder(schema);
  builder.append(
    columns.map(({ value }) => value),
    0,
  );
  builder.append([], 1);
  const path = join(folder, name);
  writeFileSync(path, writeFile([builder.finish()], {}, fileMetadata(schema)).bytes);
  return path;
}

let all: Views;
let wide: Views['pyarrow'];

before(() => {
  const widest = { type: 'decimal(76,10)', value: `-${'9'.repeat(66)}.0123456789` };
  const paths = [write('all.parquet', COLUMNS), write('wide.parquet', [widest])];
  const script = join(import.meta.dirname, 'engines.py');
  const views = JSON.parse(execFileSync('python3', [script, ...paths], { encoding: 'utf8' })) as Record<string, Views>;
  all = views[paths[0]!]!;
  wide = views[paths[1]!]!.pyarrow;
});

for (const { type, arrow, duck } of COLUMNS) {
  test(`pyarrow and DuckDB read ${type} with its type, its value and its nulls`, () => {
    const arrowType = all.pyarrow.types[type]!.replace(/ \('.*'\)/, '');
    assert.deepEqual([arrowType, ...all.pyarrow.values[type]!], [...arrow, 'None']);
    assert.deepEqual([all.duckdb.types[type], ...all.duckdb.values[type]!], [...duck, null]);
  });
}

test('decimals of more than 38 digits are read by pyarrow', () => {
  assert.equal(wide.types['decimal(76,10)'], 'decimal256(76, 10)');
  assert.equal(wide.values['decimal(76,10)']![0], `Decimal('-${'9'.repeat(66)}.0123456789')`);
});

test('instants and other times are told apart by isAdjustedToUTC', () => {
  const { logical } = all.pyarrow;
  for (const unit of ['ms', 'us', 'ns']) {
    assert.match(logical[`timestamp(${unit}, UTC)`]!, /isAdjustedToUTC=true/);
    assert.match(logical[`timestamp(${unit})`]!, /isAdjustedToUTC=false/);
    assert.match(logical[`time(${unit})`]!, /isAdjustedToUTC=false/);
  }
});

test('metadata of the schema is metadata of the file', () => {
  assert.equal(all.pyarrow.metadata.owner, 'grüße');
  assert.match(all.pyarrow.metadata['otel-lake.schema']!, /Asia\/Tokyo/);
});
