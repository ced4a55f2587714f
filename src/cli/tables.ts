import type { Command } from 'commander';
import { BridgeError } from '../errors.ts';
import { type CliContext, type LakeCommandOptions, usingLake, withLake } from './context.ts';
import { createOutput, showBytes, showCount } from './output.ts';

export function addTablesCommand(program: Command, context: CliContext): void {
  withLake(program.command('tables'))
    .argument('[table]', 'print the columns of this table')
    .description('list the tables with what is in their files, or the columns of one')
    .addHelpText('after', '\nExamples:\n  otel-lake tables\n  otel-lake tables traces')
    .action((table: string | undefined, options: LakeCommandOptions) =>
      usingLake(context, options, async (lake) => {
        const tables = await lake.tables();
        const output = createOutput(options.json ?? false);
        if (table === undefined) {
          return output.records(tables, [
            { key: 'table' },
            { key: 'files', align: 'right', show: showCount },
            { key: 'rows', align: 'right', show: showCount },
            { key: 'bytes', align: 'right', show: showBytes },
            { key: 'columns', align: 'right', show: (columns) => String((columns as unknown[]).length) },
          ]);
        }
        const info = tables.find((known) => known.table === table);
        if (!info) {
          const known = tables.map((row) => row.table).join(', ');
          throw new BridgeError('not_found', `there is no table "${table}"`, { hint: `Tables: ${known}.` });
        }
        output.records(info.columns, [
          { key: 'name' },
          { key: 'type', wraps: true },
          { key: 'nullable' },
          { key: 'doc', wraps: true },
        ]);
      }),
    );
}
