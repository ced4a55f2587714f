import { type Command, Option } from 'commander';
import type { OpenScan } from '../tables/open-scan.ts';
import { type ConnectionOptions, connectionOf, withConnection } from './connection.ts';
import type { CliContext } from './context.ts';
import { formatExplanation } from './explain.ts';
import { interruptible } from './interrupt.ts';
import { countOf, createOutput, showBytes, showCount } from './output.ts';
import { type Progress, startProgress, startProgressBeside } from './progress.ts';
import { collect, type PlainOutput, type PlainRowOptions, plainOutputOf, withRowOptions } from './row-options.ts';
import { tableOf, writeOut } from './write-out.ts';

interface Options extends ConnectionOptions, PlainRowOptions {
  readonly explain?: boolean;
  readonly cache?: string;
  readonly schema?: boolean;
  readonly count?: boolean;
  readonly min: readonly string[];
  readonly max: readonly string[];
  readonly aggregate?: string;
  readonly onError: 'fail' | 'skip';
}

export function addScanCommand(program: Command, context: CliContext): void {
  withRowOptions(withConnection(program.command('scan')))
    .argument('<location>', 'pattern, folder or object: s3://bucket/path/**/*.parquet, or local')
    .description('read Parquet files of any schema by pattern, as one table; only what is needed is downloaded')
    .option('--schema', 'the columns of all files together, in place of the rows')
    .option('--count', 'the number of rows')
    .option('--min <column>', 'least value, may be repeated', collect, [])
    .option('--max <column>', 'greatest value, may be repeated', collect, [])
    .option('--aggregate <list>', 'such as "count(*), min(at), max(at)"')
    .option('--cache <folder>', 'keeps what is read from a bucket on this disk, for later scans')
    .option('--explain', 'what would be read and what is left out, and why')
    .addOption(
      new Option('--on-error <what>', 'a file that is damaged or does not fit ends the scan, or is named and left out')
        .choices(['fail', 'skip'])
        .default('fail'),
    )
    .addHelpText(
      'after',
      `
Files of several generations are one table: columns are found by name, new ones are null in older files, types widen.
Counts and extremes come from the footers where there is no filter and their statistics suffice.

Examples:
  otel-lake scan 's3://bucket/exports/**/*.parquet' --schema --profile analytics
  otel-lake scan 's3://bucket/exports/**/*.parquet' --filter "price > 12.50 AND day = '2026-11-21'" --select id,price
  otel-lake scan data/lake/traces --count --min timestamp --max timestamp
  otel-lake scan 's3://demo/*.parquet' --endpoint http://127.0.0.1:9000 --format parquet --out all.parquet`,
    )
    .action((location: string, options: Options) => {
      const output = plainOutputOf(options);
      return interruptible((signal) => run(context, location, options, output, signal));
    });
}

async function run(
  context: CliContext,
  location: string,
  options: Options,
  output: PlainOutput,
  signal: AbortSignal,
): Promise<void> {
  const startMs = performance.now();
  const { openScan, parseAggregates } = await context.tables();
  const aggregates = parseAggregatesOf(options, parseAggregates);
  const progress = output.isTable ? startProgress('listing') : startProgressBeside('listing', options.out);
  const onOpened = (file: number, files: number) =>
    progress.update(`opening file ${showCount(file)}/${showCount(files)}`, file / files);
  try {
    const connection = connectionOf(context, options);
    const scan = await openScan(
      location,
      { ...connection, onError: options.onError, onOpened, cache: cacheOf(options) },
      signal,
    );
    try {
      const used = await answer(scan, aggregates, options, output, progress, signal);
      progress.done();
      report(scan, used, performance.now() - startMs, options.json ?? false);
    } finally {
      await scan.close();
    }
  } finally {
    progress.done();
  }
}

function cacheOf({ cache: folder }: Options) {
  if (folder === undefined) return undefined;
  const onProblem = (error: unknown) => process.stderr.write(`otel-lake: the cache in ${folder} failed: ${error}\n`);
  return { folder, onProblem };
}

