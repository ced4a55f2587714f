/** Random filters over columns of every type, held against DuckDB: pruning by statistics and pages must lose no row. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { openDataset } from '../../../src/read/dataset/dataset.ts';
import { createFileStore } from '../../../src/store/file.ts';
import { Random } from '../../fuzz/random.ts';
import { python } from '../../support/python.ts';
import { tempFolder } from '../../support/temp.ts';
import { EVERY_TYPE } from './tables.ts';

interface Written {
  readonly ours: string;
  readonly duck: string;
}

const quoted = (text: string, type = ''): Written => ({ ours: `'${text}'`, duck: `${type} '${text}'` });
const plain = (text: string, cast = ''): Written => ({
  ours: text,
  duck: cast === '' ? text : `CAST(${text} AS ${cast})`,
});
const iso = (ms: number) => new Date(ms).toISOString();
const day = (i: number) => iso(Date.UTC(2024, 0, 1) + i * 86_400_000).slice(0, 10);

/** A literal near the value of row i, by column; `i` may lie outside of the table. */
const LITERALS: Readonly<Record<string, (i: number, random: Random) => Written>> = {
  i8: (i) => plain(String((i % 100) - 50)),
  u8: (i) => plain(String(i % 250)),
  u32: (i) => plain(String(4294967295 - i)),
  u64: (i) => plain(String(18446744073709551615n - BigInt(Math.max(0, i)))),
  i64: (i) => plain(String(-9223372036854775808n + BigInt(Math.max(0, i)))),
  f32: (i) => plain((i / 10).toFixed(1), 'FLOAT'),
  f64: (i) => plain((i / 10).toFixed(1), 'DOUBLE'),
  d9: (i, random) => plain((i / 100).toFixed(2) + (random.below(4) === 0 ? '5' : '')),
  d18: (i) => plain(`-12345678901234.${String(Math.max(0, i)).padStart(4, '0')}`),
  d38: (i) => plain(`1234567890123456789012345678.${String(Math.max(0, i)).padStart(10, '0')}`),
  s: (i) => quoted(`text ${i}`),
  bin: (i) => {
    const hex = Math.max(0, i).toString(16).padStart(4, '0');
    return { ours: `'${hex}'`, duck: `'\\x${hex.slice(0, 2)}\\x${hex.slice(2)}'::BLOB` };
  },
  uu: (i) => quoted(`00000000-0000-0000-0000-${Math.max(0, i).toString(16).padStart(12, '0')}`, 'UUID'),
  day: (i) => quoted(day(i), 'DATE'),
  tms: (i) => quoted(iso(Math.max(0, i)).slice(11, 23), 'TIME'),
  tus: (i) => quoted(`01:00:00.${String(Math.max(0, i)).padStart(6, '0')}`, 'TIME'),
  ams: (i) => quoted(iso(1_700_000_000_000 + i).slice(0, 23), 'TIMESTAMP'),
  aus: (i) => quoted(`2023-11-14T22:13:20.${String(Math.max(0, i)).padStart(6, '0')}Z`, 'TIMESTAMPTZ'),
};
const COLUMNS = Object.keys(LITERALS);
const OPERATORS = ['=', '<>', '<', '<=', '>', '>='];

function term(random: Random): Written {
  const column = COLUMNS[random.below(COLUMNS.length)]!;
  const literal = () => LITERALS[column]!(random.below(1100) - 50, random);
  switch (random.below(6)) {
    case 0: {
      const values = [literal(), literal(), literal()];
      const not = random.below(3) === 0 ? 'NOT ' : '';
      const list = (side: keyof Written) => `${column} ${not}IN (${values.map((value) => value[side]).join(', ')})`;
      return { ours: list('ours'), duck: list('duck') };
    }
    case 1: {
      const [low, high] = [literal(), literal()];
      return {
        ours: `${column} BETWEEN ${low.ours} AND ${high.ours}`,
        duck: `${column} BETWEEN ${low.duck} AND ${high.duck}`,
      };
    }
    case 2: {
      const text = `${column} IS ${random.below(2) === 0 ? 'NOT ' : ''}NULL`;
      return { ours: text, duck: text };
    }
    default: {
      const operator = OPERATORS[random.below(OPERATORS.length)]!;
      const value = literal();
      return { ours: `${column} ${operator} ${value.ours}`, duck: `${column} ${operator} ${value.duck}` };
    }
  }
}

