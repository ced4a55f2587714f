import { type Command, InvalidArgumentError, Option } from 'commander';
import type { CostReport, StoredRow } from '../cost/types.ts';
import { BridgeError } from '../errors.ts';
import { type CliContext, type LakeCommandOptions, withLake } from './context.ts';
import { createOutput, type Output, showBytes, showCount, type TableColumn } from './output.ts';
import { startProgress } from './progress.ts';

interface Options extends LakeCommandOptions {
  readonly coldAfterDays: number;
  readonly coldClass: string;
  readonly targetMb: number;
  readonly readsPerMonth: number;
}

/** Partitions that a table shows, the largest; --json has all. */
const MAX_SHOWN = 30;
const MIB = 1024 * 1024;
const COLD_CLASSES = ['STANDARD_IA', 'ONEZONE_IA', 'INTELLIGENT_TIERING', 'GLACIER_IR', 'GLACIER', 'DEEP_ARCHIVE'];

const MONTHLY: TableColumn = { key: 'monthly', title: 'a month', align: 'right', show: showMoney };
const SIZES: readonly TableColumn[] = [
  { key: 'storageClass', title: 'class' },
  { key: 'files', align: 'right', show: showCount },
  { key: 'bytes', align: 'right', show: showBytes },
  MONTHLY,
];

const REQUEST_COLUMNS: readonly TableColumn[] = [
  { key: 'operation' },
  { key: 'requests', align: 'right', show: showCount },
  { key: 'errors', align: 'right', show: showCount },
  { key: 'sentBytes', title: 'sent', align: 'right', show: showBytes },
  { key: 'receivedBytes', title: 'received', align: 'right', show: showBytes },
  { key: 'soFar', title: 'so far', align: 'right', show: showMoney },
  MONTHLY,
];

const ESTIMATE_COLUMNS: readonly TableColumn[] = [
  { key: 'what', title: 'estimate', wraps: true },
  { key: 'files', align: 'right', show: showCount },
  { key: 'bytes', align: 'right', show: showBytes },
  { key: 'monthlySaving', title: 'saves a month', align: 'right', show: showMoney },
  { key: 'once', align: 'right', show: showMoney },
  { key: 'arithmetic', wraps: true },
];

export function addCostCommand(program: Command, context: CliContext): void {
  withLake(program.command('cost'))
    .description('what the lake in S3 costs: bytes stored, requests made, bytes moved; and what would make it cheaper')
    .option('--cold-after-days <days>', 'estimate a rule that moves older files (where none is configured)', count, 30)
    .addOption(new Option('--cold-class <class>', 'to this class').choices(COLD_CLASSES).default('STANDARD_IA'))
    .option('--target-mb <mib>', 'estimate a merge of small files to this size', count, 128)
    .option('--reads-per-month <reads>', 'how often all files are read, for that estimate', count, 30)
    .addHelpText(
      'after',
      `
Prices are those of [cost] in the configuration: what AWS publishes for us-east-1, unless set otherwise.

  storage    GiB stored x [cost.storage] of their class. Old versions and open uploads are not listed: see
             "uploads list" and the bucket's versioning.
  requests   as the running bridge has counted them since its start (/metrics), tries included: each / 1000 x
             put_per_1000, list_per_1000 or get_per_1000; deletions cost nothing. A month is that rate for 730 hours.
  transfer   GiB received x transfer_out_per_gb; set that to 0 where the bridge runs in the bucket's region.
  estimates  of s3.lifecycle where it has rules, else of the rule the options describe:
             GiB moved x (price now - price there), once files / 1000 x transition_per_1000; and of a merge:
             2 GETs for each file fewer and read of all files, once 2 GETs a file and a PUT for each new one.

Examples:
  otel-lake cost
  otel-lake cost --cold-after-days 90 --cold-class GLACIER_IR
  otel-lake cost --json | jq 'select(.type == "stored" and .table == "traces")'`,
    )
    .action((options: Options) => runCost(context, options));
}

