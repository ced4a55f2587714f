import type { Command } from 'commander';
import { type CliContext, type CommonOptions, withConfig } from './context.ts';

export function addServeCommand(program: Command, context: CliContext): void {
  withConfig(program.command('serve'))
    .description('run the bridge: receive OTLP, write the lake, serve reads')
    .addHelpText('after', '\nExample:\n  otel-lake serve --config config/s3-parquet.toml')
    .action((options: CommonOptions) => context.serve(context.loadConfig(options.config)));
}
