/**
 * `npm run torture s3 -- --objects 10000 --rate 10,20,30 [--seed N]`: MinIO behind a proxy that lets a share of all calls
 * fail, in all the ways of test/support/s3-faults.ts. A bridge is fed until it has stored its objects, and the lake is
 * judged from the Parquet files with pyarrow: every acknowledged row once and whole, commit records that agree with the
 * objects, nothing beside them, no upload left open, an empty journal. Exits 1 where that is not so.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeS3Report, isKept, runS3 } from './s3-run.ts';

const HELP = `npm run torture s3 -- [options]
  --objects N   objects in all, over all rates (10000)
  --rate LIST   percent of calls that fail, one run each (10,20,30)
  --seed N      seed of faults and requests (random)`;

const { values } = parseArgs({
  options: {
    objects: { type: 'string', default: '10000' },
    rate: { type: 'string', default: '10,20,30' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    help: { type: 'boolean', default: false },
  },
});

async function run(): Promise<boolean> {
  const seed = Number(values.seed);
  const percents = values.rate.split(',').map(Number);
  if (percents.some((percent) => !(percent >= 0 && percent < 100))) throw new Error('--rate is a list of percents');
  const objects = Math.ceil(Number(values.objects) / percents.length);
  const start = performance.now();
  let total = 0;
  let allKept = true;
  console.log(`${values.objects} objects at ${values.rate} % of calls that fail, seed ${seed}`);
  for (const percent of percents) {
    const folder = mkdtempSync(join(tmpdir(), 'otel-lake-s3-'));
    const report = await runS3({ folder, rate: percent / 100, objects, seed: seed + percent, log: console.log });
    console.log(describeS3Report(report));
    total += report.verdict.objects;
    if (isKept(report)) {
      rmSync(folder, { recursive: true, force: true });
      continue;
    }
    allKept = false;
    console.log(`kept in ${folder}: ledger.txt, bridge.txt, journal/, lake/`);
  }
  console.log(`seed ${seed}: ${total} objects, ${Math.round((performance.now() - start) / 1000)} s`);
  return allKept;
}

if (values.help) console.log(HELP);
else process.exitCode = (await run()) ? 0 : 1;
