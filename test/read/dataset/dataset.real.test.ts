/** Files of other writers as one table: every type, every generation. */
import assert from 'node:assert/strict';
import { truncateSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import { parseConfig } from '../../../src/config/load.ts';
import { openDataset } from '../../../src/read/dataset/dataset.ts';
import type { Dataset, DatasetOptions, DatasetQuery } from '../../../src/read/dataset/types.ts';
import { emitPlain } from '../../../src/read/emit/emit.ts';
import { createSchema, printField } from '../../../src/records/schema.ts';
import { createFileStore } from '../../../src/store/file.ts';
import { python } from '../../support/python.ts';
import { tempFolder } from '../../support/temp.ts';
import { EVERY_TYPE, IMPORTS } from './tables.ts';

const { parquet } = parseConfig('', 'test.toml', {});

async function openFolder(folder: string, options: Partial<DatasetOptions> = {}): Promise<Dataset> {
  const store = createFileStore(folder);
  const objects = await Array.fromAsync(store.list(''));
  return openDataset({ store, objects, ...options });
}

async function text(dataset: Dataset, query: DatasetQuery = {}, format: 'ndjson' | 'csv' = 'ndjson'): Promise<string> {
  const read = dataset.read(query);
  const chunks = await Array.fromAsync(emitPlain(format, read.output, read.selected(), { parquet }));
  return Buffer.concat(chunks).toString();
}

async function rows(dataset: Dataset, query: DatasetQuery = {}): Promise<Record<string, unknown>[]> {
  const lines = (await text(dataset, query)).split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function folderOf(scripts: Readonly<Record<string, string>>) {
  return async (t: Pick<TestContext, 'after'>) => {
    const folder = tempFolder(t);
    for (const [name, script] of Object.entries(scripts)) {
      await python(`${IMPORTS}\n${script}`, join(folder, `${name}.parquet`));
    }
    return folder;
  };
}

/** By filter: the numbers of the rows that pass. */
const FILTERS: readonly (readonly [filter: string, rows: readonly number[]])[] = [
  ['i8 = -50 AND u8 = 0', [0, 500]],
  ['u32 = 4294967292', [3]],
  ['u64 > 18446744073709551613', [0, 1]],
  ['u64 IN (18446744073709551615, 5)', [0]],
  ['u64 < 18446744073709550618 AND u64 <> 18446744073709550616', [998]],
  ['i64 < -9223372036854775806', [0, 1]],
  ['f32 = 0.3', [3]],
  ['f32 < 0.15', [0, 1]],
  ['f64 = 0.3', [3]],
  ['d9 = 0.05', [5]],
  ["d9 = '0.05'", [5]],
  ['d9 > 0.0549 AND d9 < 0.0601', [6]],
  ['d9 BETWEEN 1 AND 1.01', [100, 101]],
  ['d9 IN (0.01, 0.015, 9.99)', [1, 999]],
  ['d18 = -12345678901234.0005', [5]],
  ['d38 > 1234567890123456789012345678.0000000998', [999]],
  [`d76 = ${'1'.repeat(60)}.0000000005`, [5]],
  ["s = 'text 5'", [5]],
  ["bin = '0003'", [3]],
  ["bin >= '03E6'", [998, 999]],
  ["fix IN ('000003', '000009')", [3, 9]],
  ["uu = '00000000-0000-0000-0000-000000000005'", [5]],
  ["day = '2024-01-04'", [3]],
  ["day > '2026-09-24 12:00'", [998, 999]],
  ["tms = '00:00:00.003'", [3]],
  ["tus < '01:00:00.000002'", [0, 1]],
  ["tns = '01:00:00.000000005'", [5]],
  ["ams = '2023-11-14T22:13:20.005'", [5]],
  ["aus = '2023-11-14T22:13:20.000005Z'", [5]],
  ["ans = '2023-11-14T23:13:20.000000005+01:00'", [5]],
  ["mp['3'] = 'v'", [3]],
  ['b AND i8 = -48 AND d9 < 2', [2, 102]],
  ["D9 = d9 AND day = '2024-01-02'", [1]],
  ['nothing IS NULL AND u32 = 4294967294', [1]],
  ['lst IS NULL AND d9 IS NULL AND i64 IS NOT NULL', []],
];

describe('a file with a column of every type', () => {
  const writers: Readonly<Record<string, string>> = {
    'version 1.0, no compression': "version='1.0', compression='none'",
    'version 2.4, snappy': "version='2.4', compression='snappy', row_group_size=250",
    'version 2.6, zstd, decimals as integers':
      "version='2.6', compression='zstd', row_group_size=250, store_decimal_as_integer=True",
    'version 2.6, gzip, page index, pages of version 2':
      "version='2.6', compression='gzip', data_page_version='2.0', write_page_index=True, data_page_size=1024",
    'version 2.6, lz4, no dictionaries, no statistics':
      "version='2.6', compression='lz4', use_dictionary=False, write_statistics=False",
    'version 2.6, brotli': "version='2.6', compression='brotli'",
  };
  for (const [name, options] of Object.entries(writers)) {
    // Only the last version has timestamps in nanoseconds.
    const isOld = !options.includes("'2.6'");
    const columns = isOld ? "t = t.drop_columns(['ans'])" : '';
    test(`${name}: is read, and filtered on every one of them`, async (t) => {
      const folder = tempFolder(t);
      await python(`${EVERY_TYPE}\n${columns}\npq.write_table(t, path, ${options})`, join(folder, 'all.parquet'));
      const dataset = await openFolder(folder);
      assert.equal(dataset.rows, 1000);
      for (const [filter, expected] of FILTERS) {
        if (isOld && filter.startsWith('ans')) continue;
        const found = await rows(dataset, { filter, select: ['u32'] });
        assert.deepEqual(
          found.map(({ u32 }) => 4294967295 - Number(u32)),
          expected,
          filter,
        );
      }
    });
  }

  describe('written by pyarrow', () => {
    const folder = tempFolder({ after: (run) => after(run as () => void) });
    let dataset: Dataset;
    before(async () => {
      await python(`${EVERY_TYPE}\npq.write_table(t, path, row_group_size=250)`, join(folder, 'all.parquet'));
      dataset = await openFolder(folder);
    });

    test('has a schema with all of them', () => {
      assert.deepEqual(dataset.schema.fields.map(printField), [
        ...['i8: int8', 'u8: uint8', 'u32: uint32', 'u64: uint64', 'i64: int64', 'f32: float32', 'f64: float64'],
        ...['b: bool', 'd9: decimal(9,2)', 'd18: decimal(18,4)', 'd38: decimal(38,10)', 'd76: decimal(76,10)'],
        ...['s: string', 'bin: binary', 'fix: fixed_binary(3)', 'uu: uuid', 'day: date', 'tms: time(ms)'],
        ...['tus: time(us)', 'tns: time(ns)', 'ams: timestamp(ms)', 'aus: timestamp(us, UTC)'],
        ...['ans: timestamp(ns, UTC)', 'lst: list<int16>', 'mp: map<string, string>'],
        ...['mi: map<int32, decimal(5,1)>', 'st: struct<a: int32, B: date>', 'nothing: string'],
      ]);
    });

    test('is written down in text that can be put into a filter', async () => {
      const [{ u64: _, i64: __, ...row } = {}] = await rows(dataset, { filter: 'd9 = 3.01' });
      assert.deepEqual(row, {
        ...{
          i8: -49,
          u8: 51,
          u32: 4294966994,
          f32: 30.1,
          f64: 30.1,
          b: false,
          d9: '3.01',
          d18: '-12345678901234.0301',
        },
        ...{ d38: '1234567890123456789012345678.0000000301', d76: `${'1'.repeat(60)}.0000000301` },
        ...{ s: 'text 301', bin: '012d', fix: '00012d', uu: '00000000-0000-0000-0000-00000000012d' },
        ...{ day: '2024-10-28', tms: '00:00:00.301', tus: '01:00:00.000301', tns: '01:00:00.000000301' },
        ...{ ams: '2023-11-14T22:13:20.301', aus: '2023-11-14T22:13:20.000301Z' },
        ...{ ans: '2023-11-14T22:13:20.000000301Z', lst: [301, null], mp: { 301: 'v' } },
        ...{ mi: { 301: '301.0' }, st: { a: 301, B: '2024-01-01' }, nothing: null },
      });
      const exact = await text(dataset, { filter: 'd9 = 3.01', select: ['u64', 'i64', 'd76', 'uu'] }, 'csv');
      assert.equal(
        exact,
        `u64,i64,d76,uu\n18446744073709551314,-9223372036854775507,${'1'.repeat(60)}.0000000301,00000000-0000-0000-0000-00000000012d\n`,
      );
    });

    test('goes on as Arrow, CSV and Parquet that pyarrow finds equal', async (t) => {
      const out = tempFolder(t);
      const store = createFileStore(out);
      for (const format of ['arrow', 'parquet'] as const) {
        const read = dataset.read({ filter: 'i8 <> 0' });
        await store.uploadStream(`rows.${format}`, emitPlain(format, read.output, read.selected(), { parquet }));
      }
      const verdict = await python(
        `import pyarrow as pa, pyarrow.parquet as pq, pyarrow.compute as pc, sys
source, out = sys.argv[1:]
t = pq.read_table(source)
expected = t.filter(pc.not_equal(t['i8'], 0)).drop_columns(['nothing']).combine_chunks()
with pa.ipc.open_stream(out + '/rows.arrow') as f: arrow = f.read_all()
for name, got in (('arrow', arrow), ('parquet', pq.read_table(out + '/rows.parquet'))):
    for column in expected.column_names:
        a, b = expected[column], got[column]
        if column == 'uu' and a.type != b.type: a = a.cast(pa.binary(16)) if b.type == pa.binary(16) else a
        if column == 'mp' or column == 'mi' or column == 'lst': a, b = a.to_pylist(), b.to_pylist()
        if a != b: print(name, column, a[:3], b[:3])
    if got.schema.field('uu').type != pa.uuid() and name == 'parquet': print(name, got.schema.field('uu'))
print('compared', arrow.num_rows)`,
        join(folder, 'all.parquet'),
        out,
      );
      assert.equal(verdict.trim(), 'compared 890');
    });

    test('counts and extremes come from statistics, and are the same as those computed', async () => {
      const columns = dataset.schema.fields
        .map(({ name, type }) => (/list|map|struct/.test(type.kind) ? '' : name))
        .filter(Boolean);
      const asked = columns.flatMap((column) =>
        (['min', 'max', 'count'] as const).map((kind) => ({ kind, column }) as const),
      );
      const computed = await dataset.aggregate([{ kind: 'count' }, ...asked], 'i8 IS NULL OR i8 IS NOT NULL');
      const mixed = await dataset.aggregate([{ kind: 'count' }, ...asked]);
      assert.equal(computed.filesScanned, 1);
      assert.deepEqual(mixed.values, computed.values);
      assert.equal(computed.values['min(d18)'], '-12345678901234.0999');
      assert.equal(computed.values['max(u64)'], 18446744073709551615n);
      const told = columns.filter((name) => !/^(s|bin|fix|uu|ans|d18|d38|d76|nothing)$/.test(name));
      const fromFooters = await dataset.aggregate(
        told.flatMap((column) => [
          { kind: 'min', column },
          { kind: 'max', column },
        ]),
      );
      assert.deepEqual([fromFooters.filesScanned, fromFooters.stats.requests], [0, 0]);
      assert.equal(fromFooters.values['max(d9)'], '9.99');
    });

    for (const [filter, message] of [
      ['lst = 3', /lst holds no single value/],
      ['st > 3', /st holds no single value/],
      ['d9 = d18', /column d9 \(a decimal\) cannot be compared with column d18/],
      ['day = 3', /column day \(a date\) cannot be compared with a number/],
      ["tms = 'noon'", /column tms \(a time of day\) cannot be compared with a string/],
      ["bin = 'xyz'", /column bin \(bytes\) cannot be compared with a string/],
      ["d9 = 'much'", /column d9 \(a decimal\) cannot be compared with a string/],
      ['nope = 1', /the dataset has no column nope/],
    ] as const) {
      test(`the filter ${filter} is refused with the reason`, () => {
        assert.throws(() => dataset.read({ filter }), { code: 'invalid_argument', message });
      });
    }
  });
});

describe('files of several generations', () => {
  const write = folderOf({
    a: "pq.write_table(pa.table({'id': pa.array([1, 2], pa.int32()), 'x': pa.array([0.5, None], pa.float32()), 'price': pa.array([decimal.Decimal('1.50'), None], pa.decimal128(5, 2)), 'at': pa.array([1, 2], pa.timestamp('ms', 'UTC')), 's': [{'a': 1}, {'a': 2}]}), path)",
    b: "pq.write_table(pa.table({'note': ['new', None], 'price': pa.array([decimal.Decimal('12345678.125'), None], pa.decimal128(20, 3)), 'id': pa.array([2**40, 4], pa.int64()), 'x': pa.array([0.1, 2.0]), 'at': pa.array([3, None], pa.timestamp('us', 'UTC')), 's': [{'b': 'y', 'a': 3}, None]}), path)",
    c: "duckdb.sql(f\"COPY (SELECT 5::SMALLINT AS id, 'late' AS note) TO '{path}' (FORMAT parquet)\")",
  });

  test('are one table by the names of their columns, types widened', async (t) => {
    const dataset = await openFolder(await write(t));
    assert.deepEqual(dataset.schema.fields.map(printField), [
      'id: int64',
      'x: float64',
      'price: decimal(20,3)',
      'at: timestamp(us, UTC)',
      's: struct<a: int64, b: string>',
      'note: string',
    ]);
    assert.deepEqual(await rows(dataset), [
      { id: 1, x: 0.5, price: '1.500', at: '1970-01-01T00:00:00.001000Z', s: { a: 1, b: null }, note: null },
      { id: 2, x: null, price: null, at: '1970-01-01T00:00:00.002000Z', s: { a: 2, b: null }, note: null },
      {
        id: 2 ** 40,
        x: 0.1,
        price: '12345678.125',
        at: '1970-01-01T00:00:00.000003Z',
        s: { a: 3, b: 'y' },
        note: 'new',
      },
      { id: 4, x: 2, price: null, at: null, s: null, note: null },
      { id: 5, x: null, price: null, at: null, s: null, note: 'late' },
    ]);
    for (const [filter, ids] of [
      ['id > 3', [2 ** 40, 4, 5]],
      ['price = 1.5', [1]],
      ["at = '1970-01-01T00:00:00.002Z'", [2]],
      ["note IN ('late', 'new')", [2 ** 40, 5]],
      ['note IS NULL', [1, 2, 4]],
    ] as const) {
      const found = await rows(dataset, { filter, select: ['id'] });
      assert.deepEqual(
        found.map(({ id }) => id),
        ids,
        filter,
      );
    }
    const { values } = await dataset.aggregate([
      { kind: 'count', column: 'note' },
      { kind: 'max', column: 'price' },
      { kind: 'min', column: 'id' },
    ]);
    assert.deepEqual(values, { 'count(note)': 2, 'max(price)': '12345678.125', 'min(id)': 1 });
  });

  test('under a given schema its columns alone are read, and no footer before its turn', async (t) => {
    const schema = createSchema({ fields: ['id', 'missing'].map((name) => ({ name, type: 'int64' })) });
    const dataset = await openFolder(await write(t), { schema });
    assert.deepEqual([dataset.opened.requests, dataset.rows], [0, undefined]);
    assert.deepEqual(await rows(dataset, { limit: 1 }), [{ id: 1, missing: null }]);
    const read = dataset.read({ filter: 'id = 5' });
    const batches = await Array.fromAsync(read.batches());
    assert.deepEqual(
      batches.map(({ numRows }) => numRows),
      [1],
    );
    assert.equal(String(read.arrowSchema.fields[0]!.type), 'Int64');
  });

  test('a column that does not widen to the type asked for is an error of its file', async (t) => {
    const folder = await write(t);
    const schema = createSchema({
      fields: [
        { name: 'id', type: 'int32' },
        { name: 'note', type: 'json' },
      ],
    });
    const strict = await openFolder(folder, { schema });
    await assert.rejects(text(strict), {
      code: 'unprocessable',
      message: /b\.parquet does not fit the schema asked for: column id is int64, which does not widen to int32/,
    });
    const read = (await openFolder(folder, { schema, onError: 'skip' })).read({ select: ['id'] });
    const batches = await Array.fromAsync(read.batches());
    assert.deepEqual(
      batches.map(({ numRows }) => numRows),
      [2, 1],
    );
    assert.deepEqual(
      read.stats.skipped.map(({ key }) => key),
      ['b.parquet'],
    );
  });

  test('times of Spark and Impala (INT96) are timestamps, and a time that a finer unit cannot hold is an error', async (t) => {
    const folder = await folderOf({
      a: "pq.write_table(pa.table({'at': pa.array([1, 2_000_000], pa.timestamp('us'))}), path, use_deprecated_int96_timestamps=True)",
      b: "pq.write_table(pa.table({'at': pa.array([5, None], pa.timestamp('ms'))}), path)",
    })(t);
    const dataset = await openFolder(folder);
    assert.deepEqual(dataset.schema.fields.map(printField), ['at: timestamp(ns)']);
    assert.deepEqual(await rows(dataset, { filter: "at >= '1970-01-01T00:00:00.005'" }), [
      { at: '1970-01-01T00:00:02.000000000' },
      { at: '1970-01-01T00:00:00.005000000' },
    ]);
    await python(
      `${IMPORTS}\npq.write_table(pa.table({'at': pa.array([32503680000000], pa.timestamp('ms'))}), path)`,
      join(folder, 'c.parquet'),
    );
    await assert.rejects(text(await openFolder(folder)), {
      code: 'unprocessable',
      message: /c\.parquet.*out of range/,
    });
  });

  const clash = folderOf({
    a: "pq.write_table(pa.table({'id': pa.array([1], pa.int64()), 'name': ['x'], 'same': [1]}), path)",
    b: "pq.write_table(pa.table({'id': ['one'], 'name': [7], 'same': [2]}), path)",
    c: "pq.write_table(pa.table({'id': pa.array([3], pa.int64()), 'same': [3]}), path)",
  });

  test('that are incompatible are refused with every reason', async (t) => {
    await assert.rejects(openFolder(await clash(t)), {
      code: 'unprocessable',
      message:
        'the files are not one table:\n' +
        '  column id is string in b.parquet, which is no int64 and does not widen to one\n' +
        '  column name is int64 in b.parquet, which is no string and does not widen to one',
    });
  });

  test('that are incompatible are left out where that is asked, with their reasons', async (t) => {
    const dataset = await openFolder(await clash(t), { onError: 'skip' });
    assert.deepEqual(
      dataset.opened.skipped.map(({ key }) => key),
      ['b.parquet'],
    );
    assert.match(dataset.opened.skipped[0]!.error.message, /column id is string in b\.parquet/);
    assert.deepEqual(
      (await rows(dataset, { select: ['id'] })).map(({ id }) => id),
      [1, 3],
    );
  });

  test('one that is cut off ends the read, or is left out; where none is left, that is an error', async (t) => {
    const folder = await write(t);
    truncateSync(join(folder, 'b.parquet'), 300);
    await assert.rejects(openFolder(folder), { code: 'corrupt', message: /b\.parquet/ });
    const dataset = await openFolder(folder, { onError: 'skip' });
    assert.deepEqual(
      (await rows(dataset, { select: ['id'] })).map(({ id }) => id),
      [1, 2, 5],
    );
    for (const name of ['a', 'c']) truncateSync(join(folder, `${name}.parquet`), 100);
    await assert.rejects(openFolder(folder, { onError: 'skip' }), {
      code: 'unprocessable',
      message: /none of the files can be read; the first: a\.parquet/,
    });
  });
});

test('lists and maps of older writers, and columns that cannot be read, are told apart', async (t) => {
  const folder = await folderOf({
    a: `
pq.write_table(pa.table({'l': [[1, 2]], 'm': pa.array([[('k', 1)]], pa.map_(pa.string(), pa.int32())), 'h': pa.array([1.5], pa.float16())}), path, use_compliant_nested_type=False)`,
  })(t);
  const dataset = await openFolder(folder);
  assert.deepEqual(dataset.unsupported, ['h: FLOAT16 over FIXED_LEN_BYTE_ARRAY(2)']);
  assert.deepEqual(await rows(dataset), [{ l: [1, 2], m: { k: 1 } }]);
});

test('a selective filter over sorted files reads a small part of their bytes', async (t) => {
  const folder = await folderOf({
    a: `
import random
random.seed(3)
n = 1_000_000
pq.write_table(pa.table({'id': range(n), 'payload': [random.randbytes(24).hex() for _ in range(1000)] * (n // 1000)}), path, compression="none", row_group_size=20_000, data_page_size=128 * 1024, use_dictionary=False, write_page_index=True)`,
  })(t);
  const dataset = await openFolder(folder);
  const size = dataset.files.reduce((sum, file) => sum + file.size, 0);
  const read = dataset.read({ filter: 'id BETWEEN 123456 AND 123460' });
  const found = (await Array.fromAsync(read.batches())).reduce((sum, { numRows }) => sum + numRows, 0);
  const bytes = dataset.opened.bytesRead + read.stats.bytesRead;
  assert.equal(found, 5);
  assert.ok(bytes < 0.05 * size, `${bytes} of ${size} bytes`);
});