function filter(random: Random): Written {
  const terms = Array.from({ length: 1 + random.below(3) }, () => {
    const one = term(random);
    return random.below(5) === 0 ? { ours: `NOT (${one.ours})`, duck: `NOT (${one.duck})` } : one;
  });
  const word = random.below(3) === 0 ? ' OR ' : ' AND ';
  return { ours: terms.map(({ ours }) => ours).join(word), duck: terms.map(({ duck }) => duck).join(word) };
}

const COUNT = 100;
/** Rows are known by their place: the file is written with one. */
const DUCKDB = `
import duckdb, json, sys
path, filters = sys.argv[1:]
duckdb.sql("SET TimeZone = 'UTC'")
print(json.dumps([[r[0] for r in duckdb.sql(f"SELECT row FROM read_parquet('{path}') WHERE {f} ORDER BY row").fetchall()] for f in json.load(open(filters))]))
`;

for (const [seed, options] of [
  [1, 'row_group_size=90, write_page_index=True, data_page_size=64, write_batch_size=16'],
  [
    2,
    "row_group_size=400, use_dictionary=False, write_page_index=True, data_page_size=256, write_batch_size=8, data_page_version='2.0', store_decimal_as_integer=True",
  ],
  [
    3,
    "row_group_size=60, compression='zstd', bloom_filter_options={c: {'ndv': 100, 'fpp': 0.05} for c in ['i8', 's', 'd9', 'day', 'u64', 'uu']}",
  ],
] as const) {
  test(`${COUNT} random filters find the rows that DuckDB finds (seed ${seed})`, async (t) => {
    const folder = tempFolder(t);
    const path = join(folder, 'all.parquet');
    const supported = options.includes('bloom')
      ? `import inspect\nkw = dict(${options})\nif 'bloom_filter_options' not in inspect.signature(pq.write_table).parameters: kw.pop('bloom_filter_options')`
      : `kw = dict(${options})`;
    // DuckDB has no decimals of 256 bits, and reads times of nanoseconds as others.
    const table = `t = t.drop_columns(['d76', 'tns', 'ans', 'nothing']).append_column('row', pa.array(range(n)))`;
    await python(`${EVERY_TYPE}\n${table}\n${supported}\npq.write_table(t, path, **kw)`, path);
    const random = new Random(seed, 0);
    const filters = Array.from({ length: COUNT }, () => filter(random));
    const file = join(folder, 'filters.json');
    writeFileSync(file, JSON.stringify(filters.map(({ duck }) => duck)));
    const expected = JSON.parse(await python(DUCKDB, path, file)) as number[][];
    const store = createFileStore(folder);
    const objects = (await Array.fromAsync(store.list(''))).filter(({ key }) => key.endsWith('.parquet'));
    const dataset = await openDataset({ store, objects });
    let pruned = 0;
    for (const [i, { ours, duck }] of filters.entries()) {
      const read = dataset.read({ filter: ours, select: ['row'] });
      const found: number[] = [];
      for await (const batch of read.batches()) for (const row of batch.getChildAt(0)!) found.push(Number(row));
      assert.deepEqual(found, expected[i], `${ours}\n${duck}`);
      pruned += read.stats.rowGroupsPruned + read.stats.pagesPruned;
    }
    assert.ok(pruned > COUNT, `only ${pruned} row groups and pages were left out`);
  });
}
