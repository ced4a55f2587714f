import { type Command, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import type { TableFormat } from '../tables/output.ts';
import type { UploadedFile } from '../tables/upload.ts';
import { type ConnectionOptions, connectionOf, withConnection } from './connection.ts';
import type { CliContext } from './context.ts';
import { type CsvCommandOptions, csvOptionsOf, positive, textRulesOf, withCsv } from './csv-options.ts';
import { interruptible } from './interrupt.ts';
import { countOf, createOutput, showBytes, startProgress } from './output.ts';

interface Options extends ConnectionOptions, CsvCommandOptions {
  readonly to: string;
  readonly convert?: TableFormat;
  readonly parallelism: number;
}

export function addUploadCommand(program: Command, context: CliContext): void {
  const command = program
    .command('upload')
    .description('send local files and folders to S3 as they are, or CSV as Parquet or Avro')
    .argument('<files...>', 'files and folders')
    .requiredOption('--to <location>', 'an object, or a folder with / at its end: s3://bucket/key')
    .addOption(new Option('--convert <format>', 'what CSV files become').choices(['parquet', 'avro']))
    .option('--parallelism <files>', 'files at the same time', positive, 4)
    .option('--json', 'print one JSON object a file');
  withCsv(withConnection(command))
    .addHelpText(
      'after',
      `
A key that ends in / is a folder: data.parquet to s3://bucket/key/ becomes s3://bucket/key/data.parquet. Files of a folder
keep their paths below it; names that begin with _ or . are left out. Large files go by parts, with a bound on memory; a
Parquet file is looked at before, whether it is whole. The options of CSV hold where --convert is given.

Examples:
  otel-lake upload data.parquet --to s3://bucket/tables/ --profile analytics
  otel-lake upload prices.csv --to s3://bucket/prices.parquet --convert parquet
  otel-lake upload exports/ --to s3://bucket/exports/ --parallelism 8`,
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
      const { to, convert, parallelism } = options;
      const onProgress = (done: number, files: number, bytes: number) =>
        progress.update(`file ${done}/${files}, ${showBytes(bytes)}`);
      const input = { sources, to, convert, parallelism, settings, config: connection.config };
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
