/** The options of `read`, and the parameters of the HTTP interface they become. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import type { TableName } from '../model/signal.ts';
import type { LakeCommandOptions } from './context.ts';

export interface ReadOptions extends LakeCommandOptions {
  readonly filter?: string;
  readonly partition?: string;
  readonly select?: string;
  readonly limit?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format?: ReadOutput;
  readonly buffered: boolean;
  readonly onError?: 'fail' | 'skip';
  readonly out?: string;
  readonly after?: string;
  readonly cursorFile?: string;
  readonly follow?: boolean;
  readonly explain?: boolean;
  readonly interval: number;
}

/** Rows of a table on a terminal where no limit is given: more would scroll away. */
const TABLE_LIMIT = 50;
const OUTPUTS = ['ndjson', 'json', 'csv', 'arrow', 'parquet', 'otlp-json', 'table'] as const;
export type ReadOutput = (typeof OUTPUTS)[number];

/** Columns that fit a terminal and say most. */
const TABLE_COLUMNS: Readonly<Record<TableName, string>> = {
  traces: 'timestamp,service_name,name,kind,status_code,duration_nano,trace_id',
  logs: 'timestamp,service_name,severity_text,body,trace_id',
  metrics: 'timestamp,service_name,metric_name,type,value_double,value_int,count,sum,unit',
};

export function withReadOptions(command: Command): Command {
  return command
    .option('-f, --filter <expression>', 'WHERE part of SQL over columns and attributes')
    .option('-p, --partition <path>', 'only this partition and those below it')
    .option('-s, --select <columns>', 'columns and attributes, separated by commas')
    .option('-n, --limit <rows>', 'stop after so many rows', wholeNumber)
    .option('--from <time>', 'rows at or after this time (ISO 8601)')
    .option('--to <time>', 'rows before this time (ISO 8601)')
    .addOption(new Option('--format <format>', 'default: table on a terminal, else ndjson').choices(OUTPUTS))
    .option('-o, --out <file>', 'write to this file instead of standard output')
    .option('--no-buffered', 'leave out rows that are not in a file yet')
    .addOption(
      new Option('--on-error <what>', 'a file that cannot be read ends the read, or is named and left out')
        .choices(['fail', 'skip'])
        .default('fail'),
    )
    .option('--explain', 'what would be read and what is left out, and why, in place of the rows')
    .option('--after <cursor>', 'rows committed since this cursor of an earlier read, "begin" or "now"')
    .option('--cursor-file <file>', 'take the cursor from this file where it is there, and keep the next one in it')
    .option('--follow', 'go on with what is committed from now on, until Ctrl-C')
    .option('--interval <seconds>', 'with --follow: wait so long before asking again', seconds, 5);
}

/** Throws `config` where options contradict each other. */
export function outputOf(options: ReadOptions): ReadOutput {
  if (options.json && options.format === 'table') {
    throw contradiction('--json and --format table contradict each other', 'Give one of them.');
  }
  if (options.follow && options.format && options.format !== 'ndjson') {
    throw contradiction(`--follow gives ndjson, not ${options.format}`, 'Leave --format out.');
  }
  if (options.explain && (options.follow || options.after || options.cursorFile)) {
    throw contradiction('--explain does not go with --follow, --after and --cursor-file', 'Explain the filter alone.');
  }
  const onTerminal = process.stdout.isTTY === true && !options.out;
  const given = options.format ?? (options.json || options.follow ? 'ndjson' : undefined);
  const output = given ?? (onTerminal ? 'table' : 'ndjson');
  if ((output === 'arrow' || output === 'parquet') && onTerminal) {
    throw contradiction(`${output} is not for terminals`, 'Use --out FILE, or redirect the output.');
  }
  return output;
}

function contradiction(message: string, hint: string): BridgeError {
  return new BridgeError('config', message, { hint });
}

export function readParams(table: string, options: ReadOptions, output: ReadOutput): URLSearchParams {
  const isTable = output === 'table';
  const params = new URLSearchParams({ format: isTable ? 'ndjson' : output });
  const { filter, partition, from, to } = options;
  for (const [name, value] of Object.entries({ filter, partition, from, to })) if (value) params.set(name, value);
  const select = options.select ?? (isTable ? TABLE_COLUMNS[table as TableName] : undefined);
  if (select) params.set('select', select);
  const limit = options.limit ?? (isTable ? String(TABLE_LIMIT) : undefined);
  if (limit && !options.follow) params.set('limit', limit);
  if (!options.buffered) params.set('buffered', 'false');
  if (options.onError) params.set('on_error', options.onError);
  return params;
}

export function wholeNumber(text: string): string {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is expected.');
  return text;
}

function seconds(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0 || value > 86_400) {
    throw new InvalidArgumentError('a number of seconds up to 86400 is expected.');
  }
  return value;
}
