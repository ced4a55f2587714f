#!/usr/bin/env node
/** The command `otel-lake`: hands the commands what they stand on. */
import { runProgram } from './cli/program.ts';
import { loadConfig } from './config/load.ts';
import { showConfig } from './config/show.ts';
import { packageVersion } from './platform/version.ts';

const version = packageVersion();

process.exitCode = await runProgram(process.argv.slice(2), {
  version,
  loadConfig,
  showConfig,
  // Loaded when they are needed: help and checks should not wait for the AWS SDK and the encoder.
  openLake: async (config, options) => (await import('./app/open-lake.ts')).openLake(config, options, version),
  replay: async (lake, options, hooks) => (await import('./app/replay.ts')).replay(lake, options, hooks),
  checkLake: async (config, options, hooks) =>
    (await import('./app/check-lake.ts')).runLakeCheck(config, options, hooks),
  settleBuckets: async (config, mayApply) => (await import('./app/buckets.ts')).settleBuckets(config, mayApply),
  tables: () => import('./tables/commands.ts'),
  cost: async (config, options, hooks) => (await import('./app/cost.ts')).runCost(config, options, hooks),
  serve: async (config) => (await import('./app/run-daemon.ts')).runDaemon(config, version),
});
