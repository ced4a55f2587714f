import type { Command } from 'commander';
import type { CliContext } from './context.ts';

export function addVersionCommand(program: Command, context: CliContext): void {
  program
    .command('version')
    .description('print the version')
    .option('--json', 'as JSON')
    .addHelpText('after', '\nExample:\n  otel-lake version')
    .action((options: { json?: boolean }) => {
      const { version } = context;
      const text = options.json
        ? JSON.stringify({ version, node: process.version })
        : `otel-lake ${version} (Node ${process.version})`;
      process.stdout.write(`${text}\n`);
    });
}
