import { type Command, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import { heldBack } from '../platform/held-back.ts';
import { type CliContext, type LakeCommandOptions, usingLake, withLake } from './context.ts';
import { interruptible } from './interrupt.ts';
import type { Lake } from './lake.ts';
import { reportSummary } from './summary.ts';
import { drawTrace } from './trace-draw.ts';
import type { TraceSpan } from './trace-tree.ts';
import { writeOut } from './write-out.ts';

const FORMATS = ['tree', 'otlp-json', 'ndjson', 'json', 'csv', 'arrow', 'parquet'] as const;

interface TraceOptions extends LakeCommandOptions {
  readonly from?: string;
  readonly to?: string;
  readonly format?: (typeof FORMATS)[number];
  readonly out?: string;
  readonly onError: 'fail' | 'skip';
}

/** Columns of the tree, and spans drawn at most. */
const TREE_COLUMNS = 'span_id,parent_span_id,name,service_name,start_time_unix_nano,duration_nano,status_code';
const MAX_DRAWN_SPANS = 100_000;
/** Of a tree that goes to no terminal. */
const DEFAULT_WIDTH = 120;

export function addTraceCommand(program: Command, context: CliContext): void {
  withLake(program.command('trace'))
    .argument('<trace_id>', '32 hex digits')
    .description('show one trace, from the whole lake: as a tree on a terminal, else as OTLP/JSON')
    .option('--from <time>', 'look only for spans that start at or after this time (ISO 8601), and into no other files')
    .option('--to <time>', 'look only for spans that start before this time')
    .addOption(new Option('--format <format>', 'default: tree on a terminal, else otlp-json').choices(FORMATS))
    .option('-o, --out <file>', 'write to this file instead of standard output')
    .addOption(
      new Option('--on-error <what>', 'a file that cannot be read ends the search, or is named and left out')
        .choices(['fail', 'skip'])
        .default('fail'),
    )
    .addHelpText(
      'after',
      `
--json is OTLP/JSON (unless --format says otherwise) on standard output, and a summary on standard error.

Examples:
  otel-lake trace 5b8efff798038103d269b633813fc60c
  otel-lake trace 5b8efff798038103d269b633813fc60c --from 2026-11-21 --to 2026-11-22
  otel-lake trace 5b8efff798038103d269b633813fc60c --json | curl -H 'Content-Type: application/json' -d @- http://127.0.0.1:4318/v1/traces`,
    )
    .action((traceId: string, options: TraceOptions) =>
      usingLake(context, options, (lake) => interruptible((signal) => showTrace(lake, traceId, options, signal))),
    );
}

async function showTrace(lake: Lake, text: string, options: TraceOptions, signal: AbortSignal): Promise<void> {
  const traceId = text.toLowerCase();
  if (!/^[0-9a-f]{32}$/.test(traceId)) {
    throw new BridgeError('config', `"${text}" is no trace id`, { hint: 'A trace id has 32 hex digits.' });
  }
  const onTerminal = process.stdout.isTTY === true && options.out === undefined;
  if (options.json && options.format === 'tree') {
    throw new BridgeError('config', '--json and --format tree contradict each other', { hint: 'Give one of them.' });
  }
  const format = options.format ?? (onTerminal && !options.json ? 'tree' : 'otlp-json');
  const params = new URLSearchParams({ filter: `trace_id = '${traceId}'`, on_error: options.onError });
  if (options.from) params.set('from', options.from);
  if (options.to) params.set('to', options.to);
  params.set('format', format === 'tree' ? 'ndjson' : format);
  if (format === 'tree') {
    params.set('select', TREE_COLUMNS);
    params.set('limit', String(MAX_DRAWN_SPANS));
  }
  const read = lake.read('traces', params, signal);
  // An answer without a span is an error, and no empty list.
  const rows = heldBack(read, () => {
    if (read.summary?.rows === 0) throw missing(traceId);
  });
  await writeOut(format === 'tree' ? treeChunks(traceId, rows) : rows, options.out, signal);
  reportSummary(read.summary, options.json ?? false);
}

async function* treeChunks(traceId: string, read: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const spans = await readSpans(read);
  const colours = process.stdout.isTTY === true && !process.env.NO_COLOR && process.env.TERM !== 'dumb';
  const width = process.stdout.columns || DEFAULT_WIDTH;
  for (const line of drawTrace(traceId, spans, { width, colours })) yield Buffer.from(`${line}\n`);
  if (spans.length === MAX_DRAWN_SPANS) yield Buffer.from(`… and more: --format otlp-json gives them all\n`);
}

async function readSpans(read: AsyncIterable<Uint8Array>): Promise<TraceSpan[]> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of read) chunks.push(chunk);
  const lines = Buffer.concat(chunks).toString().split('\n').filter(Boolean);
  return lines.map((line) => {
    const row = JSON.parse(line, exactIntegers as never) as Record<string, unknown>;
    return {
      spanId: String(row.span_id ?? ''),
      parentSpanId: row.parent_span_id as string | null,
      name: String(row.name ?? ''),
      service: row.service_name as string | null,
      startNano: BigInt.asUintN(64, BigInt((row.start_time_unix_nano as bigint | null) ?? 0)),
      durationNano: BigInt((row.duration_nano as bigint | null) ?? 0),
      isError: row.status_code === 'ERROR',
    };
  });
}

function exactIntegers(_key: string, value: unknown, context: { source: string }): unknown {
  return typeof value === 'number' ? BigInt(context.source) : value;
}

function missing(traceId: string): BridgeError {
  return new BridgeError('not_found', `there is no span of trace ${traceId}`, {
    hint: 'With --from and --to only that time is looked at.',
  });
}
