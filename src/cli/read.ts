import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import type { TableName } from '../model/signal.ts';
import { isErrno } from '../platform/files.ts';
import { type CliContext, type LakeCommandOptions, usingLake, withLake } from './context.ts';
import type { Lake } from './lake.ts';
import { formatTable, showBytes, showCount, showValue, startProgress } from './output.ts';

interface ReadOptions extends LakeCommandOptions {
  readonly filter?: string;
  readonly partition?: string;
  readonly select?: string;
  readonly limit?: string;
  readonly from?: string;
  readonly to?: string;
  readonly format?: 'ndjson' | 'csv' | 'arrow' | 'table';
  readonly buffered: boolean;
  readonly out?: string;
}

/** Rows of a table on a terminal where no limit is given: more would scroll away. */
const TABLE_LIMIT = 50;
const CELL_WIDTH = 40;
const FILE_ERRORS = ['ENOENT', 'EACCES', 'EISDIR', 'ENOSPC', 'EROFS', 'ENOTDIR', 'EPERM', 'EIO'];
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
    .addOption(
      new Option('--format <format>', 'default: table on a terminal, else ndjson').choices([
        'ndjson',
        'csv',
        'arrow',
        'table',
      ]),
    )
    .option('-o, --out <file>', 'write to this file instead of standard output')
    .option('--no-buffered', 'leave out rows that are not in a file yet')
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
  if (format === 'arrow' && onTerminal) {
    throw new BridgeError('config', 'Arrow is not for terminals', { hint: 'Use --out FILE, or redirect the output.' });
  }
  const cancel = new AbortController();
  const interrupt = () => cancel.abort(new BridgeError('cancelled', 'interrupted'));
  process.once('SIGINT', interrupt);
  try {
    const params = readParams(table, options, format);
    const chunks = lake.read(table, params, cancel.signal);
    if (format === 'table') process.stdout.write(`${await tableOf(chunks)}\n`);
    else await copy(chunks, options.out, cancel.signal);
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
  return params;
}

/** Copies to a file or standard output with backpressure; a reader that goes away (`| head`) ends it quietly. */
async function copy(chunks: AsyncIterable<Uint8Array>, file: string | undefined, signal: AbortSignal): Promise<void> {
  const progress = startProgress('reading');
  let bytes = 0;
  async function* counted() {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (file) progress.update(`${showBytes(bytes)} read`);
      yield chunk;
    }
  }
  try {
    if (file) await pipeline(counted, createWriteStream(file), { signal });
    else await pipeline(counted, process.stdout, { signal, end: false });
  } catch (error) {
    signal.throwIfAborted();
    if (isErrno(error, 'EPIPE')) return;
    if (!file || error instanceof BridgeError || !isErrno(error, ...FILE_ERRORS)) throw error;
    throw new BridgeError('permission_denied', `${file} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    progress.done();
  }
}

async function tableOf(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  const rows = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  if (rows.length === 0) return 'No rows.';
  const show = (value: unknown) => {
    const cell = showValue(value).replace(/\s+/g, ' ');
    return cell.length > CELL_WIDTH ? `${cell.slice(0, CELL_WIDTH - 1)}…` : cell;
  };
  const columns = Object.keys(rows[0]!).map((key) => ({ key, show }));
  return `${formatTable(rows, columns)}\n${showCount(rows.length)} rows`;
}

function wholeNumber(text: string): string {
  if (!/^\d+$/.test(text)) throw new InvalidArgumentError('a whole number is expected.');
  return text;
}
