import { type Command, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import type { TableFormat } from '../tables/output.ts';
import type { UploadedFile, UploadProgress } from '../tables/upload/upload.ts';
import { type ConnectionOptions, connectionOf, withConnection } from './connection.ts';
import type { CliContext } from './context.ts';
import { type CsvCommandOptions, csvOptionsOf, positive, textRulesOf, withCsv } from './csv-options.ts';
import { interruptible } from './interrupt.ts';
import { countOf, createOutput, showBytes } from './output.ts';
import { startProgress } from './progress.ts';
import { standardInput } from './standard-input.ts';

interface Options extends ConnectionOptions, CsvCommandOptions {
  readonly to: string;
  readonly convert?: TableFormat;
  readonly parallelism: number;
  readonly maxSpillMb?: number;
}

export function addUploadCommand(program: Command, context: CliContext): void {
  const command = program
    .command('upload')
    .description('send local files and folders to S3 as they are, or CSV as Parquet or Avro')
    .argument('<files...>', 'files and folders; - for standard input')
    .requiredOption('--to <location>', 'an object, or a folder with / at its end: s3://bucket/key')
    .addOption(new Option('--convert <format>', 'what CSV files become').choices(['parquet', 'avro']))
    .option('--parallelism <files>', 'files at the same time', positive, 4)
    .option('--max-spill-mb <MiB>', 'bound on the temporary file of Parquet from a pipe (default: 10240)', positive)
    .option('--json', 'print one JSON object a file');
  withCsv(withConnection(command))
    .addHelpText(
      'after',
      `
A key that ends in / is a folder: data.parquet to s3://bucket/key/ becomes s3://bucket/key/data.parquet. Files of a folder
keep their paths below it; names that begin with _ or . are left out. Large files go by parts, with a bound on memory; a
Parquet file is looked at before, whether it is whole: one that comes through a pipe is kept in a temporary file (in
TMPDIR) until then, everything else goes as it comes. The options of CSV hold where --convert is given.

Examples:
  otel-lake upload data.parquet --to s3://bucket/tables/ --profile analytics
  otel-lake upload prices.csv --to s3://bucket/prices.parquet --convert parquet
  otel-lake upload exports/ --to s3://bucket/exports/ --parallelism 8
  duckdb -c "COPY t TO '/dev/stdout' (FORMAT csv)" | otel-lake upload - --to s3://bucket/t.parquet --convert parquet`,
    )
    .action((files: string[], options: Options) => runUpload(context, files, options));
}

async function runUpload(context: CliContext, sources: readonly string[], options: Options): Promise<void> {
  const connection = connectionOf(context, options);
  const { uploadFiles, readSchemaInput } = await context.tables();
  const progress = startProgress('looking at files');
  let uploaded: readonly UploadedFile[] = [];
  try {
    await interruptible(async (signal) => {
      const settings = {
        version: context.version,
        connection,
        csv: csvOptionsOf(options),
        schema: options.schema === undefined ? undefined : await readSchemaInput(options.schema),
        onInvalid: options.onInvalid,
        text: textRulesOf(options),
        truncate: options.truncate,
      };
      const { to, convert, parallelism, maxSpillMb } = options;
      const onProgress = ({ files, filesDone, bytes, bytesTotal }: UploadProgress) =>
        progress.update(`file ${filesDone}/${files}, ${showBytes(bytes)}`, bytesTotal && bytes / bytesTotal);
      const input = {
        sources: sources.map((name) => (name === '-' ? { name, bytes: standardInput(signal) } : name)),
        to,
        convert,
        parallelism,
        settings,
        config: connection.config,
        maxSpillBytes: maxSpillMb && maxSpillMb * 1024 * 1024,
      };
      uploaded = await uploadFiles(input, { signal, onProgress });
    });
  } finally {
    progress.done();
  }
  tellUploads(uploaded, options.json ?? false);
}

function tellUploads(files: readonly UploadedFile[], json: boolean): void {
  const { line } = createOutput(false);
  for (const file of files) {
    if (json) line(JSON.stringify(file));
    else if (file.error === undefined) line(file.url);
    else process.stderr.write(`otel-lake: ${file.source}: ${file.error.message}\n`);
  }
  const failed = files.filter(({ error }) => error !== undefined);
  if (failed.length === 0) return;
  const hint = failed[0]!.error!.hint;
  throw new BridgeError('unprocessable', `${failed.length} of ${countOf(files.length, 'file')} failed`, { hint });
}
