/** The command line `otel-lake`: exit status 0 (done), 1 (failed), 2 (used or configured wrongly). */
import { Command, CommanderError } from 'commander';
import { BridgeError } from '../errors.ts';
import { isErrno } from '../platform/files.ts';
import { addBucketCommand } from './bucket.ts';
import { addConfigCommand } from './config.ts';
import type { CliContext } from './context.ts';
import { addConvertCommand } from './convert.ts';
import { addCostCommand } from './cost.ts';
import { addFlushCommand } from './flush.ts';
import { addIamCommand } from './iam.ts';
import { addImportCommand } from './import.ts';
import { addLakeCommand } from './lake-check.ts';
import { addManifestCommand } from './manifest.ts';
import { addPartitionsCommand } from './partitions.ts';
import { addReadCommand } from './read.ts';
import { addReplayCommand } from './replay.ts';
import { addScanCommand } from './scan.ts';
import { addServeCommand } from './serve.ts';
import { addTablesCommand } from './tables.ts';
import { addTraceCommand } from './trace.ts';
import { addUploadCommand } from './upload.ts';
import { addUploadsCommand } from './uploads.ts';
import { addVersionCommand } from './version.ts';

export function createProgram(context: CliContext): Command {
  const program = new Command('otel-lake')
    .description('OpenTelemetry to partitioned Parquet in your own bucket, and back.')
    .version(context.version, '-V, --version', 'print the version')
    .showHelpAfterError('(add --help for the options and an example)')
    .showSuggestionAfterError()
    .enablePositionalOptions()
    .exitOverride();
  const add = [
    addServeCommand,
    addReadCommand,
    addTraceCommand,
    addPartitionsCommand,
    addTablesCommand,
    addScanCommand,
    addManifestCommand,
    addFlushCommand,
    addUploadsCommand,
    addCostCommand,
    addIamCommand,
    addReplayCommand,
    addConvertCommand,
    addImportCommand,
    addUploadCommand,
    addLakeCommand,
    addBucketCommand,
    addConfigCommand,
    addVersionCommand,
  ];
  for (const addCommand of add) addCommand(program, context);
  return program;
}

/** Runs the command line and returns the exit status. */
export async function runProgram(argv: readonly string[], context: CliContext): Promise<number> {
  process.stdout.on('error', endQuietly);
  try {
    await createProgram(context).parseAsync(argv, { from: 'user' });
    return 0;
  } catch (thrown) {
    if (thrown instanceof CommanderError) return thrown.exitCode === 0 ? 0 : 2;
    const error = BridgeError.from(thrown);
    if (error.code === 'cancelled') return 1;
    process.stderr.write(`otel-lake: ${error.message}\n${error.hint ? `  ${error.hint}\n` : ''}`);
    if (error.code === 'internal' && error.stack) process.stderr.write(`${error.stack}\n`);
    return error.code === 'config' ? 2 : 1;
  }
}

/** Who reads the output may have enough of it (`| head`): that is no failure of the command. */
function endQuietly(error: Error): void {
  if (!isErrno(error, 'EPIPE')) throw error;
}
