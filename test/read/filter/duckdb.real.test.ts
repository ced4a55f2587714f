import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import fc from 'fast-check';
import { createReadBatch } from '../../../src/read/columns/batch.ts';
import { bindFilter } from '../../../src/read/filter/bind.ts';
import { select } from '../../../src/read/filter/evaluate.ts';
import { toBatch, toParquet } from '../rows.ts';
import { filter, row, SMALL } from './cases.ts';

const folder = mkdtempSync(join(tmpdir(), 'otel-lake-duckdb-'));
after(() => rmSync(folder, { recursive: true }));

const FILTERS = 3000;
const ROWS = 300;

const DUCKDB = `
import duckdb, json, sys
db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")
db.execute(f"CREATE TABLE t AS SELECT * FROM read_parquet('{sys.argv[1]}', file_row_number = true)")
out = []
for sql in json.load(open(sys.argv[2])):
    try:
        out.append([r[0] for r in db.execute(f"SELECT file_row_number FROM t WHERE {sql} ORDER BY 1").fetchall()])
    except Exception as error:
        out.append(str(error))
json.dump(out, sys.stdout)
`;

test(`${FILTERS} random filters pass the rows that DuckDB passes`, () => {
  // 2^53 as a double equals 2^53 + 1 for DuckDB, which rounds integers to compare them; here they differ.
  const comparable = row.map((one) => (one.d === 2 ** 53 ? { ...one, d: 5 } : one));
  const rows = fc.sample(comparable, { numRuns: ROWS, seed: 7 });
  const filters = fc.sample(filter, { numRuns: FILTERS, seed: 7 });
  const parquet = join(folder, 'rows.parquet');
  const sql = join(folder, 'filters.json');
  writeFileSync(parquet, toParquet(rows, SMALL));
  writeFileSync(sql, JSON.stringify(filters.map((one) => one.sql)));
  const answers = JSON.parse(execFileSync('python3', ['-c', DUCKDB, parquet, sql], { maxBuffer: 1 << 28 }).toString());
  const arrow = toBatch(rows, SMALL, false);
  const batch = createReadBatch(arrow, { schema: SMALL, promotions: [] });
  let passed = 0;
  filters.forEach(({ text, sql }, i) => {
    const found = [...select(bindFilter(text, SMALL), batch)];
    assert.deepEqual(answers[i], found, `${text}\n${sql}`);
    passed += found.length;
  });
  assert.ok(passed > FILTERS, `only ${passed} rows passed`);
});
