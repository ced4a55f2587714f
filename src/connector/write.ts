/** Records to one file of a chosen name. */
import { recordBatchBuffers } from '../batch/arrow.ts';
import { BridgeError } from '../errors.ts';
import { commitIdOfKey } from '../model/commit.ts';
import { releaseBuffers } from '../platform/memory.ts';
import { checkFolder } from './arguments.ts';
import { writeCommit, writtenFile } from './commit.ts';
import type { ConnectorContext } from './context.ts';
import { withinSync } from './errors.ts';
import { type FileSink, openFileSink } from './file-sink.ts';
import { planFlush } from './flush.ts';
import { pump } from './pump.ts';
import { createRowBuffer } from './row-buffer.ts';
import type { WriteOptions, WriteResult } from './types.ts';

/** Columns that wait for the next row groups. */
const MAX_BUFFERED_BYTES = 32 * 1024 * 1024;

export async function write(context: ConnectorContext, options: WriteOptions): Promise<WriteResult> {
  const partition = withinSync('options', () => checkFolder('partitionPath', options.partitionPath ?? ''));
  const key = `${partition === '' ? '' : `${partition}/`}${checkFileName(options.fileName)}`;
  const { config, nextCommitId } = context;
  const buffer = createRowBuffer(options);
  const commitId = nextCommitId();
  const signal = options.signal ?? new AbortController().signal;
  let sink: FileSink | undefined;

  async function opened(): Promise<FileSink> {
    if (buffer.schema === undefined) {
      throw new BridgeError('invalid_argument', 'there are no records to infer a schema from', {
        hint: 'Give a schema: a file without rows has one too.',
      });
    }
    const { schema } = buffer;
    sink ??= await openFileSink(context, {
      key,
      partition,
      commitId,
      schema,
      overwrite: options.overwrite ?? false,
      signal,
    });
    return sink;
  }

  async function flush(): Promise<void> {
    for (const { batches, isOwn } of buffer.take()) {
      const { gatherer, files, sortBy, times } = planFlush(batches, [], config.parquet.sortBy);
      const file = await opened();
      for (const { rows } of files) await file.add(gatherer, rows, sortBy, times);
      if (isOwn) for (const written of batches) releaseBuffers(recordBatchBuffers(written));
    }
  }

  try {
    const { batchSize } = config.operations;
    await pump(options.records, buffer, { batchSize, maxBytes: MAX_BUFFERED_BYTES, signal, flush });
    await flush();
    const object = await (await opened()).close();
    await writeCommit(context, commitId, [object], buffer.report, undefined);
    return { ...writtenFile(object), commitId, report: buffer.report };
  } catch (error) {
    await sink?.abort();
    throw error;
  }
}

function checkFileName(name: string): string {
  const file = name.endsWith('.parquet') ? name : `${name}.parquet`;
  const refuse = (found: string) => {
    const hint = 'Give a name such as "part-0"; folders go into partitionPath.';
    return new BridgeError('config', `fileName ${JSON.stringify(name)} ${found}`, { hint });
  };
  if (name === '' || name === '.parquet') throw refuse('is empty');
  if (/[/\\\0]/.test(name)) throw refuse('holds a separator of folders');
  if (/^[._]/.test(name)) throw refuse('begins with "." or "_", and readers pass such files over');
  if (commitIdOfKey(file) !== undefined) throw refuse('has the form of a name that batchWrite gives');
  return file;
}
