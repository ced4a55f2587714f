/**
 * Random filters over lakes in several layouts, every answer held against DuckDB over the same rows in one plain file.
 * The lakes' files are the encoder's, in small row groups with Bloom filters and page indexes, so that all that leaves
 * rows unread has its chance to leave out one too many.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import type { LakeObject } from '../../src/catalog/types.ts';
import type { PartitionStrategy } from '../../src/model/layout.ts';
import type { TableSchema } from '../../src/model/table.ts';
import { createPartitioner } from '../../src/partition/partition.ts';
import { readRows } from '../../src/read/read.ts';
import { readRequest } from '../../src/read/request.ts';
import type { ReadDeps, ReadStats } from '../../src/read/types.ts';
import { createMemoryStore } from '../../src/store/memory.ts';
import { batchOf, type Row as PlainRow, pathsOf } from '../partition/batch-of.ts';
import { filter, row, SMALL } from '../read/filter/cases.ts';
import { lakeFile } from '../read/lake-file.ts';
import { lakeObject, type Row, readDeps, texts, toParquet } from '../read/rows.ts';

export interface FiltersOptions {
  readonly filters: number;
  readonly rows: number;
  readonly seed: number;
}

export interface FiltersResult {
  /** Of all layouts. */
  readonly answers: number;
  readonly rowsGiven: number;
  readonly filesPruned: number;
  readonly rowGroupsPruned: number;
  readonly rowGroupsPrunedByBloom: number;
  /** Texts of filters whose answers differ. */
  readonly broken: readonly string[];
}

const TABLE: TableSchema = {
  name: SMALL.name,
  columns: [...SMALL.columns, { name: 'id', type: { kind: 'int64' }, nullable: false, fieldId: 100, doc: '' }],
};

const RANGES = [
  { from: Number.NEGATIVE_INFINITY, to: 0, label: 'below' },
  { from: 0, to: 5, label: 'low' },
];

const LAYOUTS: readonly (readonly PartitionStrategy[])[] = [
  [],
  [{ type: 'hash', field: 's', name: 'bucket', numPartitions: 8 }],
  [{ type: 'range', field: 'd', name: 'size', ranges: RANGES, default: 'other' }],
  [
    { type: 'value', field: 'k', name: 'k' },
    { type: 'hash', field: 'i', name: 'bucket', numPartitions: 4 },
  ],
  [
    { type: 'range', field: 'n', name: 'n', ranges: RANGES, default: 'other' },
    { type: 'hash', field: 'http.route', name: 'route', numPartitions: 4 },
  ],
];

const GROUP_ROWS = 25;

const DUCKDB = `
import duckdb, json, sys
db = duckdb.connect()
db.execute("SET TimeZone = 'UTC'")
db.execute(f"CREATE TABLE t AS SELECT * FROM read_parquet('{sys.argv[1]}')")
json.dump([[r[0] for r in db.execute(f"SELECT id FROM t WHERE {sql} ORDER BY 1").fetchall()] for sql in json.load(open(sys.argv[2]))], sys.stdout)
`;

export async function runFilters({ filters: count, rows: rowCount, seed }: FiltersOptions): Promise<FiltersResult> {
  // 2^53 as a double equals 2^53 + 1 for DuckDB, which rounds integers to compare them; here they differ.
  const comparable = row.map((one) => (one.d === 2 ** 53 ? { ...one, d: 5 } : one));
  const rows = fc.sample(comparable, { numRuns: rowCount, seed }).map((one, i): Row => ({ ...one, id: BigInt(i) }));
  const filters = fc.sample(filter, { numRuns: count, seed });
  const answers = askDuckdb(
    rows,
    filters.map(({ sql }) => sql),
  );
  const broken: string[] = [];
  const totals = { answers: 0, rowsGiven: 0, filesPruned: 0, rowGroupsPruned: 0, rowGroupsPrunedByBloom: 0 };
  for (const layout of LAYOUTS) {
    const deps = await lakeOf(rows, layout);
    for (const [i, { text }] of filters.entries()) {
      const { ids, stats } = await ask(deps, text);
      if (ids.join() !== answers[i]!.join()) broken.push(`${text} in a lake partitioned by ${JSON.stringify(layout)}`);
      totals.answers++;
      totals.rowsGiven += ids.length;
      totals.filesPruned += stats.filesPruned;
      totals.rowGroupsPruned += stats.rowGroupsPruned;
      totals.rowGroupsPrunedByBloom += stats.rowGroupsPrunedByBloom;
    }
  }
  return { ...totals, broken };
}

function askDuckdb(rows: readonly Row[], filters: readonly string[]): readonly (readonly number[])[] {
  const folder = mkdtempSync(join(tmpdir(), 'otel-lake-filters-'));
  try {
    const [parquet, sql] = [join(folder, 'rows.parquet'), join(folder, 'filters.json')];
    writeFileSync(parquet, toParquet(rows, TABLE));
    writeFileSync(sql, JSON.stringify(filters));
    const maxBuffer = 1 << 30;
    return JSON.parse(execFileSync('python3', ['-c', DUCKDB, parquet, sql], { maxBuffer }).toString());
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A file a partition. */
async function lakeOf(rows: readonly Row[], partitioning: readonly PartitionStrategy[]): Promise<ReadDeps> {
  const paths = pathsOf(createPartitioner(partitioning, TABLE).assign(batchOf(TABLE, rows.map(plain))));
  const store = createMemoryStore();
  const objects: LakeObject[] = [];
  for (const path of new Set(paths)) {
    const own = rows.filter((_, i) => paths[i] === path);
    const groups = Array.from({ length: Math.ceil(own.length / GROUP_ROWS) }, (_, g) => {
      return own.slice(g * GROUP_ROWS, (g + 1) * GROUP_ROWS);
    });
    const body = lakeFile(groups, { bloomFilterColumns: ['s', 'i'] }, TABLE);
    const key = `traces/${path === '' ? '' : `${path}/`}a.parquet`;
    await store.put(key, body);
    objects.push(lakeObject(key, body.length, { partitioning }));
  }
  return readDeps(store, { schema: TABLE, objects: async () => objects });
}

/** A row of the filters' tests as the partitioner's tests write it. */
function plain(row: Row): PlainRow {
  const entries = Object.entries(row).map(([name, value]) => {
    return [name, value instanceof Map ? Object.fromEntries(value) : value];
  });
  return Object.fromEntries(entries) as PlainRow;
}

async function ask(deps: ReadDeps, text: string): Promise<{ readonly ids: number[]; readonly stats: ReadStats }> {
  const { batches, stats } = readRows(readRequest('traces', { filter: text, select: 'id' }), deps);
  const found = await texts(batches(), 'id');
  return { ids: found.map(Number).sort((a, b) => a - b), stats };
}
