import { Argument, type Command } from 'commander';
import { SIGNAL_LIST, type TableName } from '../model/signal.ts';
import { type CliContext, type LakeCommandOptions, usingLake, withLake } from './context.ts';
import type { PartitionFilter } from './lake.ts';
import { createOutput, showBytes, showCount, type TableColumn } from './output.ts';

const TABLE_NAMES = SIGNAL_LIST.map((signal) => signal.name);

const COLUMNS: readonly TableColumn[] = [
  { key: 'table' },
  { key: 'partition' },
  { key: 'files', align: 'right', show: showCount },
  { key: 'rows', align: 'right', show: showCount },
  { key: 'bytes', align: 'right', show: showBytes },
  { key: 'minTimestamp', title: 'from' },
  { key: 'maxTimestamp', title: 'to' },
];

interface ListOptions extends LakeCommandOptions {
  readonly table?: TableName;
  readonly prefix?: string;
}

interface DeleteOptions extends LakeCommandOptions {
  readonly dryRun?: boolean;
}

export function addPartitionsCommand(program: Command, context: CliContext): void {
  const partitions = program.command('partitions').description('list and delete partitions');

  withLake(partitions.command('list'))
    .description('list partitions with files, rows, bytes and time range')
    .option('--table <table>', 'of this table only')
    .option('--prefix <path>', 'whose path is this or lies below it, such as date=2026-11-21')
    .addHelpText('after', '\nExample:\n  otel-lake partitions list --table traces --prefix date=2026-11-21')
    .action((options: ListOptions) =>
      usingLake(context, options, async (lake) => {
        const { table, prefix } = options;
        const filter: PartitionFilter = { ...(table ? { table } : {}), ...(prefix ? { prefix } : {}) };
        const found = await lake.partitions(filter);
        const output = createOutput(options.json ?? false);
        if (options.json || found.length > 0) output.records(found, COLUMNS);
        else output.line('No partition there.');
      }),
    );

  withLake(partitions.command('delete'))
    .description('delete a partition and all below it; a receipt stays in _lake/deletions/')
    .addArgument(new Argument('<table>').choices(TABLE_NAMES))
    .argument('<path>', 'path of the partition, such as date=2026-11-21/hour=08')
    .option('--dry-run', 'only say what would be deleted')
    .addHelpText('after', '\nExample:\n  otel-lake partitions delete traces date=2026-11-21 --dry-run')
    .action((table: TableName, path: string, options: DeleteOptions) =>
      usingLake(context, options, async (lake) => {
        const receipt = await lake.deletePartition(table, path, options.dryRun ?? false);
        const output = createOutput(options.json ?? false);
        if (options.json) return output.records([receipt], []);
        const { files, rows, bytes, dryRun, deletionId } = receipt;
        const what = `${showCount(files)} files, ${showCount(rows)} rows, ${showBytes(bytes)}`;
        output.line(dryRun ? `Would delete ${what}.` : `Deleted ${what}. Receipt ${deletionId}.`);
      }),
    );
}
