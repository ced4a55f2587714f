#!/usr/bin/env node
/** The command `otel-lake`: hands the commands what they stand on. */
import { readFileSync } from 'node:fs';
import { openLake } from './app/open-lake.ts';
import { runDaemon } from './app/run-daemon.ts';
import { runProgram } from './cli/program.ts';
import { loadConfig } from './config/load.ts';
import { showConfig } from './config/show.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

process.exitCode = await runProgram(process.argv.slice(2), {
  version,
  loadConfig,
  showConfig,
  openLake: (config, options) => openLake(config, options, version),
  serve: (config) => runDaemon(config, version),
});
