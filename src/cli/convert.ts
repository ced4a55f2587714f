import { readFile, writeFile } from 'node:fs/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import type { AvroCodec } from '../tables/avro/codecs.ts';
import type { ConvertProgress, ConvertReport, FileReport } from '../tables/convert/types.ts';
import type { TableFormat } from '../tables/output.ts';
import { type ConnectionOptions, connectionOf, withConnection } from './connection.ts';
import type { CliContext } from './context.ts';
import { type CsvCommandOptions, csvOptionsOf, positive, textRulesOf, withCsv } from './csv-options.ts';
import { interruptible } from './interrupt.ts';
import { countOf, createOutput, showBytes, showCount, type TableColumn } from './output.ts';
import { startProgress } from './progress.ts';

interface Options extends ConnectionOptions, CsvCommandOptions {
  readonly to: string;
  readonly formats: readonly TableFormat[];
  readonly list?: string;
  readonly manifest?: string;
  readonly filesIn?: string;
  readonly avroCodec: AvroCodec;
  readonly avroNamespace?: string;
  readonly maxWorkers?: number;
  readonly force?: boolean;
  readonly report?: string;
}

export function addConvertCommand(program: Command, context: CliContext): void {
  const command = program
    .command('convert')
    .description('make Parquet and Avro files of CSV files: each is read once, several at the same time')
    .argument('[sources...]', 'files, folders (with / at their end) or globs: s3://bucket/key or local paths')
    .requiredOption('--to <folder>', 'where the files go: s3://bucket/prefix/ or a local folder')
    .option('--formats <formats>', 'parquet, avro or both, with a comma between', formats, ['parquet'])
    .option('--list <file>', 'a local file with one source a line')
    .option(
      '--manifest <location>',
      'the CSV files that a manifest lists (as S3 Inventory writes it), in a bucket or local',
    )
    .option('--files-in <location>', "where the manifest's files are, instead of its destination bucket")
    .addOption(
      new Option('--avro-codec <codec>', 'compression of Avro files')
        .choices(['deflate', 'snappy', 'zstandard', 'null'])
        .default('deflate'),
    )
    .option('--avro-namespace <name>', 'namespace of the Avro schema')
    .option('--max-workers <threads>', 'files at the same time (default: one for each processor)', positive)
    .option('--force', 'convert also what is up to date')
    .option('--report <file>', 'write the report as JSON to this local file')
    .option('--json', 'print the report as JSON instead of tables');
  withCsv(withConnection(command))
    .addHelpText(
      'after',
      `
Compression (gzip, zstd), encoding, delimiter, quotes and header are told by each file's first bytes; types are
inferred from its first rows and then held. What does not fit is handled by --on-invalid; rows that are left out are
kept in <name>.rejects.ndjson beside the output. An output is up to date where it was made with these options of a
source with this etag: a run that was broken off goes on where it is started again. Exits 1 where a file has failed.

Examples:
  otel-lake convert s3://in/exports/ --to s3://out/tables/ --formats parquet,avro --max-workers 4
  otel-lake convert 'data/**/*.csv.gz' --to s3://out/tables/ --schema schema.toml --on-invalid skip
  otel-lake convert --manifest s3://in/exports/manifest.json --to s3://out/tables/
  otel-lake convert --list files.txt --to out/ --formats avro --avro-codec zstandard --report report.json`,
    )
    .action((sources: string[], options: Options) => runConvert(context, sources, options));
}

async function runConvert(context: CliContext, sources: readonly string[], options: Options): Promise<void> {
  const listed = options.list === undefined ? [] : await readList(options.list);
  if (sources.length + listed.length === 0 && options.manifest === undefined) {
    throw new BridgeError('config', 'nothing to convert was named', {
      hint: 'Name files, folders or globs, --list a file of them, or a --manifest.',
    });
  }
  if (options.filesIn !== undefined && options.manifest === undefined) {
    throw new BridgeError('config', '--files-in is given without --manifest', {
      hint: "It says where a manifest's files are.",
    });
  }
  const connection = connectionOf(context, options);
  const progress = startProgress('listing');
  let report: ConvertReport | undefined;
  try {
    await interruptible(async (signal) => {
      const { convert, convertOptions, readSchemaInput } = await context.tables();
      const input = {
        version: context.version,
        sources: [...sources, ...listed],
        manifest: options.manifest === undefined ? undefined : { location: options.manifest, filesIn: options.filesIn },
        to: options.to,
        formats: options.formats,
        connection,
        maxWorkers: options.maxWorkers,
        force: options.force,
        csv: csvOptionsOf(options),
        schema: options.schema === undefined ? undefined : await readSchemaInput(options.schema),
        onInvalid: options.onInvalid,
        text: textRulesOf(options),
        truncate: options.truncate,
        avro: { codec: options.avroCodec, namespace: options.avroNamespace },
      };
      const startMs = performance.now();
      const onProgress = (figures: ConvertProgress) =>
        progress.update(liveText(figures, performance.now() - startMs), figures.bytesIn / figures.bytesTotal);
      report = await convert(convertOptions(input, connection.config), { signal, onProgress });
    });
  } finally {
    progress.done();
  }
  await tellReport(report!, options);
}

