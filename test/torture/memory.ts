/**
 * `npm run torture memory`: whatever comes in, the whole process stays within `limits.memory_bytes` and a fifth more,
 * `/healthz` answers within 100 ms, good requests are accepted afterwards, and all that was accepted is in the lake.
 * Needs MinIO (test/support/minio.ts).
 */
import { parseArgs } from 'node:util';
import { describeMachine } from '../../bench/support.ts';
import { PHASES } from './memory-phases.ts';
import { type PhaseResult, runMemory } from './memory-run.ts';

const HELP = `npm run torture memory -- [options]
  --seconds N     seconds a phase (20)
  --budget-mb N   limits.memory_bytes in MiB (512)
  --threads N     lanes, encoders and readers, each so many (as the machine has cores)
  --phase NAME    only this phase; may be given several times: ${PHASES.map(({ name }) => name).join(', ')}`;

const MAX_HEALTH_MS = 100;

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '20' },
    'budget-mb': { type: 'string', default: '512' },
    threads: { type: 'string' },
    phase: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
  },
});

async function run(): Promise<boolean> {
  const budgetMb = Number(values['budget-mb']);
  console.log(describeMachine());
  console.log(`budget ${budgetMb} MiB, ${values.seconds} s a phase`);
  console.log(
    row('phase', 'peak MiB', 'end MiB', 'healthz p99/max ms', 'own delay p99/max ms', 'good after ms', 'answers'),
  );
  const { accepted, unknown, inLake, broken } = await runMemory({
    seconds: Number(values.seconds),
    budgetMb,
    threads: values.threads === undefined ? undefined : Number(values.threads),
    phases: values.phase,
    maxHealthMs: MAX_HEALTH_MS,
    onPhase: (result) => console.log(line(result)),
  });
  console.log(`rows: ${accepted} accepted, ${inLake} in the lake, up to ${unknown} without an answer`);
  for (const text of broken) console.log(`BROKEN ${text}`);
  return broken.length === 0;
}

function line(result: PhaseResult): string {
  const mib = (bytes: number) => String(Math.round(bytes / 2 ** 20));
  const pair = (p99: number, max: number) => `${Math.round(p99)} / ${Math.round(max)}`;
  return row(
    result.phase,
    mib(result.peakBytes),
    mib(result.endBytes),
    pair(result.healthP99Ms, result.healthMaxMs),
    pair(result.lagP99Ms, result.lagMaxMs),
    result.goodAfterMs === undefined ? 'never' : String(Math.round(result.goodAfterMs)),
    result.answers,
  );
}

function row(...cells: readonly string[]): string {
  const widths = [20, 9, 8, 19, 21, 14];
  return cells.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join(' ');
}

if (values.help) console.log(HELP);
else process.exitCode = (await run()) ? 0 : 1;
