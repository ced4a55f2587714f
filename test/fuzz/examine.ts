/** One case through the bridge and, where asked for, before the oracle. */
import type { OracleAnswer, OracleCase } from '../oracle/oracle.ts';
import type { FuzzCase } from './cases.ts';
import { type Agreement, compare, compareTranscoding, compareWithReference, type Difference } from './rules.ts';
import { Broken, type Outcome, type Subject } from './subject.ts';

export interface Finding {
  readonly kind: 'crash' | 'disagreement';
  readonly caseNumber: number;
  readonly text: string;
}

export interface Examination {
  readonly fuzzCase: FuzzCase;
  readonly outcome: Outcome | undefined;
  readonly finding: Finding | undefined;
  readonly questions: readonly OracleCase[];
  /** What the answers to the questions say: the rules that were needed, and what no rule explains. */
  judge(answers: readonly OracleAnswer[]): { readonly rules: string[]; readonly finding: Finding | undefined };
}

export interface Extent {
  readonly oracle: boolean;
  readonly roundTrip: boolean;
}

export function examine(subject: Subject, fuzzCase: FuzzCase, extent: Extent): Examination {
  const { number, signal, contentType, plain } = fuzzCase;
  let outcome: Outcome | undefined;
  let back: Uint8Array | undefined;
  try {
    outcome = subject.take(fuzzCase);
    if (extent.roundTrip && outcome.result) back = subject.roundTrip(signal, outcome.protobuf!, outcome.result);
  } catch (thrown) {
    if (!(thrown instanceof Broken)) throw thrown;
    const finding: Finding = { kind: 'crash', caseNumber: number, text: thrown.message };
    return { fuzzCase, outcome, finding, questions: [], judge: () => ({ rules: [], finding: undefined }) };
  }
  const questions: OracleCase[] = [];
  if (extent.oracle && plain) {
    questions.push({ signal, contentType, body: plain });
    if (outcome.protobuf && contentType === 'json') {
      questions.push({ signal, contentType: 'protobuf', body: outcome.protobuf });
    }
    if (back) questions.push({ signal, contentType: 'protobuf', body: back });
  }
  const known = outcome;
  return {
    fuzzCase,
    outcome,
    finding: undefined,
    questions,
    judge: (answers) => judge(fuzzCase, known, answers, back !== undefined),
  };
}

function judge(fuzzCase: FuzzCase, outcome: Outcome, answers: readonly OracleAnswer[], hasBack: boolean) {
  const rules: string[] = [];
  const problems: string[] = [];
  const [asked] = answers;
  if (asked === undefined) return { rules, finding: undefined };
  const { pdata, reference } = asked;
  const difference: Difference = { fuzzCase, plain: fuzzCase.plain!, outcome, pdata, reference };

  function note(agreement: Agreement, problem: string): void {
    if (agreement.agrees) return;
    if (agreement.rule) rules.push(agreement.rule);
    else problems.push(problem);
  }

  note(compare(difference), 'bridge and pdata differ');
  note(compareWithReference(difference), 'bridge and reference differ');
  const transcoded = fuzzCase.contentType === 'json' ? answers[1] : asked;
  if (fuzzCase.contentType === 'json' && transcoded) {
    if (pdata.accepted) {
      const isEqual = transcoded.canonical === asked.canonical;
      note(compareTranscoding(difference, isEqual), 'pdata reads the JSON and its transcoding as different requests');
    }
    if (!transcoded.reference.accepted) problems.push(`transcoded to bad protobuf: ${transcoded.reference.error}`);
  }
  if (hasBack && transcoded && mustComeBack(outcome, transcoded)) {
    const back = answers.at(-1)!;
    if (!back.reference.accepted) problems.push(`rows became bad protobuf: ${back.reference.error}`);
    else if (back.content !== transcoded.content) problems.push('rows became a request of another content');
  }
  if (problems.length === 0) return { rules, finding: undefined };
  const said = `${problems.join('; ')}\n${describe(outcome, asked)}`;
  return { rules, finding: { kind: 'disagreement', caseNumber: fuzzCase.number, text: said } as const };
}

/** Rows keep all of a request, but for rows refused alone, keys that are there twice and fields of profiles. */
function mustComeBack({ result }: Outcome, asked: OracleAnswer): boolean {
  const isExact = asked.reference.accepted && !asked.mended && !asked.usesProfiles;
  return isExact && result!.rejected === 0 && result!.duplicateKeys === 0;
}

export function describe({ result, error }: Outcome, { pdata, reference }: OracleAnswer): string {
  const bridge = result
    ? `accepts ${result.accepted}, refuses ${result.rejected} (${result.reason ?? 'none'}), ${result.duplicateKeys} keys twice`
    : `refuses: ${error}`;
  const words = ({ accepted, rows, error: why }: OracleAnswer['pdata']) =>
    accepted ? `accepts ${rows}` : `refuses: ${why || '-'}`;
  return `  bridge    ${bridge}\n  pdata     ${words(pdata)}\n  reference ${words(reference)}`;
}