async function runCost(context: CliContext, options: Options): Promise<void> {
  const json = options.json ?? false;
  const cancel = new AbortController();
  const interrupt = () => cancel.abort(new BridgeError('cancelled', 'interrupted'));
  process.once('SIGINT', interrupt);
  const progress = startProgress('listing');
  const { coldAfterDays, coldClass, targetMb, readsPerMonth, direct = false, url } = options;
  let report: CostReport;
  try {
    report = await context.cost(
      context.loadConfig(options.config),
      { coldAfterDays, coldClass, targetBytes: targetMb * MIB, readsPerMonth, direct, url },
      { signal: cancel.signal, onProgress: (objects) => progress.update(`${showCount(objects)} files listed`) },
    );
  } finally {
    progress.done();
    process.removeListener('SIGINT', interrupt);
  }
  const output = createOutput(json);
  if (json) printRecords(output, report);
  else printTables(output, report);
}

function printRecords(output: Output, report: CostReport): void {
  const { stored, traffic, estimates, location, currency, monthly } = report;
  const typed = (type: string, records: readonly object[]) =>
    output.records(
      records.map((record) => ({ type, ...record })),
      [],
    );
  typed('stored', stored);
  typed('requests', traffic?.requests ?? []);
  if (traffic) typed('transfer', [traffic.transfer]);
  typed('estimate', estimates);
  typed('total', [{ location, currency, sinceSeconds: traffic?.sinceSeconds ?? null, monthly }]);
}

function printTables(output: Output, report: CostReport): void {
  const { stored, traffic, estimates, location, currency, monthly } = report;
  const largest = stored.toSorted((a, b) => b.bytes - a.bytes).slice(0, MAX_SHOWN);
  output.records(largest, [{ key: 'table' }, { key: 'partition', wraps: true }, ...SIZES]);
  const rest = stored.length - largest.length;
  if (rest > 0) output.line(`and ${showCount(rest)} smaller; --json prints them all`);
  output.records(byTable(stored), [{ key: 'table' }, ...SIZES]);
  if (traffic) {
    output.records(traffic.requests, REQUEST_COLUMNS);
    const { receivedBytes, soFar } = traffic.transfer;
    const hours = (traffic.sinceSeconds / 3600).toFixed(1);
    output.line(
      `Counted for ${hours} h. Received ${showBytes(receivedBytes)}: ${showMoney(soFar)} where it leaves the region.`,
    );
  } else {
    output.line('No bridge of this lake runs here, so requests are not counted.');
  }
  output.records(estimates, ESTIMATE_COLUMNS);
  const parts = [`storage ${showMoney(monthly.storage)}`];
  if (traffic) parts.push(`requests ${showMoney(monthly.requests)}`, `transfer ${showMoney(monthly.transfer)}`);
  if (!location.startsWith('s3://')) output.line('The lake is in a directory: this is what it would cost in S3.');
  output.line(`${location}, a month in ${currency}: ${parts.join(', ')}.`);
}

function byTable(stored: readonly StoredRow[]): object[] {
  const groups = Map.groupBy(stored, ({ table, storageClass }) => `${table}\0${storageClass}`);
  return [...groups.values()].map((rows) => {
    const sum = (of: (row: StoredRow) => number) => rows.reduce((total, row) => total + of(row), 0);
    const { table, storageClass, monthly } = rows[0]!;
    return {
      table,
      storageClass,
      files: sum((row) => row.files),
      bytes: sum((row) => row.bytes),
      monthly: monthly === null ? null : sum((row) => row.monthly ?? 0),
    };
  });
}

/** To the cent from a unit on; below, as many digits as tell something. */
function showMoney(amount: unknown): string {
  if (typeof amount !== 'number') return '?';
  return Math.abs(amount) >= 1 || amount === 0 ? amount.toFixed(2) : amount.toPrecision(2);
}

function count(text: string): number {
  if (!/^\d{1,6}$/.test(text) || Number(text) === 0)
    throw new InvalidArgumentError('a whole number from 1 is expected.');
  return Number(text);
}
