import type { Command } from 'commander';
import { nearestPartitions } from '../catalog/partitions.ts';
import type { ReadExplanation } from '../model/read-explanation.ts';
import type { TableName } from '../model/signal.ts';
import { type CliContext, usingLake, withLake } from './context.ts';
import { readCursorFile, writeCursorFile } from './cursor-file.ts';
import { formatExplanation } from './explain.ts';
import { follow } from './follow.ts';
import { interruptible } from './interrupt.ts';
import type { Lake } from './lake.ts';
import { outputOf, type ReadOptions, type ReadOutput, readParams, withReadOptions } from './read-options.ts';
import { reportSummary } from './summary.ts';
import { tableOf, writeOut } from './write-out.ts';

export function addReadCommand(program: Command, context: CliContext): void {
  withReadOptions(withLake(program.command('read')))
    .argument('<table>', 'table to read: traces, logs or metrics')
    .description('read rows of the lake, those that are not in a file yet included')
    .addHelpText(
      'after',
      `
Examples:
  otel-lake read traces --filter "service_name = 'checkout' AND duration_nano > 500000000" --limit 20
  otel-lake read traces --filter "attributes['http.route'] LIKE '/cart%'" --select trace_id,http.route --format csv
  otel-lake read logs --filter "severity_number >= 17 AND body LIKE '%timeout%'"
  otel-lake read metrics --filter "metric_name = 'http.server.request.duration'" --from 2026-11-21 --format arrow --out points.arrow
  otel-lake read traces --filter "trace_id = '5b8efff798038103d269b633813fc60c'" --explain
  otel-lake read logs --follow --after now --filter "severity_number >= 17"
  otel-lake read traces --cursor-file traces.cursor --format parquet --out new-spans.parquet`,
    )
    .action((table: string, options: ReadOptions) => {
      const output = outputOf(options);
      return usingLake(context, options, (lake) =>
        interruptible((signal) => run(lake, table, options, output, signal)),
      );
    });
}

function run(lake: Lake, table: string, options: ReadOptions, output: ReadOutput, signal: AbortSignal): Promise<void> {
  if (options.explain) return explain(lake, table, options, signal);
  return options.follow ? followRows(lake, table, options, signal) : readOnce(lake, table, options, output, signal);
}

async function readOnce(
  lake: Lake,
  table: string,
  options: ReadOptions,
  output: ReadOutput,
  signal: AbortSignal,
): Promise<void> {
  const params = readParams(table, options, output);
  const after = startOf(options);
  if (after !== undefined) params.set('after', after);
  const chunks = lake.read(table, params, signal);
  if (output === 'table') process.stdout.write(`${await tableOf(chunks)}\n`);
  else await writeOut(chunks, options.out, signal);
  const { summary } = chunks;
  reportSummary(summary, options.json ?? false);
  if (summary?.cursor !== undefined) {
    if (options.cursorFile) writeCursorFile(options.cursorFile, summary.cursor);
    else if (!options.json) say(`go on with --after ${summary.cursor}`);
  }
  if (summary?.rows === 0 && options.partition) await hintPartitions(lake, table, options.partition);
}

async function explain(lake: Lake, table: string, options: ReadOptions, signal: AbortSignal): Promise<void> {
  const params = readParams(table, options, 'json');
  params.set('explain', 'true');
  const chunks: Uint8Array[] = [];
  for await (const chunk of lake.read(table, params, signal)) chunks.push(chunk);
  const json = Buffer.concat(chunks).toString();
  process.stdout.write(options.json ? json : `${formatExplanation(JSON.parse(json) as ReadExplanation)}\n`);
}

async function followRows(lake: Lake, table: string, options: ReadOptions, signal: AbortSignal): Promise<void> {
  const { cursorFile, limit } = options;
  const { rows, cursor } = await follow(
    lake,
    table,
    readParams(table, options, 'ndjson'),
    {
      after: startOf(options) ?? 'begin',
      intervalMs: options.interval * 1000,
      limit: limit === undefined ? undefined : Number(limit),
      out: options.out,
      onCursor: (next) => cursorFile && writeCursorFile(cursorFile, next),
      onTrouble: say,
    },
    signal,
  );
  if (options.json) process.stderr.write(`${JSON.stringify({ rows, cursor })}\n`);
  else if (!cursorFile) say(`go on with --after ${cursor}`);
}

/** Where an incremental read begins; undefined where the read is none. */
function startOf({ after, cursorFile }: ReadOptions): string | undefined {
  const kept = cursorFile === undefined ? undefined : readCursorFile(cursorFile);
  return kept ?? after ?? (cursorFile === undefined ? undefined : 'begin');
}

/** An empty answer may be a partition's misspelt name. */
async function hintPartitions(lake: Lake, table: string, path: string): Promise<void> {
  const all = await lake.partitions({ table: table as TableName });
  const nearest = nearestPartitions(all, path);
  if (nearest === undefined) return;
  const known = nearest.length === 0 ? `${table} has none at all` : `nearest: ${nearest.join(', ')}`;
  say(`table ${table} has no partition ${path}; ${known}`);
}

function say(text: string): void {
  process.stderr.write(`otel-lake: ${text}\n`);
}