function liveText(figures: ConvertProgress, ms: number): string {
  const { files, filesDone, filesFailed, rows, bytesIn, bytesTotal, s3Calls } = figures;
  const failed = filesFailed > 0 ? `, ${filesFailed} failed` : '';
  const rate = `${(bytesIn / 1e3 / Math.max(1, ms)).toFixed(1)} MB/s`;
  const bytes = `${showBytes(bytesIn)} of ${showBytes(bytesTotal)}`;
  return `file ${filesDone}/${files}${failed}, ${countOf(rows, 'row')}, ${bytes}, ${rate}, ${countOf(s3Calls, 'S3 call')}`;
}

const FILE_COLUMNS: readonly TableColumn[] = [
  { key: 'source', wraps: true },
  { key: 'status' },
  { key: 'rows', align: 'right', show: count },
  { key: 'rejected', align: 'right', show: count },
  { key: 'bytesIn', title: 'in', align: 'right', show: showBytes },
  { key: 'bytesOut', title: 'out', align: 'right', show: bytes },
  { key: 'seconds', align: 'right', show: (value) => Number(value).toFixed(1) },
];

async function tellReport(report: ConvertReport, { json = false, report: file }: Options): Promise<void> {
  const { files, totals } = report;
  if (file !== undefined) await writeFile(file, `${JSON.stringify(report, undefined, 2)}\n`);
  const output = createOutput(json);
  if (json) output.line(JSON.stringify(report));
  else {
    output.records(files.map(rowOf), FILE_COLUMNS);
    for (const { source, error } of files) {
      if (error !== undefined)
        output.line(`failed: ${source}: ${error.message}${error.hint ? `\n  ${error.hint}` : ''}`);
    }
    output.line(totalsText(totals));
  }
  if (totals.failed === 0) return;
  throw new BridgeError('unprocessable', `${totals.failed} of ${countOf(totals.files, 'file')} failed`, {
    hint: 'The others are there. Run it again when the reason is gone: what is up to date is left alone.',
  });
}

function rowOf({ source, status, bytesIn, seconds, result }: FileReport) {
  const out = result && Object.values(result.bytesOut).reduce((sum, n) => sum + n, 0);
  return { source, status, rows: result?.rows, rejected: result?.rejected, bytesIn, bytesOut: out, seconds };
}

function totalsText(totals: ConvertReport['totals']): string {
  const { converted, upToDate, failed, rows, rejected, bytesIn, bytesOut, ratio, seconds } = totals;
  const files = `${countOf(converted, 'file')} converted, ${upToDate} up to date, ${failed} failed`;
  const sizes = `${showBytes(bytesIn)} in, ${showBytes(bytesOut)} out (${ratio.toFixed(1)} : 1)`;
  const speed = `${showCount(totals.rowsPerSecond)} rows/s, ${totals.megabytesPerSecond.toFixed(1)} MB/s`;
  const took = `${seconds.toFixed(1)} s, ${countOf(totals.s3Calls, 'S3 call')}`;
  return `${files}; ${countOf(rows, 'row')}, ${rejected} rejected; ${sizes}; ${speed}; ${took}`;
}

function count(value: unknown): string {
  return value === undefined ? '' : showCount(value);
}

function bytes(value: unknown): string {
  return value === undefined ? '' : showBytes(value);
}

async function readList(file: string): Promise<string[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new BridgeError('config', `the list ${file} cannot be read: ${(cause as Error).message}`, { cause });
  }
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}

function formats(text: string): readonly TableFormat[] {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  if (names.some((name) => name !== 'parquet' && name !== 'avro')) {
    throw new InvalidArgumentError('parquet and avro are known.');
  }
  return [...new Set(names)] as TableFormat[];
}
