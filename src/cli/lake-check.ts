import { type Command, InvalidArgumentError } from 'commander';
import type { CheckSummary, Finding } from '../check/types.ts';
import { BridgeError } from '../errors.ts';
import { type CliContext, type CommonOptions, withConfig } from './context.ts';
import { countOf, createOutput, type Output, showBytes, showCount, type TableColumn } from './output.ts';
import { startProgress } from './progress.ts';

interface Options extends CommonOptions {
  readonly deep?: boolean;
  readonly repair?: boolean;
  readonly minAge: number;
}

/** Findings that a table shows; more are counted. With --json all are printed. */
const MAX_SHOWN = 200;

const FINDING_COLUMNS: readonly TableColumn[] = [
  { key: 'severity', title: '' },
  { key: 'kind' },
  { key: 'at' },
  { key: 'message' },
  { key: 'repaired' },
];

const LEDGER_COLUMNS: readonly TableColumn[] = [
  { key: 'table' },
  ...[
    ['received', 'received'],
    ['rejected', 'rejected'],
    ['journalled', 'journalled'],
    ['written', 'written'],
    ['inFiles', 'in files'],
    ['deleted', 'deleted'],
    ['inJournal', 'in journal'],
    ['foreign', 'foreign'],
  ].map(([key, title]): TableColumn => ({ key: key!, title: title!, align: 'right', show: showCount })),
];

export function addLakeCommand(program: Command, context: CliContext): void {
  const lake = program.command('lake').description('look after the lake as a whole');

  withConfig(lake.command('check'))
    .description('reconcile commit records, files and journal, to the row; exits 1 where something does not add up')
    .option('--deep', 'read every byte: checksums, and every page decoded')
    .option('--repair', 'mend what can be mended; nothing is deleted, see below')
    .option('--min-age <seconds>', 'leave alone what is younger and may be under way', wholeNumber, 3600)
    .option('--json', 'print one JSON object a line: the findings, and last the summary')
    .addHelpText(
      'after',
      `
Works on the store itself, with a running bridge or without one. In the ledger, received = rejected + journalled,
journalled = written, and written = in files + deleted.

--repair writes the record of a commit whose segment is gone and whose files are whole, and moves files that belong to
no commit to _lake/quarantine/, each beside a text that says why. Everything else is only reported.

Examples:
  otel-lake lake check
  otel-lake lake check --deep --json --config config/s3-parquet.toml`,
    )
    .action((options: Options) => runCheck(context, options));
}

async function runCheck(context: CliContext, options: Options): Promise<void> {
  const json = options.json ?? false;
  const output = createOutput(json);
  const cancel = new AbortController();
  const interrupt = () => cancel.abort(new BridgeError('cancelled', 'interrupted'));
  process.once('SIGINT', interrupt);
  const progress = startProgress('checking');
  const shown: Finding[] = [];
  let summary: CheckSummary;
  try {
    summary = await context.checkLake(
      context.loadConfig(options.config),
      { deep: options.deep ?? false, repair: options.repair ?? false, minAgeMs: options.minAge * 1000 },
      {
        signal: cancel.signal,
        onProgress: (objects, commits) =>
          progress.update(`${showCount(objects)} files, ${showCount(commits)} commits checked`),
        onFinding(finding) {
          if (json) output.records([{ type: 'finding', ...finding }], []);
          else if (shown.length < MAX_SHOWN) shown.push(finding);
        },
      },
    );
  } finally {
    progress.done();
    process.removeListener('SIGINT', interrupt);
  }
  if (json) output.records([{ type: 'summary', ...summary }], []);
  else print(output, summary, shown);
  const left = summary.problems - summary.repaired;
  if (left > 0) throw new BridgeError('unprocessable', `${countOf(left, 'problem')} in ${summary.lake}`);
}

function print(output: Output, summary: CheckSummary, shown: readonly Finding[]): void {
  const { lake, commits, objects, bytes, segments, problems, notes, repaired } = summary;
  if (shown.length > 0) output.records(shown, FINDING_COLUMNS);
  const rest = problems + notes - shown.length;
  if (rest > 0) output.line(`and ${showCount(rest)} more; --json prints them all`);
  output.records(summary.tables, LEDGER_COLUMNS);
  for (const { table, rejectedBy } of summary.tables) {
    const reasons = Object.entries(rejectedBy).map(([reason, rows]) => `${reason} ${showCount(rows)}`);
    if (reasons.length > 0) output.line(`rejected in ${table} by reason: ${reasons.join(', ')}`);
  }
  const what = `${countOf(commits, 'commit')}, ${countOf(objects, 'file')}, ${showBytes(bytes)}`;
  const found =
    problems === 0 ? 'everything adds up' : `${countOf(problems, 'problem')}, ${showCount(repaired)} repaired`;
  output.line(`${lake}: ${what}, ${countOf(segments, 'segment')} in the journal: ${found}.`);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is expected.');
  return Number(text);
}
