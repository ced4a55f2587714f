/**
 * `npm run torture disk`: the journal and the file lake on bad disks. All parts are run unless some are named:
 *   cut     simulated machines that forget, tear and reorder at a power cut what was not synced, with failing calls
 *   full    a real small tmpfs that fills up under the real daemon (root, for mount), and a journal at its max_bytes
 *   strace  the nth fdatasync or write of the real daemon fails with EIO or ENOSPC, once and for good (strace)
 * Exits 1 where an acknowledged request is not in the lake exactly once, a refused one is, any is there in part, or a part
 * cannot run here; the folder of such a run is kept.
 */
import { randomInt } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { describeFault, type FaultReport } from './disk-daemon.ts';
import { runFullDisk, runFullJournal } from './disk-full.ts';
import { runSeeds } from './disk-seeds.ts';
import { CALL_FAULTS, nameOf, runFailingCalls } from './disk-strace.ts';

const PARTS = ['cut', 'full', 'strace'];
const HELP = `npm run torture disk -- [${PARTS.join('] [')}] [options]
  --seeds N     simulated machines (10000)
  --seed N      the first one's seed, and that of the requests (random)
  --workers N   threads for them (2)
  --trace       run the simulated machine of --seed alone, and print every call of it`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 30)) },
    workers: { type: 'string', default: '2' },
    trace: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const seed = Number(values.seed);

async function cut(): Promise<boolean> {
  const start = performance.now();
  const seconds = () => Math.round((performance.now() - start) / 1000);
  const { seeds, figures, problems } = await runSeeds({
    first: seed,
    count: values.trace ? 1 : Number(values.seeds),
    trace: values.trace,
    workers: Number(values.workers),
    onProgress: (done, broken) => console.log(`${seconds()} s: ${done} machines, ${broken} with broken promises`),
  });
  for (const problem of problems) console.log(`BROKEN ${problem}`);
  const { acknowledged, refused, refusedStored, powerCuts, kills, failedCalls, quarantined } = figures;
  console.log(
    `${seeds} machines from seed ${seed} on, ${seconds()} s: ${powerCuts} power cuts, ${kills} kills, ${failedCalls} failed calls; ` +
      `${acknowledged} requests acknowledged, ${refused} refused, of which ${refusedStored} are stored whole; ` +
      `${quarantined} segments with bytes set aside; ${problems.length} problems`,
  );
  return problems.length === 0;
}

async function daemon(name: string, run: (folder: string) => Promise<FaultReport>): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'otel-lake-disk-'));
  let isKept = false;
  try {
    const report = await run(folder);
    console.log(describeFault(name, report));
    isKept = report.problems.length === 0;
  } catch (error) {
    console.log(`${name}: ${error instanceof Error ? error.message : error}`);
  }
  if (isKept) rmSync(folder, { recursive: true, force: true });
  else console.log(`kept: ${folder}`);
  return isKept;
}

async function run(parts: readonly string[]): Promise<boolean> {
  const results: boolean[] = [];
  if (parts.includes('cut')) results.push(await cut());
  if (parts.includes('full')) {
    results.push(await daemon('a full disk', (folder) => runFullDisk(folder, seed)));
    results.push(await daemon('a full journal', (folder) => runFullJournal(folder, seed)));
  }
  if (parts.includes('strace')) {
    for (const fault of CALL_FAULTS) {
      results.push(await daemon(nameOf(fault), (folder) => runFailingCalls(folder, fault, seed)));
    }
  }
  return results.every(Boolean);
}

if (values.help || positionals.some((part) => !PARTS.includes(part))) console.log(HELP);
else process.exitCode = (await run(positionals.length > 0 ? positionals : values.trace ? ['cut'] : PARTS)) ? 0 : 1;
