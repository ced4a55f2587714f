import type { Command } from 'commander';
import { type CliContext, type LakeCommandOptions, usingLake, withLake } from './context.ts';
import { createOutput, showBytes, showCount } from './output.ts';
import { startProgress } from './progress.ts';

export function addFlushCommand(program: Command, context: CliContext): void {
  withLake(program.command('flush'))
    .description('commit what is buffered now; without a running bridge, what its journal still holds')
    .addHelpText('after', '\nExample:\n  otel-lake flush --json')
    .action((options: LakeCommandOptions) =>
      usingLake(context, options, async (lake) => {
        const progress = startProgress(`committing, through ${lake.via}`);
        const commits = await lake.flush().finally(() => progress.done());
        const output = createOutput(options.json ?? false);
        if (options.json) return output.records(commits, []);
        if (commits.length === 0) return output.line('Nothing was waiting.');
        const objects = commits.flatMap((commit) =>
          commit.objects.map((object) => ({ commit: commit.commitId, ...object })),
        );
        output.records(objects, [
          { key: 'commit' },
          { key: 'table' },
          { key: 'partition' },
          { key: 'rows', align: 'right', show: showCount },
          { key: 'bytes', align: 'right', show: showBytes },
        ]);
      }),
    );
}
