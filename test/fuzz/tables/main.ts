/**
 * Fuzzing of what tables read: `npm run fuzz:tables -- --time 300 [--seed N] [--target csv]`, and `--seed N --case M` to
 * see one case again. CSV that is whole must come back cell by cell, in any dialect, encoding and compression; damaged
 * CSV, manifests and heads of Avro files must be taken or refused with an error of ours, every row accounted for.
 * Exits 1 where anything is found.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { makeCsvCase } from './csv-case.ts';
import { examine, TARGETS, type Target } from './examine.ts';

const HELP = `npm run fuzz:tables -- [options]
  --time SECONDS   how long to run, of each target (60)
  --seed N         seed of all inputs (random)
  --target NAME    ${TARGETS.join(', ')} (all)
  --case N         this case of the seed alone`;
const MAX_SHOWN = 5;

const { values } = parseArgs({
  options: {
    time: { type: 'string', default: '60' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    target: { type: 'string' },
    case: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

async function run(target: Target, seed: number): Promise<number> {
  const counts = { accepted: 0, refused: 0, findings: 0 };
  const single = values.case === undefined ? undefined : Number(values.case);
  const end = performance.now() + Number(values.time) * 1000;
  for (let number = single ?? 0; performance.now() < end; number++) {
    const { accepted, finding } = await examine(target, seed, number);
    counts[accepted ? 'accepted' : 'refused']++;
    if (finding !== undefined && counts.findings++ < MAX_SHOWN) {
      console.log(`FOUND --target ${target} --seed ${seed} --case ${number}\n${finding.slice(0, 2000)}\n`);
      if (target === 'csv') console.log(makeCsvCase(seed, number).steps.join('\n'));
    }
    if (single !== undefined) break;
  }
  const { accepted, refused, findings } = counts;
  console.log(
    `${target}, seed ${seed}: ${accepted + refused} inputs, ${accepted} taken, ${refused} refused; ${findings} findings`,
  );
  return findings;
}

if (values.help) console.log(HELP);
else {
  let findings = 0;
  for (const target of TARGETS.filter((name) => name === (values.target ?? name))) {
    findings += await run(target, Number(values.seed));
  }
  process.exitCode = findings === 0 ? 0 : 1;
}
