/** What every command needs from its surroundings; handed in by main.ts. */
import { type Command, Option } from 'commander';
import type { CheckHooks, CheckOptions, CheckSummary } from '../check/types.ts';
import type { Config } from '../config/types.ts';
import type { CostHooks } from '../cost/report.ts';
import type { CostOptions, CostReport } from '../cost/types.ts';
import type { BucketSetting } from '../model/bucket-plan.ts';
import type * as Tables from '../tables/commands.ts';
import type { Lake } from './lake.ts';
import type { ReplayHooks, ReplayOptions, ReplayResult } from './replay-types.ts';

export interface CliContext {
  readonly version: string;
  loadConfig(file: string | undefined): Config;
  /** The configuration as TOML, secrets redacted. */
  showConfig(config: Config, format: 'toml' | 'json'): string;
  /** A running bridge of this configuration where there is one and `direct` is not set, else the store itself. */
  openLake(config: Config, options: LakeOptions): Promise<Lake>;
  /** Sends rows of the lake as OTLP; an error on the way is in the result. */
  replay(lake: Lake, options: ReplayOptions, hooks: ReplayHooks): Promise<ReplayResult>;
  /** Reconciles records, objects and journal; findings are told as they are made. */
  checkLake(config: Config, options: CheckOptions, hooks: CheckHooks): Promise<CheckSummary>;
  /** Compares the lake's buckets with the configuration, and sets them where `mayApply` says so of the plan. */
  settleBuckets(
    config: Config,
    mayApply: (plan: readonly BucketSetting[]) => boolean,
  ): Promise<{ readonly plan: readonly BucketSetting[]; readonly failed: readonly string[] }>;
  /** What the commands over files are made of. */
  tables(): Promise<typeof Tables>;
  /** Prices of what is stored and was asked for. */
  cost(config: Config, options: CostOptions & LakeOptions, hooks: CostHooks): Promise<CostReport>;
  /** Runs the bridge until it is stopped by a signal. */
  serve(config: Config): Promise<void>;
}

export interface LakeOptions {
  readonly direct: boolean;
  /** Of a bridge; default: server.api of the configuration. */
  readonly url: string | undefined;
}

export interface CommonOptions {
  readonly config?: string;
  readonly json?: boolean;
}

export interface LakeCommandOptions extends CommonOptions {
  readonly direct?: boolean;
  readonly url?: string;
}

export function withConfig(command: Command): Command {
  return command.option('-c, --config <file>', 'configuration file (default: config/s3-parquet.toml, where it exists)');
}

/** Options of commands that work with a running bridge and without one. */
export function withLake(command: Command): Command {
  return withConfig(command)
    .addOption(
      new Option('--url <url>', 'api of a running bridge (default: server.api of the configuration)').conflicts(
        'direct',
      ),
    )
    .option('--direct', 'go to the store itself, also where a bridge is running')
    .option('--json', 'print one JSON object a line instead of a table');
}

/** Runs `work` with the lake and closes it whatever happens. */
export async function usingLake<T>(
  context: CliContext,
  options: LakeCommandOptions,
  work: (lake: Lake) => Promise<T>,
): Promise<T> {
  const config = context.loadConfig(options.config);
  const lake = await context.openLake(config, { direct: options.direct ?? false, url: options.url });
  try {
    return await work(lake);
  } finally {
    await lake.close();
  }
}
