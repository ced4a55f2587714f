/** `manifest read` beside pyarrow.dataset over the same local files, in turns, and a selective `scan` of them from MinIO. */
import { createReadStream, mkdirSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openBucket } from '../test/store/open-bucket.ts';
import { startMinio } from '../test/support/minio.ts';
import { median } from './support.ts';
import { MAIN, type Run, run, show } from './tables-run.ts';

const SCRIPT = fileURLToPath(new URL('./tables-manifest.py', import.meta.url));
const FILES = 30;
const ROUNDS = 3;
/** Of the objects' bytes that a scan for a thousandth of the rows may read. */
const MOST_OF_BYTES = 0.05;

export interface ReadFilesOptions {
  readonly rows: number;
  readonly python: string;
  /** Gets what was promised and does not hold. */
  readonly broken: string[];
}

export async function readFiles(out: string, { rows, python, broken }: ReadFilesOptions): Promise<void> {
  const folder = join(out, 'manifest');
  mkdirSync(folder);
  await run(python, [SCRIPT, 'make', folder, String(rows), String(FILES)]);
  const names = readdirSync(folder).filter((name) => name.endsWith('.parquet'));
  const bytes = names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  console.log(`${FILES} Parquet files of pyarrow, ${rows} rows of 9 columns, ${(bytes / 1e6).toFixed(0)} MB`);
  await besideDataset(folder, python, rows, bytes);
  await scanFromS3(folder, names, rows, broken);
}

async function besideDataset(folder: string, python: string, rows: number, bytes: number): Promise<void> {
  const args = ['manifest', 'read', join(folder, 'manifest.json'), '--files-in', folder];
  const rounds: { readonly ours: Run; readonly theirs: Run }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const ours = await run(process.execPath, [MAIN, ...args, '--verify', 'size']);
    const theirs = await run(python, [SCRIPT, 'read', folder]);
    if (Number(theirs.stdout) !== rows) throw new Error(`pyarrow read ${theirs.stdout.trim()} rows`);
    const said = `${ours.stdout}${ours.stderr}`;
    if (!said.includes(`${rows.toLocaleString('en')} rows`)) throw new Error(`not all rows were read: ${said}`);
    rounds.push({ ours, theirs });
  }
  const { ours, theirs } = rounds.at(-1)!;
  show('manifest read', ours, bytes);
  show('pyarrow.dataset, all its threads', theirs, bytes);
  const times = (figure: 'seconds' | 'cpuSeconds') =>
    median(rounds.map((round) => round.ours[figure] / round.theirs[figure])).toFixed(2);
  console.log(`times pyarrow's: ${times('seconds')}; CPU: ${times('cpuSeconds')} (medians of ${ROUNDS} in turns)`);
  show('manifest read, MD5 verified', await run(process.execPath, [MAIN, ...args]), bytes);
}

async function scanFromS3(folder: string, names: readonly string[], rows: number, broken: string[]): Promise<void> {
  const minio = await startMinio();
  try {
    const store = await openBucket(minio, 'scans');
    for (const name of names) await store.uploadStream(`rows/${name}`, createReadStream(join(folder, name)));
    const env = { AWS_ACCESS_KEY_ID: minio.accessKey, AWS_SECRET_ACCESS_KEY: minio.secretKey };
    const from = Math.floor(rows / 2);
    const filter = `id >= ${from} AND id < ${from + rows / 1000}`;
    const args = ['scan', 's3://scans/rows/*.parquet', '--endpoint', minio.endpoint, '--filter', filter, '--json'];
    const ran = await run(process.execPath, [MAIN, ...args], { ...env, AWS_REGION: 'us-east-1' });
    const summary = JSON.parse(ran.stderr.trim().split('\n').at(-1)!) as { bytes: number; bytesRead: number };
    const found = ran.stdout.trimEnd().split('\n').length;
    if (found !== Math.ceil(rows / 1000)) throw new Error(`the scan found ${found} rows`);
    show(`scan, ${found} of ${rows} rows`, ran, summary.bytesRead);
    const share = summary.bytesRead / summary.bytes;
    console.log(`${(summary.bytesRead / 1e6).toFixed(1)} MB read, ${(100 * share).toFixed(1)} % of the objects' bytes`);
    if (share > MOST_OF_BYTES) broken.push(`a selective scan read over ${100 * MOST_OF_BYTES} % of the bytes`);
  } finally {
    await minio.close();
  }
}