type Tables = Awaited<ReturnType<CliContext['tables']>>;
type Aggregates = ReturnType<Tables['parseAggregates']>;
type Stats = OpenScan['dataset']['opened'];

function parseAggregatesOf(options: Options, parse: Tables['parseAggregates']): Aggregates {
  return [
    ...(options.count ? [{ kind: 'count' } as const] : []),
    ...options.min.map((column) => ({ kind: 'min', column }) as const),
    ...options.max.map((column) => ({ kind: 'max', column }) as const),
    ...(options.aggregate === undefined ? [] : parse(options.aggregate)),
  ];
}

/** Undefined where nothing but footers was read. */
async function answer(
  scan: OpenScan,
  aggregates: Aggregates,
  options: Options,
  output: PlainOutput,
  progress: Progress,
  signal: AbortSignal,
): Promise<Stats | undefined> {
  const { dataset } = scan;
  const json = options.json ?? false;
  const { filter } = options;
  if (options.schema) {
    progress.done();
    createOutput(json).records(scan.columns, [{ key: 'name' }, { key: 'type', wraps: true }, { key: 'nullable' }]);
    return undefined;
  }
  if (aggregates.length > 0) {
    progress.update('reading');
    const { values, stats } = await dataset.aggregate(aggregates, filter, signal);
    progress.done();
    if (json) process.stdout.write(`${jsonOf(values)}\n`);
    else
      createOutput(false).records(
        [values],
        Object.keys(values).map((key) => ({ key, align: 'right' as const })),
      );
    return stats;
  }
  const query = scan.query(options);
  if (options.explain) {
    const found = await dataset.explain(query, signal);
    progress.done();
    process.stdout.write(`${json ? JSON.stringify(found) : formatExplanation(found)}\n`);
    return undefined;
  }
  const { read, chunks } = scan.rows(output.format, { ...query, limit: query.limit ?? output.limit }, signal);
  progress.follow(() => {
    const { rows, rowsScanned, bytesRead } = read.stats;
    return {
      text: `${countOf(rows, 'row')}, ${showBytes(bytesRead)} read`,
      share: dataset.rows && rowsScanned / dataset.rows,
    };
  });
  if (output.isTable) {
    const table = await tableOf(chunks);
    progress.done();
    process.stdout.write(`${table}\n`);
  } else await writeOut(chunks, options.out, signal, progress);
  return read.stats;
}

/** Integers with all their digits. */
function jsonOf(values: Readonly<Record<string, unknown>>): string {
  const members = Object.entries(values).map(([name, value]) => {
    return `${JSON.stringify(name)}:${typeof value === 'bigint' ? String(value) : JSON.stringify(value)}`;
  });
  return `{${members.join(',')}}`;
}

function report({ dataset, bytes }: OpenScan, used: Stats | undefined, tookMs: number, json: boolean): void {
  const { opened, files, unsupported } = dataset;
  const skipped = [...opened.skipped, ...(used?.skipped ?? [])];
  const bytesRead = opened.bytesRead + (used?.bytesRead ?? 0);
  const requests = opened.requests + (used?.requests ?? 0);
  const elapsedMs = Math.round(tookMs);
  if (json) {
    const names = skipped.map(({ key, error }) => ({ key, code: error.code, message: error.message }));
    say(JSON.stringify({ files: files.length, bytes, bytesRead, requests, elapsedMs, skipped: names, unsupported }));
    return;
  }
  for (const { error } of skipped) say(`otel-lake: left out: ${error.message}`);
  if (unsupported.length > 0)
    say(`otel-lake: columns left out, of types that cannot be read: ${unsupported.join(', ')}`);
  const share = bytes === 0 ? 0 : (100 * bytesRead) / bytes;
  const read = `${showBytes(bytesRead)} read (${share.toFixed(1)} % of ${showBytes(bytes)})`;
  say(`${countOf(files.length, 'file')}, ${read} in ${countOf(requests, 'request')}, ${(tookMs / 1000).toFixed(1)} s`);
}

function say(text: string): void {
  process.stderr.write(`${text}\n`);
}
