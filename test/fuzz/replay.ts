/** One case again, with all that is known about it. */
import { SIGNAL_LIST } from '../../src/model/signal.ts';
import { buildOracle, startOracle } from '../oracle/oracle.ts';
import { makeCase } from './cases.ts';
import { loadCorpus } from './corpus.ts';
import { describe, examine } from './examine.ts';
import { createSubject } from './subject.ts';

const MAX_SHOWN_BYTES = 6000;

export async function replay(seed: number, caseNumber: number): Promise<void> {
  const corpus = loadCorpus(SIGNAL_LIST.map(({ name }) => name));
  const fuzzCase = makeCase(corpus, seed, caseNumber);
  const { signal, contentType, contentEncoding, body, origin, steps } = fuzzCase;
  console.log(`${signal}, ${contentType}, ${contentEncoding}, ${body.length} bytes, from ${origin}`);
  for (const step of steps) console.log(`  ${step}`);
  const shown = Buffer.from((fuzzCase.plain ?? body).subarray(0, MAX_SHOWN_BYTES));
  console.log(contentType === 'json' ? shown.toString() : shown.toString('base64'));

  const examination = examine(createSubject(), fuzzCase, { oracle: true, roundTrip: true });
  if (examination.finding) console.log(`CRASH ${examination.finding.text}`);
  const oracle = startOracle(buildOracle());
  const answers = await oracle.ask(examination.questions);
  await oracle.close();
  if (answers[0] && examination.outcome) console.log(describe(examination.outcome, answers[0]));
  const { rules, finding } = examination.judge(answers);
  for (const rule of rules) console.log(`justified by the rule "${rule}"`);
  if (finding) console.log(`DISAGREEMENT ${finding.text}`);
  process.exitCode = examination.finding || finding ? 1 : 0;
}
