/**
 * `npm run bench read`: reads of a large lake beside DuckDB on one thread over the same files, in turns.
 *
 * Each query is asked once of both unmeasured by medians (its line says "first": caches are empty then), and `rounds`
 * times more. The ratio is ours to DuckDB's of the same round; below 1 we are faster. CPU time is the process's, user and
 * system: on a busy machine it says more than the wall clock. With --lake s3 the lake is copied to a MinIO of its own;
 * requests and bytes are printed instead of DuckDB's times. A broken promise (requests for a needle, row groups pruned,
 * memory) is printed at the end, and the exit code is 1.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { startMinio } from '../test/support/minio.ts';
import { lakeToml, makeLake, s3LakeToml } from './read-lake.ts';
import { startChild, startReader } from './read-reader.ts';
import { groupsOf, measureRequests, prunedPercent, prunedTooLittle, type RequestQuery } from './read-requests.ts';
import { describeMachine, median } from './support.ts';

const { values } = parseArgs({
  options: {
    rows: { type: 'string', default: '20000000' },
    lake: { type: 'string', default: 'file' },
    rounds: { type: 'string', default: '5' },
    'export-hours': { type: 'string', default: '20' },
    cache: { type: 'string', default: join(homedir(), '.cache', 'otel-lake-bridge', 'bench-lake') },
    memory: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run bench read -- [options]
  --rows N           spans in the lake, rounded up to files of 96,000 (20000000)
  --lake file|s3     files beside DuckDB, or a MinIO with requests and bytes (file)
  --rounds N         measured rounds of each query (5)
  --export-hours N   hours of the lake that are exported, 96,000 spans each (20)
  --cache FOLDER     where lakes are kept between runs (${values.cache})
  --memory           peak memory of exports of 1,000,000 spans and of all
  --only WORD        queries (with --memory: formats) whose name holds the word`);
  process.exit(0);
}

interface Query extends RequestQuery {
  readonly sql: string;
  readonly how: 'count' | 'arrow' | 'json';
  /** Most of DuckDB's time that is meant to be taken. */
  readonly goal: string;
}

interface Timed {
  readonly ms: number;
  readonly cpuMs: number;
}

const HOUR_MS = 3_600_000;
/** Of a process that exports, however many rows. */
const MOST_MEMORY_BYTES = 400e6;
const FIRST_HOUR_MS = Date.UTC(2026, 0, 1);

function hour(n: number): string {
  return new Date(FIRST_HOUR_MS + n * HOUR_MS).toISOString();
}

function queries(glob: string, traceId: string, hours: number): readonly Query[] {
  const from = `read_parquet('${glob}', hive_partitioning = false)`;
  const half = hour(Math.ceil(hours / 2));
  const exported = hour(Math.min(hours, Number(values['export-hours'])));
  const columns = 'timestamp,trace_id,span_id,name,duration_nano,http_route';
  const all = { countOnly: false, isNeedle: false, goal: '' };
  return [
    {
      name: 'count by a promoted column',
      parameters: { filter: "http_route = '/api/v1/products/{id}'", select: 'http_route' },
      countOnly: true,
      isNeedle: false,
      sql: `SELECT count(*) FROM ${from} WHERE http_route = '/api/v1/products/{id}'`,
      how: 'count',
      goal: '1.5',
    },
    {
      name: 'needle, all columns',
      ...all,
      isNeedle: true,
      parameters: { filter: `trace_id = '${traceId}'`, format: 'arrow' },
      sql: `SELECT * FROM ${from} WHERE trace_id = '${traceId}'`,
      how: 'arrow',
      goal: '1.0',
    },
    {
      name: 'half of the time and one service: 1 % of the rows',
      ...all,
      parameters: { filter: "service_name = 'cart'", to: half, select: columns, format: 'arrow' },
      sql: `SELECT ${columns} FROM ${from} WHERE service_name = 'cart' AND timestamp < '${half}'`,
      how: 'arrow',
      goal: '1.5',
    },
    {
      name: 'export to Arrow',
      ...all,
      parameters: { to: exported, format: 'arrow' },
      sql: `SELECT * FROM ${from} WHERE timestamp < '${exported}'`,
      how: 'arrow',
    },
    {
      name: 'export to NDJSON',
      ...all,
      parameters: { to: exported, format: 'ndjson' },
      sql: `SELECT * FROM ${from} WHERE timestamp < '${exported}'`,
      how: 'json',
    },
  ];
}

const rows = Number(values.rows);
const folder = `${values.cache}-${rows}`;
mkdirSync(folder, { recursive: true });
console.log(describeMachine());
const hours = await makeLake(folder, rows);
const glob = join(folder, 'lake', 'traces', '**', '*.parquet');
const traceId = execFileSync('python3', [
  '-c',
  `import duckdb; print(duckdb.execute("SELECT trace_id FROM read_parquet('${glob}') WHERE timestamp >= '${hour(hours - 2)}' LIMIT 1").fetchone()[0])`,
])
  .toString()
  .trim();
