/** Options of commands that give out rows of any schema. */
import { type Command, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import { wholeNumber } from './read-options.ts';

const FORMATS = ['ndjson', 'json', 'csv', 'arrow', 'parquet', 'table'] as const;

export interface PlainRowOptions {
  readonly filter?: string;
  readonly select?: string;
  readonly limit?: string;
  readonly format?: (typeof FORMATS)[number];
  readonly out?: string;
  readonly json?: boolean;
}

export interface PlainOutput {
  readonly format: 'ndjson' | 'json' | 'csv' | 'arrow' | 'parquet';
  readonly isTable: boolean;
  /** Where none is given: more rows would scroll away on a terminal. */
  readonly limit: number | undefined;
}

const TABLE_LIMIT = 50;

export function withRowOptions(command: Command): Command {
  return command
    .option('-f, --filter <expression>', 'WHERE part of SQL over the columns')
    .option('-s, --select <columns>', 'columns, separated by commas')
    .option('-n, --limit <rows>', 'stop after so many rows', wholeNumber)
    .addOption(new Option('--format <format>', 'default: table on a terminal, else ndjson').choices(FORMATS))
    .option('-o, --out <file>', 'write to this file instead of standard output')
    .option('--json', 'ndjson unless --format says otherwise, and the summary as JSON on standard error');
}

/** Throws `config` where options contradict each other. */
export function plainOutputOf({ json, format, out }: PlainRowOptions): PlainOutput {
  if (json && format === 'table') {
    throw new BridgeError('config', '--json and --format table contradict each other', {
      hint: 'Give one of them.',
    });
  }
  const onTerminal = process.stdout.isTTY === true && !out;
  const given = format ?? (onTerminal && !json ? 'table' : 'ndjson');
  if ((given === 'arrow' || given === 'parquet') && onTerminal) {
    throw new BridgeError('config', `${given} is not for terminals`, {
      hint: 'Use --out FILE, or redirect the output.',
    });
  }
  if (given === 'table') return { format: 'ndjson', isTable: true, limit: TABLE_LIMIT };
  return { format: given, isTable: false, limit: undefined };
}

/** For options that may be repeated. */
export function collect(value: string, before: readonly string[]): readonly string[] {
  return [...before, value];
}
