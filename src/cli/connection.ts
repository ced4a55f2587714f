/** Options of commands that name objects by URL: how their buckets are reached. */
import type { Command } from 'commander';
import type { Config } from '../config/types.ts';
import type { Connection } from '../tables/location.ts';
import { type CliContext, type CommonOptions, withConfig } from './context.ts';

export interface ConnectionOptions extends CommonOptions {
  readonly profile?: string;
  readonly endpoint?: string;
  readonly region?: string;
}

export function withConnection(command: Command): Command {
  return withConfig(command)
    .option('--profile <name>', 'AWS profile whose credentials are used')
    .option('--endpoint <url>', 'S3 server other than AWS (default: that of [s3], for its own bucket)')
    .option('--region <region>', 'region of the bucket');
}

export function connectionOf(context: CliContext, options: ConnectionOptions): Connection & { config: Config } {
  const { config, profile, endpoint, region } = options;
  return { config: context.loadConfig(config), profile, endpoint, region };
}
