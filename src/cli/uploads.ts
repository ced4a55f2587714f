import type { Command } from 'commander';
import { type CliContext, type LakeCommandOptions, usingLake, withLake } from './context.ts';
import { durationSeconds } from './duration.ts';
import { countOf, createOutput, type TableColumn } from './output.ts';

const COLUMNS: readonly TableColumn[] = [
  { key: 'key', wraps: true },
  { key: 'startedMs', title: 'started', show: isoTime },
  { key: 'lastActiveMs', title: 'last part', show: isoTime },
  { key: 'isLive', title: 'live', show: (value) => (value ? 'yes' : '') },
];

interface ListOptions extends LakeCommandOptions {
  readonly prefix: string;
}

interface AbortOptions extends ListOptions {
  readonly olderThan?: number;
}

export function addUploadsCommand(program: Command, context: CliContext): void {
  const uploads = program
    .command('uploads')
    .description('list and abort uploads that were begun and never ended: S3 keeps their parts, and asks for money');

  withLake(uploads.command('list'))
    .description('list multipart uploads that are open under the prefix (of a lake in a directory: temporary files)')
    .option('--prefix <key>', 'whose key begins so, such as traces/date=2026-11-21', '')
    .addHelpText('after', '\nExample:\n  otel-lake uploads list --prefix traces/')
    .action((options: ListOptions) =>
      usingLake(context, options, async (lake) => {
        const open = await lake.uploads(options.prefix);
        const output = createOutput(options.json ?? false);
        if (options.json || open.length > 0) output.records(open, COLUMNS);
        else output.line('No upload is open.');
      }),
    );

  withLake(uploads.command('abort'))
    .description('abort those to which nobody writes any more')
    .option('--prefix <key>', 'whose key begins so', '')
    .option(
      '--older-than <duration>',
      'without a new part for so long: 90s, 30m, 24h, 7d (default: s3.multipart.abort_after_hours)',
      durationSeconds,
    )
    .addHelpText(
      'after',
      `
An upload of a commit that waits in the journal of this configuration is never aborted: the bridge is writing it, or
will try it again and abort it itself. Of bridges on other machines only the time of the last part is known, so give
them time; where one loses an upload all the same, it begins that try anew, and no row is lost.

Examples:
  otel-lake uploads abort
  otel-lake uploads abort --older-than 2h --json`,
    )
    .action((options: AbortOptions) =>
      usingLake(context, options, async (lake) => {
        const aborted = await lake.abortUploads(options.prefix, options.olderThan);
        const output = createOutput(options.json ?? false);
        if (options.json || aborted.length > 0) output.records(aborted, COLUMNS);
        if (!options.json)
          output.line(aborted.length === 0 ? 'Nothing to abort.' : `Aborted ${countOf(aborted.length, 'upload')}.`);
      }),
    );
}

function isoTime(ms: unknown): string {
  return new Date(Number(ms)).toISOString().slice(0, 19).replace('T', ' ');
}
