/** A thread that takes chunks of case numbers until it is told to stop, and tells what it finds. */
import { parentPort, workerData } from 'node:worker_threads';
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { startOracle } from '../oracle/oracle.ts';
import { makeCase } from './cases.ts';
import { loadCorpus } from './corpus.ts';
import { type Examination, examine, type Finding } from './examine.ts';
import { createSubject } from './subject.ts';

export interface WorkerOptions {
  readonly seed: number;
  readonly oracleBinary: string | undefined;
  /** One case in so many is put before the oracle, one in so many makes the way through rows and back. */
  readonly oracleOneIn: number;
  readonly roundTripOneIn: number;
  /** See SHARED. */
  readonly shared: Int32Array;
  /** Place of this worker's current case. */
  readonly place: number;
}

/** Places in the shared memory; from CURRENT on, the number of the case that each worker has in hand. */
export const SHARED = { nextChunk: 0, stop: 1, current: 2 } as const;

export type WorkerMessage =
  | { readonly type: 'progress'; readonly counts: Counts; readonly rules: Readonly<Record<string, number>> }
  | { readonly type: 'finding'; readonly finding: Finding };

export interface Counts {
  readonly inputs: number;
  readonly accepted: number;
  readonly refused: number;
  readonly asked: number;
  readonly roundTrips: number;
  readonly rows: number;
}

const CHUNK = 256;
/** Far over what the corpus, the builders and the garbage of a chunk need. */
const MAX_RSS_BYTES = 1200 << 20;

async function run(options: WorkerOptions): Promise<void> {
  const { seed, oracleBinary, shared, place } = options;
  const corpus = loadCorpus(SIGNAL_LIST.map(({ name }) => name));
  const subject = createSubject();
  const oracle = oracleBinary === undefined ? undefined : startOracle(oracleBinary);
  let judged: Promise<void> = Promise.resolve();

  async function askAll(examinations: readonly Examination[]): Promise<void> {
    const rules: Record<string, number> = {};
    const answers = await oracle!.ask(examinations.flatMap(({ questions }) => questions));
    let at = 0;
    for (const examination of examinations) {
      const verdict = examination.judge(answers.slice(at, at + examination.questions.length));
      at += examination.questions.length;
      for (const rule of verdict.rules) rules[rule] = (rules[rule] ?? 0) + 1;
      if (verdict.finding) post({ type: 'finding', finding: verdict.finding });
    }
    post({ type: 'progress', counts: countsOf([]), rules });
  }

  while (Atomics.load(shared, SHARED.stop) === 0) {
    const first = Atomics.add(shared, SHARED.nextChunk, 1) * CHUNK;
    const examinations: Examination[] = [];
    for (let number = first; number < first + CHUNK; number++) {
      Atomics.store(shared, place, number);
      const extent = {
        oracle: oracle !== undefined && number % options.oracleOneIn === 0,
        roundTrip: number % options.roundTripOneIn === 0,
      };
      const examination = examine(subject, makeCase(corpus, seed, number), extent);
      if (examination.finding) post({ type: 'finding', finding: examination.finding });
      examinations.push(examination);
    }
    post({ type: 'progress', counts: countsOf(examinations, options.roundTripOneIn), rules: {} });
    if (process.memoryUsage.rss() > MAX_RSS_BYTES) {
      const text = `memory has grown to ${process.memoryUsage.rss() >> 20} MiB`;
      post({ type: 'finding', finding: { kind: 'crash', caseNumber: first, text } });
    }
    await judged; // at most one batch is before the oracle while the next one is made
    judged = oracle ? askAll(examinations.filter(({ questions }) => questions.length > 0)) : Promise.resolve();
  }
  await judged;
  await oracle?.close();
}

function countsOf(examinations: readonly Examination[], roundTripOneIn = 1): Counts {
  const accepted = examinations.filter(({ outcome }) => outcome?.result);
  return {
    inputs: examinations.length,
    accepted: accepted.length,
    refused: examinations.length - accepted.length,
    asked: examinations.filter(({ questions }) => questions.length > 0).length,
    roundTrips: accepted.filter(({ fuzzCase }) => fuzzCase.number % roundTripOneIn === 0).length,
    rows: accepted.reduce((sum, { outcome }) => sum + outcome!.result!.accepted, 0),
  };
}

function post(message: WorkerMessage): void {
  parentPort!.postMessage(message);
}

if (parentPort) await run(workerData as WorkerOptions);
