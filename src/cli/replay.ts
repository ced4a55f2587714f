import { type Command, InvalidArgumentError, Option } from 'commander';
import { BridgeError } from '../errors.ts';
import { SIGNAL_LIST, type TableName } from '../model/signal.ts';
import { type CliContext, type LakeCommandOptions, usingLake, withLake } from './context.ts';
import { createOutput, showCount } from './output.ts';
import { startProgress } from './progress.ts';
import type { ReplayCounts, ReplayOptions, ReplayResult } from './replay-types.ts';
import { collect } from './row-options.ts';

interface Options extends LakeCommandOptions {
  readonly to: string;
  readonly protocol?: 'http' | 'grpc';
  readonly table?: TableName;
  readonly filter?: string;
  readonly partition?: string;
  readonly since?: string;
  readonly until?: string;
  readonly limit?: number;
  readonly batchSize: number;
  readonly rate?: number;
  readonly retries: number;
  readonly timeout: number;
  readonly header: readonly string[];
  readonly compression: 'gzip' | 'none';
}

const TABLES = SIGNAL_LIST.map((signal) => signal.name);
/** Headers of every OTLP exporter, from its standard environment variable: what is secret does not belong in arguments. */
const HEADERS_VARIABLE = 'OTEL_EXPORTER_OTLP_HEADERS';

export function addReplayCommand(program: Command, context: CliContext): void {
  withLake(program.command('replay'))
    .description('send rows of the lake as OTLP again, to a Collector, another bridge or any other receiver')
    .requiredOption('--to <address>', 'receiver: http://host:4318, https://…, grpc://host:4317 or grpcs://…')
    .addOption(new Option('--protocol <protocol>', 'default: what the address says').choices(['http', 'grpc']))
    .addOption(new Option('--table <table>', 'only rows of this table (default: all)').choices(TABLES))
    .option('-f, --filter <expression>', 'WHERE part of SQL over columns and attributes')
    .option('-p, --partition <path>', 'only this partition and those below it')
    .option('--since <time>', 'rows at or after this time (ISO 8601)')
    .option('--until <time>', 'rows before this time (ISO 8601)')
    .option('-n, --limit <rows>', 'stop after so many rows', positive)
    .option('--batch-size <rows>', 'rows a request', positive, 1000)
    .option('--rate <rows>', 'rows a second at most', positive)
    .option('--retries <tries>', 'further tries for a request, where trying again may help', wholeNumber, 10)
    .option('--timeout <seconds>', 'bound on one request', positive, 30)
    .option(
      '--header <name=value>',
      `header to send, may be repeated; also taken from ${HEADERS_VARIABLE}`,
      collect,
      [],
    )
    .addOption(new Option('--compression <name>', 'of requests').choices(['gzip', 'none']).default('gzip'))
    .addHelpText(
      'after',
      `
A request whose answer was lost is sent again, so that a receiver may get rows twice.

Examples:
  otel-lake replay --to http://127.0.0.1:4318 --table traces --filter "service_name = 'checkout'" --limit 1000
  otel-lake replay --to grpc://collector:4317 --since 2026-11-21T08:00:00Z --until 2026-11-21T09:00:00Z --rate 5000`,
    )
    .action((options: Options) => runReplay(context, options));
}

async function runReplay(context: CliContext, options: Options): Promise<void> {
  const cancel = new AbortController();
  const interrupt = () => cancel.abort(new BridgeError('cancelled', 'interrupted'));
  process.once('SIGINT', interrupt);
  const result = await usingLake(context, options, async (lake) => {
    const progress = startProgress(`sending to ${options.to}, from ${lake.via}`);
    const startMs = performance.now();
    const hooks = {
      signal: cancel.signal,
      onProgress: (tables: readonly ReplayCounts[]) =>
        progress.update(progressText(tables, performance.now() - startMs)),
      onRetry: (reason: string, delayMs: number) =>
        progress.update(`trying again in ${(delayMs / 1000).toFixed(1)} s: ${reason}`),
    };
    try {
      return await context.replay(lake, replayOptions(options), hooks);
    } finally {
      progress.done();
    }
  }).finally(() => process.removeListener('SIGINT', interrupt));
  report(result, options.json ?? false);
}

function replayOptions(options: Options): ReplayOptions {
  const { to, protocol, table, filter, partition, since, until, limit } = options;
  const given = Object.entries({ filter, partition, from: since, to: until });
  return {
    to,
    protocol,
    headers: {
      ...headersOf(process.env[HEADERS_VARIABLE]?.split(',') ?? [], true),
      ...headersOf(options.header, false),
    },
    gzip: options.compression === 'gzip',
    tables: table === undefined ? TABLES : [table],
    params: Object.fromEntries(given.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    limit,
    batchSize: options.batchSize,
    rowsPerSecond: options.rate,
    maxRetries: options.retries,
    timeoutMs: options.timeout * 1000,
  };
}

function headersOf(pairs: readonly string[], isEncoded: boolean): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const pair of pairs) {
    const at = pair.indexOf('=');
    if (at <= 0) throw new BridgeError('config', 'a header is not written as name=value');
    const value = pair.slice(at + 1).trim();
    headers[pair.slice(0, at).trim().toLowerCase()] = isEncoded ? decodeURIComponent(value) : value;
  }
  return headers;
}

function progressText(tables: readonly ReplayCounts[], tookMs: number): string {
  const sent = sum(tables, 'sent');
  return `${showCount(sent)} rows sent, ${showCount(Math.round((sent / Math.max(1, tookMs)) * 1000))} a second`;
}

/** Prints the counts; throws where not all rows arrived, for the exit status. */
function report({ tables, firstProblem, stoppedBy }: ReplayResult, json: boolean): void {
  createOutput(json).records(tables, [
    { key: 'table' },
    ...(['sent', 'rejected', 'failed', 'requests', 'retries'] as const).map((key) => {
      return { key, align: 'right' as const, show: showCount };
    }),
  ]);
  const [sent, rejected, failed] = [sum(tables, 'sent'), sum(tables, 'rejected'), sum(tables, 'failed')];
  const total = `${showCount(sent)} rows sent, ${showCount(rejected)} rejected, ${showCount(failed)} failed`;
  if (!json) createOutput(false).line(`${total}.`);
  if (stoppedBy?.code === 'cancelled') throw stoppedBy;
  if (stoppedBy !== undefined) {
    const { code, message, hint } = stoppedBy;
    throw new BridgeError(code, `stopped after ${total}: ${message}`, { hint, cause: stoppedBy });
  }
  if (rejected + failed > 0) {
    throw new BridgeError('unprocessable', `not all rows arrived: ${firstProblem}`, {
      hint: 'A receiver refuses rows for what they hold: sending them again will not help.',
    });
  }
}

function sum(tables: readonly ReplayCounts[], key: 'sent' | 'rejected' | 'failed'): number {
  return tables.reduce((total, counts) => total + counts[key], 0);
}

function wholeNumber(text: string): number {
  if (!/^\d{1,12}$/.test(text)) throw new InvalidArgumentError('a whole number is expected.');
  return Number(text);
}

function positive(text: string): number {
  const number = wholeNumber(text);
  if (number === 0) throw new InvalidArgumentError('a number of at least 1 is expected.');
  return number;
}
