import { type Command, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import type { ImportReport, RowFormat, StaleUpload } from '../tables/import/types.ts';
import { type ConnectionOptions, connectionOf, withConnection } from './connection.ts';
import type { CliContext } from './context.ts';
import { type CsvCommandOptions, csvOptionsOf, withCsv } from './csv-options.ts';
import { interruptible } from './interrupt.ts';
import { countOf, createOutput, showBytes } from './output.ts';
import { startProgress } from './progress.ts';
import { collect } from './row-options.ts';
import { standardInput } from './standard-input.ts';

interface Options extends ConnectionOptions, CsvCommandOptions {
  readonly to: string;
  readonly format?: RowFormat;
  readonly nullIn: readonly string[];
  readonly keepEmpty: readonly string[];
  readonly rejects?: string;
  readonly abortStale?: boolean;
}

export function addImportCommand(program: Command, context: CliContext): void {
  const command = program
    .command('import')
    .description('write rows under a fixed schema into one Parquet object, by parts, in memory that does not grow')
    .argument('<rows>', 'CSV or NDJSON: a local file, s3://bucket/key, or - for standard input; gzip and zstd too')
    .requiredOption('--to <object>', 'the Parquet object: s3://bucket/name.parquet or a local file')
    .addOption(new Option('--format <format>', 'of the rows (default: told by the name)').choices(['csv', 'ndjson']))
    .option('--null-in <column=text>', 'a text that stands for null in this column, may be repeated', collect, [])
    .option('--keep-empty <column>', 'a string column in which an empty cell is an empty text', collect, [])
    .option('--rejects <object>', 'where rows go that are left out (default: <to>.rejects.ndjson)')
    .option('--abort-stale', 'abort uploads of this object that never ended, and others of its folder after a day')
    .option('--json', 'print the report as JSON');
  withCsv(withConnection(command))
    .addHelpText(
      'after',
      `
Values are exact: decimals and integers never pass through floating point, and what does not fit its column is handled
by --on-invalid, which names row and column. An empty cell is null (of a string column that may not be null: ""). In
NDJSON an empty string stays one in string columns. On a failure and on Ctrl-C the upload is aborted.

Examples:
  otel-lake import --schema prices.toml --to s3://bucket/prices.parquet prices.csv --on-invalid skip
  zcat rows.ndjson.gz | otel-lake import --schema rows.toml --format ndjson --to s3://bucket/rows.parquet -
  otel-lake import --schema t.toml --to t.parquet t.csv --null-in price=N/A --keep-empty note --truncate`,
    )
    .action((rows: string, options: Options) => runImport(context, rows, options));
}

async function runImport(context: CliContext, rows: string, options: Options): Promise<void> {
  const { schema, format = formatOf(rows) } = options;
  if (schema === undefined)
    throw new BridgeError('config', 'no --schema was given', { hint: 'It names the columns and their types.' });
  const connection = connectionOf(context, options);
  const output = createOutput(options.json ?? false);
  const { importRows, readSchemaInput, readLocation } = await context.tables();
  const progress = startProgress(`reading ${rows}`);
  let report: ImportReport | undefined;
  try {
    await interruptible(async (signal) => {
      const source =
        rows === '-' ? { bytes: standardInput(signal), size: undefined } : await readLocation(rows, connection, signal);
      const input = {
        source: source.bytes,
        format,
        to: options.to,
        schema: await readSchemaInput(schema),
        onInvalid: options.onInvalid,
        rejects: options.rejects,
        nullTexts: options.nullText,
        columnNulls: columnNullsOf(options.nullIn),
        keepEmpty: options.keepEmpty,
        truncate: options.truncate ?? false,
        csv: csvOptionsOf(options),
        parquet: connection.config.parquet,
        connection,
        abortStale: options.abortStale ?? false,
        version: context.version,
      };
      const onProgress = (n: number, bytes: number) =>
        progress.update(`${countOf(n, 'row')}, ${showBytes(bytes)} read`, source.size && bytes / source.size);
      report = await importRows(input, { signal, onProgress, onStale: tellStale });
    });
  } finally {
    progress.done();
  }
  if (options.json) output.line(JSON.stringify(report));
  else tellReport(report!);
}

function tellReport({
  url,
  rows,
  rejected,
  nulled,
  invalid,
  rowGroups,
  bytesIn,
  bytesOut,
  seconds,
  s3Calls,
}: ImportReport): void {
  const { line } = createOutput(false);
  for (const { row, column, found, expected } of invalid) {
    line(`row ${row}${column === '' ? '' : `, column ${column}`}: found ${found}, expected ${expected}`);
  }
  const counts = `${countOf(rows, 'row')}, ${rejected} rejected, ${countOf(nulled, 'value')} made null`;
  const sizes = `${showBytes(bytesIn)} in, ${showBytes(bytesOut)} in ${countOf(rowGroups, 'row group')} out`;
  line(
    `${counts}; ${sizes}; ${(bytesIn / 1e6 / seconds).toFixed(1)} MB/s, ${seconds.toFixed(1)} s, ${countOf(s3Calls, 'S3 call')}`,
  );
  line(url);
}

/** On standard error, as warnings are. */
function tellStale(uploads: readonly StaleUpload[]): void {
  for (const { key, startedMs, isAborted } of uploads) {
    const what = isAborted ? 'aborted' : 'left open';
    process.stderr.write(
      `otel-lake: upload of ${key}, begun ${new Date(startedMs).toISOString()} and never ended: ${what}\n`,
    );
  }
}

function formatOf(rows: string): RowFormat {
  if (/\.(ndjson|jsonl|json)(\.\w+)?$/i.test(rows)) return 'ndjson';
  if (rows !== '-') return 'csv';
  throw new BridgeError('config', 'the rows come from standard input, and no --format was given');
}

function columnNullsOf(pairs: readonly string[]): Record<string, string[]> {
  const columns: Record<string, string[]> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at <= 0) throw new BridgeError('config', `--null-in "${pair}" is not written as column=text`);
    columns[pair.slice(0, at)] = [...(columns[pair.slice(0, at)] ?? []), pair.slice(at + 1)];
  }
  return columns;
}
