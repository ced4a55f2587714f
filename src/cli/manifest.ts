import { type Command, Option } from 'commander';
import type { FileFailure, ManifestProgress, ManifestSummary } from '../tables/commands.ts';
import { type ConnectionOptions, connectionOf, withConnection } from './connection.ts';
import type { CliContext } from './context.ts';
import { interruptible } from './interrupt.ts';
import { countOf, createOutput, showBytes, showCount } from './output.ts';
import { startProgress, startProgressBeside } from './progress.ts';
import { type PlainRowOptions, plainOutputOf, withRowOptions } from './row-options.ts';
import { tableOf, writeOut } from './write-out.ts';

interface ReadOptions extends ConnectionOptions, PlainRowOptions {
  readonly verify: 'md5' | 'size' | 'none';
  readonly filesIn?: string;
}

interface WriteOptions extends ConnectionOptions {
  readonly to?: string;
  readonly json?: boolean;
}

/** Rows of the table at the end of a report. */
const SAMPLE_ROWS = 5;
/** Columns of it: more do not fit a terminal. */
const SAMPLE_COLUMNS = 8;
const MAX_FAILURES = 50;

export function addManifestCommand(program: Command, context: CliContext): void {
  const manifest = program.command('manifest').description('read and write manifests of files that are one table');

  withRowOptions(withConnection(manifest.command('read')))
    .argument('<location>', 'the manifest.json of an S3 Inventory, or of manifest write; in a bucket or local')
    .description('read all files that a manifest lists as one table')
    .addOption(
      new Option('--verify <what>', 'of each file before it is read').choices(['md5', 'size', 'none']).default('md5'),
    )
    .option('--files-in <location>', "where the files are, instead of the manifest's destination bucket")
    .addHelpText(
      'after',
      `
Without --format, --out and --json every row is read and a report printed: rows, columns, a sample, failures. A file that
fails is named and left out; where all fail, that is an error. Files of several generations are one table.

Examples:
  otel-lake manifest read s3://inventory/bucket/daily/2026-11-21T01-00Z/manifest.json
  otel-lake manifest read s3://bucket/exports/manifest.json --filter "size > 1000000" --format csv --out large.csv
  otel-lake manifest read manifest.json --files-in data/exports --limit 20 --format table`,
    )
    .action((location: string, options: ReadOptions) => {
      const output = plainOutputOf(options);
      return interruptible((signal) => runRead(context, location, options, output, signal));
    });

  withConnection(manifest.command('write'))
    .argument('<location>', 'folder, pattern or object: a partition such as s3://bucket/lake/traces/date=2026-11-21/')
    .description('write a manifest of the Parquet files below a location, with sizes and MD5')
    .option('--to <location>', 'the manifest; default: manifest.json in the folder')
    .option('--json', 'print what was written as JSON')
    .addHelpText(
      'after',
      `
Examples:
  otel-lake manifest write s3://bucket/exports/2026-11/
  otel-lake manifest write 'data/lake/traces/date=2026-11-21/**/*.parquet' --to traces-2026-11-21.json`,
    )
    .action((location: string, options: WriteOptions) =>
      interruptible((signal) => runWrite(context, location, options, signal)),
    );
}

async function runRead(
  context: CliContext,
  location: string,
  options: ReadOptions,
  output: ReturnType<typeof plainOutputOf>,
  signal: AbortSignal,
): Promise<void> {
  const startMs = performance.now();
  const { openManifest } = await context.tables();
  const { verify, filesIn, json = false, out } = options;
  const isReport = options.format === undefined && !json && out === undefined;
  const isAtEnd = isReport || output.isTable;
  const progress = isAtEnd ? startProgress('manifest') : startProgressBeside('manifest', out);
  const onProgress = (now: ManifestProgress) => progress.update(progressText(now), now.share);
  try {
    const opened = await openManifest(
      location,
      { ...connectionOf(context, options), verify, filesIn, onProgress },
      signal,
    );
    try {
      const query = opened.query(options);
      const limit = query.limit ?? (isReport ? undefined : output.limit);
      const format = isReport ? 'ndjson' : output.format;
      const given = isReport ? SAMPLE_ROWS : undefined;
      const { read, chunks } = opened.rows(format, { ...query, limit }, signal, given);
      let sample: string | undefined;
      if (isReport) sample = await tableOf(chunks, SAMPLE_COLUMNS);
      else if (output.isTable) {
        const table = await tableOf(chunks);
        progress.done();
        process.stdout.write(`${table}\n`);
      } else await writeOut(chunks, out, signal, progress);
      progress.done();
      report(opened.summaryOf(read), sample, performance.now() - startMs, json);
    } finally {
      opened.close();
    }
  } finally {
    progress.done();
  }
}

function progressText({ step, file, files, rows, bytes }: ManifestProgress): string {
  const where = `file ${showCount(file)}/${showCount(files)}`;
  return step === 'reading' ? `${where}, ${countOf(rows, 'row')}, ${showBytes(bytes)}` : `${step} ${where}`;
}

function report(summary: ManifestSummary, sample: string | undefined, tookMs: number, json: boolean): void {
  const { failures, files, filesRead, rows, columns, bytesRead, requests } = summary;
  if (json) {
    process.stderr.write(`${JSON.stringify({ ...summary, elapsedMs: Math.round(tookMs) })}\n`);
    return;
  }
  const out = createOutput(false);
  const read = `${showBytes(bytesRead)} in ${countOf(requests, 'request')}, ${(tookMs / 1000).toFixed(1)} s`;
  const text = `${showCount(filesRead)} of ${countOf(files, 'file')}, ${countOf(rows, 'row')}, ${countOf(columns.length, 'column')}, ${read}`;
  if (sample === undefined) {
    process.stderr.write(`${text}\n`);
  } else {
    out.records(columns, [{ key: 'name', title: 'column' }, { key: 'type', wraps: true }, { key: 'nullable' }]);
    out.line(sample);
    out.line(text);
  }
  for (const line of failureLines(failures)) process.stderr.write(`otel-lake: left out: ${line}\n`);
}

function failureLines(failures: readonly FileFailure[]): readonly string[] {
  const named = failures.slice(0, MAX_FAILURES).map(({ message }) => message);
  const more = failures.length - named.length;
  return more > 0 ? [...named, `${showCount(more)} more files`] : named;
}

async function runWrite(
  context: CliContext,
  location: string,
  options: WriteOptions,
  signal: AbortSignal,
): Promise<void> {
  const { writeManifest } = await context.tables();
  const progress = startProgress('listing');
  try {
    const onProgress = (file: number, files: number) =>
      progress.update(`file ${showCount(file)}/${showCount(files)}: MD5`, file / files);
    const connection = connectionOf(context, options);
    const written = await writeManifest(location, { ...connection, to: options.to, onProgress }, signal);
    progress.done();
    const { manifest, files, rows, bytes } = written;
    if (options.json) process.stdout.write(`${JSON.stringify(written)}\n`);
    else
      createOutput(false).line(`${manifest}: ${countOf(files, 'file')}, ${countOf(rows, 'row')}, ${showBytes(bytes)}`);
  } finally {
    progress.done();
  }
}
