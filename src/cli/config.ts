import { type Command, Option } from 'commander';
import { type CliContext, type CommonOptions, withConfig } from './context.ts';

export function addConfigCommand(program: Command, context: CliContext): void {
  const config = program.command('config').description('check and show the configuration');

  withConfig(config.command('check'))
    .description('read the configuration and report every problem in it')
    .addHelpText('after', '\nExample:\n  otel-lake config check --config config/s3-parquet.toml')
    .action((options: CommonOptions) => {
      const { file } = context.loadConfig(options.config);
      process.stdout.write(`${file}: no problems found\n`);
    });

  withConfig(config.command('show'))
    .description('print the configuration in force, defaults included, secrets redacted')
    .addOption(new Option('--format <format>').choices(['toml', 'json']).default('toml'))
    .option('--json', 'same as --format json')
    .addHelpText('after', '\nExample:\n  otel-lake config show --format json')
    .action((options: CommonOptions & { format: 'toml' | 'json' }) => {
      const format = options.json ? 'json' : options.format;
      process.stdout.write(`${context.showConfig(context.loadConfig(options.config), format).trimEnd()}\n`);
    });
}
