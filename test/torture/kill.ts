/**
 * `npm run torture kill -- --cycles 500 --lake file|s3 [--seed N]`: a bridge is killed with SIGKILL at random moments and in
 * the middle of each step of a commit, under senders of all signals over HTTP and gRPC. The verdict is read from the
 * Parquet files with pyarrow. Exits 1 where an acknowledged request is not in the lake once and whole, where any other
 * is there twice or in part, or a restart takes too long; journal, lake and ledger are kept then.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeReport, isKept, runKill } from './kill-run.ts';
import { readWithPyarrow } from './lake-reader.ts';
import { type LakeType, openTortureLake } from './lakes.ts';

const HELP = `npm run torture kill -- [options]
  --cycles N        kills (500)
  --lake file|s3    a folder, or a MinIO that is started for it (file)
  --senders N       requests at the same time (8)
  --seed N          seed of moments and requests (random)
  --check-every N   cycles between two looks at the lake (25)
  --max-up MS       longest life of a bridge that is killed at a random moment (800)
  --minutes N       begin no further cycle after this time (no limit)
  --max-restart MS  a restart that takes longer is a broken promise (5000)`;

const { values } = parseArgs({
  options: {
    cycles: { type: 'string', default: '500' },
    lake: { type: 'string', default: 'file' },
    senders: { type: 'string', default: '8' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    'check-every': { type: 'string', default: '25' },
    'max-up': { type: 'string', default: '800' },
    minutes: { type: 'string', default: 'Infinity' },
    'max-restart': { type: 'string', default: '5000' },
    help: { type: 'boolean', default: false },
  },
});

async function run(type: LakeType): Promise<boolean> {
  const seed = Number(values.seed);
  const folder = mkdtempSync(join(tmpdir(), 'otel-lake-kill-'));
  const start = performance.now();
  console.log(`${values.cycles} kills, ${type} lake, ${values.senders} senders, seed ${seed}, in ${folder}`);
  const lake = await openTortureLake(type, folder);
  let kept = false;
  try {
    const report = await runKill({
      folder,
      lake,
      readLake: readWithPyarrow(lake.location),
      cycles: Number(values.cycles),
      senders: Number(values.senders),
      seed,
      checkEvery: Number(values['check-every']),
      maxUpMs: Number(values['max-up']),
      maxRestartMs: Number(values['max-restart']),
      maxRunMs: Number(values.minutes) * 60_000,
      log: console.log,
    });
    console.log(describeReport(report));
    console.log(`seed ${seed}, ${Math.round((performance.now() - start) / 1000)} s`);
    kept = isKept(report);
    return kept;
  } finally {
    if (!kept) await lake.keep();
    await lake.close();
    if (kept) rmSync(folder, { recursive: true, force: true });
    else console.log(howToLook(folder));
  }
}

function howToLook(folder: string): string {
  return `
Kept in ${folder}:
  ledger.txt   every try of every request and what became of it (grep the id of a finding)
  bridge.txt   what the bridges said
  journal/     segments/ and quarantine/
  lake/        objects, and commit records in _lake/commits
  duckdb -c "SELECT * FROM read_parquet('${folder}/lake/*/*/*/*.parquet', filename = true, union_by_name = true) WHERE …"`;
}

if (values.help) console.log(HELP);
else if (values.lake !== 'file' && values.lake !== 's3') throw new Error('--lake is "file" or "s3"');
else process.exitCode = (await run(values.lake)) ? 0 : 1;
