import type { Command } from 'commander';
import { BridgeError } from '../errors.ts';
import type { BucketSetting } from '../model/bucket-plan.ts';
import { type CliContext, type CommonOptions, withConfig } from './context.ts';
import { countOf, createOutput, type Output, type TableColumn } from './output.ts';

interface ApplyOptions extends CommonOptions {
  readonly yes?: boolean;
}

const COLUMNS: readonly TableColumn[] = [
  { key: 'bucket' },
  { key: 'setting' },
  { key: 'current', wraps: true },
  { key: 'wanted', wraps: true },
  { key: 'action', show: (action) => (action === 'none' ? '' : String(action)) },
  { key: 'note', wraps: true },
];

export function addBucketCommand(program: Command, context: CliContext): void {
  const bucket = program.command('bucket').description('compare the bucket with the configuration, and set it');

  withConfig(bucket.command('plan'))
    .description('show what the bucket is set to, what the configuration wants, and what would be done')
    .option('--json', 'print one JSON object a line instead of a table')
    .addHelpText('after', '\nChanges nothing.\n\nExample:\n  otel-lake bucket plan --config config/s3-parquet.toml')
    .action(async (options: CommonOptions) => {
      const output = createOutput(options.json ?? false);
      const { plan } = await context.settleBuckets(context.loadConfig(options.config), () => false);
      output.records(plan, COLUMNS);
      if (!options.json) output.line(conclusion(plan));
    });

  withConfig(bucket.command('apply'))
    .description('create the bucket where it is missing; with --yes, also change one that exists')
    .option('--yes', 'change settings of a bucket that exists as the plan says')
    .option('--json', 'print one JSON object a line instead of a table')
    .addHelpText(
      'after',
      `
Lifecycle rules are known by their ids: those that the configuration does not name stay as they are.

Example:
  otel-lake bucket apply --yes --config config/s3-parquet.toml`,
    )
    .action((options: ApplyOptions) => apply(context, options));
}

async function apply(context: CliContext, options: ApplyOptions): Promise<void> {
  const output = createOutput(options.json ?? false);
  const mayChange = options.yes ?? false;
  const { plan, failed } = await context.settleBuckets(context.loadConfig(options.config), (found) => {
    output.records(found, COLUMNS);
    return mayChange || countChanges(found) === 0;
  });
  const changes = countChanges(plan);
  if (changes > 0 && !mayChange) {
    throw new BridgeError(
      'conflict',
      `nothing was done: ${countOf(changes, 'setting')} of existing buckets would change`,
      {
        hint: 'Run it again with --yes.',
      },
    );
  }
  if (failed.length > 0) throw new BridgeError('unprocessable', `not done: ${failed.join('; ')}`);
  if (!options.json) tell(output, plan);
}

function tell(output: Output, plan: readonly BucketSetting[]): void {
  const done = plan.filter(({ action }) => action === 'create' || action === 'change').length;
  output.line(done === 0 ? 'Nothing was to be done.' : `Done: ${countOf(done, 'setting')}.`);
}

function countChanges(plan: readonly BucketSetting[]): number {
  return plan.filter(({ action }) => action === 'change').length;
}

function conclusion(plan: readonly BucketSetting[]): string {
  const changes = countChanges(plan);
  const creates = plan.some(({ action }) => action === 'create');
  if (changes > 0) return `${countOf(changes, 'setting')} would change: otel-lake bucket apply --yes`;
  if (creates) return 'The bucket would be created: otel-lake bucket apply';
  return plan.some(({ action }) => action === 'cannot')
    ? 'Nothing that can be done is left.'
    : 'Everything is as wanted.';
}
