import { type Command, InvalidArgumentError, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import type { TableName } from '../model/signal.ts';
import { type CliContext, type LakeCommandOptions, usingLake, withLake } from './context.ts';
import type { Lake } from './lake.ts';
import { reportSummary } from './summary.ts';
import { tableOf, writeOut } from './write-out.ts';

interface ReadOptions extends LakeCommandOptions {
  readonly filter?: string;
  readonly partition?: string;
  readonly select?: string;
  readonly limit?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format?: Format;
  readonly buffered: boolean;
  readonly onError?: 'fail' | 'skip';
  readonly out?: string;
}

/** Rows of a table on a terminal where no limit is given: more would scroll away. */
const TABLE_LIMIT = 50;
const FORMATS = ['ndjson', 'json', 'csv', 'arrow', 'parquet', 'otlp-json', 'table'] as const;
type Format = (typeof FORMATS)[number];
/** Columns that fit a terminal and say most. */
const TABLE_COLUMNS: Readonly<Record<TableName, string>> = {
  traces: 'timestamp,service_name,name,kind,status_code,duration_nano,trace_id',
  logs: 'timestamp,service_name,severity_text,body,trace_id',
  metrics: 'timestamp,service_name,metric_name,type,value_double,value_int,count,sum,unit',
};

export function addReadCommand(program: Command, context: CliContext): void {
  withLake(program.command('read'))
    .argument('<table>', 'table to read: traces, logs or metrics')
    .description('read rows of the lake, those that are not in a file yet included')
    .option('-f, --filter <expression>', 'WHERE part of SQL over columns and attributes')
    .option('-p, --partition <path>', 'only this partition and those below it')
    .option('-s, --select <columns>', 'columns and attributes, separated by commas')
    .option('-n, --limit <rows>', 'stop after so many rows', wholeNumber)
    .option('--from <time>', 'rows at or after this time (ISO 8601)')
    .option('--to <time>', 'rows before this time (ISO 8601)')
    .addOption(new Option('--format <format>', 'default: table on a terminal, else ndjson').choices(FORMATS))
    .option('-o, --out <file>', 'write to this file instead of standard output')
    .option('--no-buffered', 'leave out rows that are not in a file yet')
    .addOption(
      new Option('--on-error <what>', 'a file that cannot be read ends the read, or is named and left out')
        .choices(['fail', 'skip'])
        .default('fail'),
    )
    .addHelpText(
      'after',
      `
Examples:
  otel-lake read traces --filter "service_name = 'checkout' AND duration_nano > 500000000" --limit 20
  otel-lake read traces --filter "attributes['http.route'] LIKE '/cart%'" --select trace_id,http.route --format csv
  otel-lake read logs --filter "severity_number >= 17 AND body LIKE '%timeout%'"
  otel-lake read metrics --filter "metric_name = 'http.server.request.duration'" --from 2026-11-21 --format arrow --out points.arrow`,
    )
    .action((table: string, options: ReadOptions) =>
      usingLake(context, options, (lake) => readRows(lake, table, options)),
    );
}

async function readRows(lake: Lake, table: string, options: ReadOptions): Promise<void> {
  if (options.json && options.format && options.format !== 'ndjson') {
    throw new BridgeError('config', `--json and --format ${options.format} contradict each other`, {
      hint: 'Give one of them.',
    });
  }
  const onTerminal = process.stdout.isTTY === true && !options.out;
  const format = options.json ? 'ndjson' : (options.format ?? (onTerminal ? 'table' : 'ndjson'));
  if ((format === 'arrow' || format === 'parquet') && onTerminal) {
    throw new BridgeError('config', `${format} is not for terminals`, {
      hint: 'Use --out FILE, or redirect the output.',
    });
  }
  const cancel = new AbortController();
  const interrupt = () => cancel.abort(new BridgeError('cancelled', 'interrupted'));
  process.once('SIGINT', interrupt);
  try {
    const params = readParams(table, options, format);
    const chunks = lake.read(table, params, cancel.signal);
    if (format === 'table') process.stdout.write(`${await tableOf(chunks)}\n`);
    else await writeOut(chunks, options.out, cancel.signal);
    reportSummary(chunks.summary, options.json ?? false);
  } finally {
    process.removeListener('SIGINT', interrupt);
  }
}

function readParams(table: string, options: ReadOptions, format: string): URLSearchParams {
  const params = new URLSearchParams({ format: format === 'table' ? 'ndjson' : format });
  const { filter, partition, from, to } = options;
  for (const [name, value] of Object.entries({ filter, partition, from, to })) if (value) params.set(name, value);
  const select = options.select ?? (format === 'table' ? TABLE_COLUMNS[table as TableName] : undefined);
  if (select) params.set('select', select);
  const limit = options.limit ?? (format === 'table' ? String(TABLE_LIMIT) : undefined);
  if (limit) params.set('limit', limit);
  if (!options.buffered) params.set('buffered', 'false');
  if (options.onError) params.set('on_error', options.onError);
  return params;
}

function wholeNumber(text: string): string {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is expected.');
  return text;
}
