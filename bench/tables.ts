/**
 * `npm run bench tables -- [--gb 2] [--files 40] [--workers 2]`: CSV to Parquet and Avro by `otel-lake convert`, beside a
 * plain sequential Python script (csv module, pyarrow, fastavro) on the same files in the same run.
 *
 * The files are made of the rows of a real data set (bird strikes on aeroplanes, 14 columns), repeated with other days,
 * costs and speeds, always the same ones, and kept under ~/.cache. Both sides read and write local files first; then the
 * same files go from and to a MinIO on this machine, for the calls a file takes. Then rows of four columns, made on the way,
 * go through `otel-lake import`; and Parquet files of pyarrow are read by `manifest read`, beside pyarrow.dataset, and by a
 * selective `scan` from MinIO. A broken promise is printed at the end, and the exit code is 1.
 */
import { once } from 'node:events';
import {
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { ConvertReport } from '../src/tables/convert/types.ts';
import { openPlaces } from '../src/tables/location.ts';
import { startMinio } from '../test/support/minio.ts';
import { realCsv } from '../test/tables/real-csv.ts';
import { describeMachine } from './support.ts';
import { readFiles } from './tables-files.ts';
import { MAIN, type Run, run, show } from './tables-run.ts';

const HELP = `npm run bench tables -- [options]
  --gb N          CSV in 10^9 bytes (2)
  --files N       number of files (40)
  --workers N     threads of convert (2)
  --codec NAME    of the Avro files: deflate, snappy, zstandard, null (deflate)
  --python PATH   Python with pyarrow and fastavro (python3)
  --script-files N  files the Python script gets, which takes one after the other (all of them); MB/s are compared
  --no-script     without the Python script
  --no-s3         without MinIO
  --rows N        rows of the import (10000000); 0: without it
  --manifest-rows N  rows in the 30 files of manifest read and scan (10000000); 0: without them`;

const { values } = parseArgs({
  allowNegative: true,
  options: {
    gb: { type: 'string', default: '2' },
    files: { type: 'string', default: '40' },
    workers: { type: 'string', default: '2' },
    codec: { type: 'string', default: 'deflate' },
    python: { type: 'string' },
    'script-files': { type: 'string' },
    s3: { type: 'boolean', default: true },
    rows: { type: 'string', default: '10000000' },
    'manifest-rows': { type: 'string', default: '10000000' },
    help: { type: 'boolean', default: false },
    script: { type: 'boolean', default: true },
  },
});

/** Promises that were found broken. */
const broken: string[] = [];
const SCRIPT = fileURLToPath(new URL('./tables-sequential.py', import.meta.url));
const CHUNK_CHARS = 1 << 20;
const MOST_MEMORY_BYTES = 500e6;
const MOST_CALLS = 6;
/** Of the import. */
const SCHEMA = `fields = { id = "int64 not null", name = "string", price = "decimal(18,10)", at = "timestamp(us)" }`;

if (values.help) console.log(HELP);
else await main();

async function main(): Promise<void> {
  const folder = await csvFiles(Number(values.gb), Number(values.files));
  const bytes = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  console.log(`${describeMachine()}\n${values.files} files, ${(bytes / 1e6).toFixed(0)} MB of CSV`);
  const out = mkdtempSync(join(tmpdir(), 'otel-lake-bench-'));
  try {
    const ours = await runConvert(folder, join(out, 'ours'));
    show('otel-lake convert', ours, bytes);
    holdMemory('convert', ours);
    if (values.script) await besideScript(ours, folder, out, bytes);
    if (values.s3) await throughS3(folder, bytes);
    if (values.rows !== '0') await importRows(out, Number(values.rows));
    const rows = Number(values['manifest-rows']);
    if (rows > 0) await readFiles(out, { rows, python: values.python ?? 'python3', broken });
    for (const text of broken) console.log(`BROKEN ${text}`);
    if (broken.length > 0) process.exitCode = 1;
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** Of fewer files the speeds are compared: the script takes each file for itself, and so does convert. */
async function besideScript(ours: Run, folder: string, out: string, bytes: number): Promise<void> {
  const names = readdirSync(folder).sort();
  const taken = names.slice(0, Number(values['script-files'] ?? names.length));
  const from = join(out, 'some');
  mkdirSync(from);
  for (const name of taken) symlinkSync(join(folder, name), join(from, name));
  const theirBytes = taken.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  const theirs = await runPython(from, join(out, 'theirs'));
  show(`sequential Python, ${taken.length} of ${names.length} files`, theirs, theirBytes);
  const times = (figure: 'seconds' | 'cpuSeconds') => {
    return `${((theirs[figure] / theirBytes / ours[figure]) * bytes).toFixed(1)} times`;
  };
  console.log(`faster: ${times('seconds')}; less CPU: ${times('cpuSeconds')}`);
  const { files } = reportOf(ours);
  const rows = files.reduce((sum, { source, result }) => {
    return taken.includes(basename(source)) ? sum + result!.rows : sum;
  }, 0);
  if (Number(theirs.stdout) !== rows) throw new Error(`${rows} rows here, ${theirs.stdout.trim()} there`);
}

function runConvert(from: string, to: string, env: NodeJS.ProcessEnv = {}): Promise<Run> {
  const args = [from, '--to', to, '--formats', 'parquet,avro', '--max-workers', values.workers!];
  return run(process.execPath, [MAIN, 'convert', ...args, '--avro-codec', values.codec!, '--json'], env);
}

function runPython(from: string, to: string): Promise<Run> {
  mkdirSync(to);
  return run(values.python ?? 'python3', [SCRIPT, from, to, values.codec!], {});
}

async function throughS3(folder: string, bytes: number): Promise<void> {
  const minio = await startMinio();
  const env = {
    AWS_ACCESS_KEY_ID: minio.accessKey,
    AWS_SECRET_ACCESS_KEY: minio.secretKey,
    AWS_ENDPOINT_URL_S3: minio.endpoint,
    AWS_REGION: 'us-east-1',
  };
  Object.assign(process.env, env);
  const places = openPlaces({ endpoint: minio.endpoint });
  try {
    const { store } = await places.folder('s3://bench/');
    const { S3Client, CreateBucketCommand } = await import('@aws-sdk/client-s3');
    const client = new S3Client({ endpoint: minio.endpoint, forcePathStyle: true, region: 'us-east-1' });
    await client.send(new CreateBucketCommand({ Bucket: 'bench' }));
    client.destroy();
    for (const name of readdirSync(folder))
      await store.uploadStream(`in/${name}`, createReadStream(join(folder, name)));
    const ran = await runConvert('s3://bench/in/', 's3://bench/out/', env);
    show('the same from and to S3', ran, bytes);
    holdMemory('convert from and to S3', ran);
    const { files, s3Calls, s3CallsByOperation } = reportOf(ran).totals;
    console.log(`S3 calls: ${(s3Calls / files).toFixed(2)} a file; ${JSON.stringify(s3CallsByOperation)}`);
    if (s3Calls > MOST_CALLS * files) broken.push(`over ${MOST_CALLS} S3 calls a file`);
  } finally {
    places.close();
    await minio.close();
  }
}

async function importRows(folder: string, rows: number): Promise<void> {
  writeFileSync(join(folder, 'schema.toml'), SCHEMA);
  const to = join(folder, 'rows.parquet');
  const args = [
    'import',
    '--schema',
    join(folder, 'schema.toml'),
    '--format',
    'csv',
    '--header',
    '--json',
    '--to',
    to,
    '-',
  ];
  let bytes = 0;
  function* text() {
    const random = sequence(3);
    for (let at = 0; at < rows; ) {
      let chunk = at === 0 ? 'id,name,price,at\n' : '';
      for (const end = Math.min(rows, at + 10_000); at < end; at++) {
        const time = new Date(1.7e12 + at * 1000).toISOString().slice(0, -1);
        chunk += `${at},item ${Math.floor(random() * 5000)},${(random() * 1000).toFixed(10)},${time}456\n`;
      }
      bytes += chunk.length;
      yield chunk;
    }
  }
  const ran = await run(process.execPath, [MAIN, ...args], {}, text());
  show(`import, ${rows} rows`, ran, bytes);
  if ((JSON.parse(ran.stdout) as { rows: number }).rows !== rows)
    throw new Error(`not all rows arrived: ${ran.stdout}`);
}

function holdMemory(what: string, { peakBytes }: Run): void {
  if (peakBytes > MOST_MEMORY_BYTES) broken.push(`${what} took over ${MOST_MEMORY_BYTES / 1e6} MB`);
}

function reportOf({ stdout }: Run): ConvertReport {
  return JSON.parse(stdout) as ConvertReport;
}

/** Made once and kept: `files` files of the same size. */
async function csvFiles(gb: number, files: number): Promise<string> {
  const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'otel-lake-bridge');
  const folder = join(cache, `bench-csv-${gb}-${files}`);
  if (existsSync(folder)) return folder;
  console.log(`making ${gb} GB of CSV under ${folder}`);
  mkdirSync(cache, { recursive: true });
  const making = mkdtempSync(`${folder}-`);
  const [header, ...rows] = readFileSync(realCsv('birdstrikes.csv'), 'utf8').trimEnd().split('\r\n');
  const random = sequence(7);
  for (let i = 0; i < files; i++) {
    const stream = createWriteStream(join(making, `birdstrikes-${String(i).padStart(3, '0')}.csv`));
    let written = 0;
    let text = `${header}\r\n`;
    for (let r = i; written < (gb * 1e9) / files; r++) {
      text += varied(rows[r % rows.length]!, random);
      if (text.length < CHUNK_CHARS) continue;
      written += text.length;
      if (!stream.write(text)) await once(stream, 'drain');
      text = '';
    }
    stream.end(text);
    await once(stream, 'finish');
  }
  renameSync(making, folder);
  return folder;
}

/** Another day, other costs and another speed; empty cells stay empty. */
function varied(row: string, random: () => number): string {
  const cells = row.split(',');
  cells[3] = new Date(Date.UTC(1990, 0, 1) + Math.floor(random() * 9000) * 86_400_000).toISOString().slice(0, 10);
  for (let c = 10; c < 14; c++)
    if (cells[c] !== '' && random() < 0.3) cells[c] = String(Math.floor(random() * 100_000));
  return `${cells.join(',')}\r\n`;
}

function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}
