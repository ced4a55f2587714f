/**
 * Fuzzing of the decoders: `npm run fuzz -- --time 600 [--seed N] [--workers 2]`, and `--seed N --case M` to see one case
 * again. Every input is a captured request that was changed in some places (mutate.ts). It must be taken or refused in
 * the ways that subject.ts promises, and the oracle (test/oracle) must say the same but for the rules of rules.ts.
 * Exits 1 where anything is found.
 */
import { randomInt } from 'node:crypto';
import { parseArgs } from 'node:util';
import { Worker } from 'node:worker_threads';
import { buildOracle } from '../oracle/oracle.ts';
import { replay } from './replay.ts';
import { type Counts, SHARED, type WorkerMessage, type WorkerOptions } from './worker.ts';

const HELP = `npm run fuzz -- [options]
  --time SECONDS      how long to run (60)
  --inputs N          stop after so many inputs
  --seed N            seed of all inputs (random)
  --case N            show this case of the seed instead of running
  --first N           first case (0)
  --workers N         threads (1)
  --oracle-one-in N   share of the inputs put before the oracle (4); 0: none, needs no Go
  --roundtrip-one-in N  share of the inputs that go through rows and back (16)`;

/** A case that takes so long has hung. */
const HANG_MS = 30_000;
const REPORT_MS = 10_000;
const MAX_SHOWN_OF_A_KIND = 3;
const MAX_KINDS = 60;

const { values } = parseArgs({
  options: {
    time: { type: 'string', default: '60' },
    inputs: { type: 'string', default: 'Infinity' },
    seed: { type: 'string', default: String(randomInt(1, 2 ** 31)) },
    case: { type: 'string' },
    first: { type: 'string', default: '0' },
    workers: { type: 'string', default: '1' },
    'oracle-one-in': { type: 'string', default: '4' },
    'roundtrip-one-in': { type: 'string', default: '16' },
    help: { type: 'boolean', default: false },
  },
});

interface Summary {
  readonly counts: Record<keyof Counts, number>;
  readonly rules: Map<string, number>;
  /** How many of each kind. */
  readonly findings: Map<string, number>;
}

async function run(seed: number): Promise<boolean> {
  const workers = Number(values.workers);
  const oracleOneIn = Number(values['oracle-one-in']);
  const oracleBinary = oracleOneIn > 0 ? buildOracle() : undefined;
  const shared = new Int32Array(new SharedArrayBuffer(4 * (SHARED.current + workers)));
  shared[SHARED.nextChunk] = Math.floor(Number(values.first) / 256);
  const summary: Summary = {
    counts: { inputs: 0, accepted: 0, refused: 0, asked: 0, roundTrips: 0, rows: 0 },
    rules: new Map(),
    findings: new Map(),
  };
  const start = performance.now();
  const seconds = () => (performance.now() - start) / 1000;
  console.log(
    `seed ${seed}, ${workers} workers, ${oracleBinary ? `the oracle sees one in ${oracleOneIn}` : 'no oracle'}`,
  );

  const threads = Array.from({ length: workers }, (_, i) => {
    const place = SHARED.current + i;
    const roundTripOneIn = Number(values['roundtrip-one-in']);
    const workerData: WorkerOptions = {
      seed,
      oracleBinary,
      oracleOneIn: oracleOneIn || 1,
      roundTripOneIn,
      shared,
      place,
    };
    return startWorker(workerData, (message) => {
      note(summary, message, seed);
      if (summary.counts.inputs >= Number(values.inputs)) Atomics.store(shared, SHARED.stop, 1);
    });
  });
  const limit = setTimeout(() => Atomics.store(shared, SHARED.stop, 1), Number(values.time) * 1000);
  const report = setInterval(() => console.log(line(summary, seconds())), REPORT_MS);
  const watch = watchForHang(shared, (caseNumber) => {
    console.log(`CRASH --seed ${seed} --case ${caseNumber}: no end after ${HANG_MS} ms`);
    process.exit(1);
  });
  await Promise.all(threads);
  clearTimeout(limit);
  clearInterval(report);
  clearInterval(watch);
  print(summary, seed, seconds());
  return summary.findings.size === 0;
}

function startWorker(workerData: WorkerOptions, onMessage: (message: WorkerMessage) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(new URL('worker.ts', import.meta.url), { workerData });
    worker.on('message', onMessage);
    worker.once('error', reject);
    worker.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`a worker ended with ${code}`))));
  });
}

/** Calls back with the case that a worker still has in hand after HANG_MS. */
function watchForHang(shared: Int32Array, onHang: (caseNumber: number) => void): NodeJS.Timeout {
  let seen: number[] = [];
  return setInterval(() => {
    const current = [...shared.subarray(SHARED.current)];
    const hung = current.find((caseNumber, i) => caseNumber !== 0 && seen[i] === caseNumber);
    if (hung !== undefined) onHang(hung);
    seen = current;
  }, HANG_MS);
}

/** Counts what a worker tells, and prints the first findings of a kind at once. */
function note({ counts, rules, findings }: Summary, message: WorkerMessage, seed: number): void {
  if (message.type === 'progress') {
    for (const name of Object.keys(counts) as (keyof Counts)[]) counts[name] += message.counts[name];
    for (const [rule, times] of Object.entries(message.rules)) rules.set(rule, (rules.get(rule) ?? 0) + times);
    return;
  }
  const { kind, caseNumber, text } = message.finding;
  const name = `${kind} ${kindOf(text)}`;
  const times = (findings.get(name) ?? 0) + 1;
  if (times === 1 && findings.size >= MAX_KINDS) return;
  findings.set(name, times);
  if (times <= MAX_SHOWN_OF_A_KIND)
    console.log(`\n${kind.toUpperCase()} --seed ${seed} --case ${caseNumber}\n${text}\n`);
}

/** Findings whose texts differ in numbers and quoted parts only are of one kind. */
function kindOf(text: string): string {
  return text
    .replace(/error found in #\d+ byte of[\s\S]*/, '')
    .replace(/[\w.]*\[\d+\][\w.[\]]*/g, 'PATH')
    .replace(/\d+/g, 'N')
    .slice(0, 400);
}

function line({ counts, findings }: Summary, seconds: number): string {
  const { inputs, accepted, refused, asked, roundTrips } = counts;
  const rate = Math.round(inputs / seconds);
  const kinds = (kind: string) =>
    [...findings].filter(([name]) => name.startsWith(kind)).reduce((sum, [, times]) => sum + times, 0);
  const found = `${kinds('crash')} crashes, ${kinds('disagreement')} disagreements`;
  return `${Math.round(seconds)} s: ${inputs} inputs (${rate}/s), ${accepted} accepted, ${refused} refused, ${asked} before the oracle, ${roundTrips} round trips; ${found}`;
}

function print(summary: Summary, seed: number, seconds: number): void {
  for (const [name, times] of summary.findings) console.log(`\n${times} times: ${name}`);
  console.log('\njustified differences (rules.ts):');
  for (const [rule, times] of [...summary.rules].sort(([a], [b]) => (a < b ? -1 : 1)))
    console.log(`  ${times}  ${rule}`);
  console.log(`seed ${seed}\n${line(summary, seconds)}`);
}

if (values.help) console.log(HELP);
else if (values.case !== undefined) await replay(Number(values.seed), Number(values.case));
else process.exitCode = (await run(Number(values.seed))) ? 0 : 1;