const asked = queries(glob, traceId, hours).filter(({ name }) => name.includes(values.only));
const scratch = mkdtempSync(join(tmpdir(), 'otel-lake-bench-'));

try {
  const broken = await (values.memory ? measureMemory() : values.lake === 's3' ? measureOnS3() : measureTimes());
  for (const promise of broken) console.log(`BROKEN ${promise}`);
  if (broken.length > 0) process.exitCode = 1;
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

async function measureTimes(): Promise<readonly string[]> {
  const broken: string[] = [];
  const ours = startReader(scratch, lakeToml(folder));
  const script = fileURLToPath(new URL('./read_duckdb.py', import.meta.url));
  const duckdb = startChild<{ sql: string; how: string }, Timed & { rows: number }>('python3', [script]);
  for (const query of asked) {
    const first = { ours: await ours.ask(query), duckdb: await duckdb.ask(query) };
    const { stats } = first.ours;
    if (stats.rows !== first.duckdb.rows)
      throw new Error(`${query.name}: ${stats.rows} rows, DuckDB ${first.duckdb.rows}`);
    const rounds: (typeof first)[] = [];
    for (let i = 0; i < Number(values.rounds); i++) {
      rounds.push({ ours: await ours.ask(query), duckdb: await duckdb.ask(query) });
    }
    const ratio = (measure: 'ms' | 'cpuMs') =>
      median(rounds.map((round) => round.ours[measure] / round.duckdb[measure]));
    const mid = (who: 'ours' | 'duckdb', measure: 'ms' | 'cpuMs') => median(rounds.map((round) => round[who][measure]));
    const groups = groupsOf(stats);
    if (query.isNeedle) broken.push(...prunedTooLittle(stats).map((what) => `${query.name}: ${what}`));
    console.log(`
${query.name}: ${stats.rows.toLocaleString('en')} rows
  wall  ours ${ms(mid('ours', 'ms'))}  DuckDB ${ms(mid('duckdb', 'ms'))}  ratio ${ratio('ms').toFixed(2)}${query.goal && `, goal ${query.goal}`}
  CPU   ours ${ms(mid('ours', 'cpuMs'))}  DuckDB ${ms(mid('duckdb', 'cpuMs'))}  ratio ${ratio('cpuMs').toFixed(2)}
  first ours ${ms(first.ours.ms)}  DuckDB ${ms(first.duckdb.ms)}, CPU ${ms(first.ours.cpuMs)} and ${ms(first.duckdb.cpuMs)}
  ${perSecond(stats.rows, mid('ours', 'ms'))} rows/s out, ${perSecond(stats.rows, mid('ours', 'cpuMs'))} a CPU second
  files: ${stats.filesPruned} of ${stats.filesListed} unopened, ${stats.filesPrunedByFooter} left at their footer; row groups: ${prunedPercent(stats).toFixed(1)} % of ${groups} pruned; pages: ${stats.pagesPruned} pruned, ${stats.pagesScanned} read
  ${stats.requests} requests, ${(stats.bytesRead / 1e6).toFixed(1)} MB read; peak memory so far ${mib(first.ours.peakBytes)}`);
  }
  ours.stop();
  duckdb.stop();
  return broken;
}

/** The lake on a MinIO of its own. */
async function measureOnS3(): Promise<readonly string[]> {
  const minio = await startMinio();
  try {
    const toml = await s3LakeToml(folder, minio);
    return await measureRequests(asked, () => startReader(scratch, toml), console.log);
  } finally {
    await minio.close();
  }
}

/** Every size in a process of its own: what is freed stays with the process. */
async function measureMemory(): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const format of ['arrow', 'ndjson'].filter((name) => name.includes(values.only))) {
    for (const exported of [1_000_000, rows]) {
      const reader = startReader(scratch, lakeToml(folder));
      const to = hour(Math.ceil(exported / 96_000));
      const { stats, peakBytes, ms: wall, cpuMs } = await reader.ask({ parameters: { to, format }, countOnly: false });
      reader.stop();
      const line = `${format}: ${stats.rows.toLocaleString('en')} rows in ${ms(wall)}, CPU ${ms(cpuMs)}, peak ${(peakBytes / 1e6).toFixed(0)} MB`;
      console.log(line);
      if (peakBytes > MOST_MEMORY_BYTES) broken.push(`${line}, at most ${MOST_MEMORY_BYTES / 1e6} MB are promised`);
    }
  }
  return broken;
}

function ms(value: number): string {
  return `${value < 100 ? value.toFixed(1) : Math.round(value).toLocaleString('en')} ms`;
}

function mib(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

function perSecond(count: number, millis: number): string {
  return Math.round((count / millis) * 1000).toLocaleString('en');
}
