/** Where the bytes of a read go: a file, standard output, or a table for the terminal. */
import { createWriteStream } from 'node:fs';
import { realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { BridgeError } from '../errors.ts';
import { systemRandomness } from '../platform/clock.ts';
import { isErrno } from '../platform/files.ts';
import { countOf, formatTable, showBytes, showValue } from './output.ts';
import { type Progress, startProgressBeside } from './progress.ts';

const CELL_WIDTH = 40;
const FILE_ERRORS = ['ENOENT', 'EACCES', 'EISDIR', 'ENOSPC', 'EROFS', 'ENOTDIR', 'EPERM', 'EIO'];

/**
 * Copies to a file or standard output with backpressure; a reader that goes away (`| head`) ends it quietly. A file is
 * there when it is whole, or not at all; of what went to standard output an error says how much it was.
 *
 * @param progress of the caller's own, which is left alone; absent: one that tells of bytes
 */
export async function writeOut(
  chunks: AsyncIterable<Uint8Array>,
  file: string | undefined,
  signal: AbortSignal,
  progress?: Progress,
): Promise<void> {
  const own = progress === undefined ? startProgressBeside('reading', file) : undefined;
  let bytes = 0;
  async function* counted() {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (file) own?.update(`${showBytes(bytes)} read`);
      yield chunk;
    }
  }
  try {
    if (file) await writeFile(counted(), file, signal);
    else await pipeline(counted, process.stdout, { signal, end: false });
  } catch (error) {
    signal.throwIfAborted();
    if (isErrno(error, 'EPIPE')) return;
    if (error instanceof BridgeError) throw incomplete(error, file, bytes);
    if (!file || !isErrno(error, ...FILE_ERRORS)) throw error;
    throw new BridgeError('permission_denied', `${file} cannot be written: ${(error as Error).message}`, {
      cause: error,
    });
  } finally {
    own?.done();
  }
}

/** Under another name in the same folder, until it is whole; what is no plain file (`/dev/null`, a pipe) as it comes. */
async function writeFile(chunks: AsyncIterable<Uint8Array>, file: string, signal: AbortSignal): Promise<void> {
  const found = await stat(file).catch((error: unknown) => {
    if (isErrno(error, 'ENOENT')) return undefined;
    throw error;
  });
  if (found !== undefined && !found.isFile()) return pipeline(chunks, createWriteStream(file), { signal });
  const target = found === undefined ? file : await realpath(file);
  const part = join(dirname(target), `.${basename(target)}.${systemRandomness.hex(4)}.part`);
  try {
    await pipeline(chunks, createWriteStream(part, { flags: 'wx', mode: found?.mode ?? 0o666 }), { signal });
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

/** Before the first byte the error speaks for itself. */
function incomplete(error: BridgeError, file: string | undefined, bytes: number): BridgeError {
  if (bytes === 0) return error;
  const what = file === undefined ? 'the output above is not complete' : `${file} was not written`;
  const message = `${error.message}; ${what} (${showBytes(bytes)})`;
  const { code, hint, retryable } = error;
  return new BridgeError(code, message, { cause: error, hint, retryable });
}

/** Integers that a number cannot hold stay as they are written (JSON.parse hands their source to its reviver). */
function exactly(_: string, value: unknown, { source }: { readonly source?: string }): unknown {
  return typeof value === 'number' && !Number.isSafeInteger(value) && Number.isInteger(value) ? source : value;
}

/** Rows in NDJSON as a table, of so many columns at most. */
export async function tableOf(
  chunks: AsyncIterable<Uint8Array>,
  maxColumns = Number.POSITIVE_INFINITY,
): Promise<string> {
  let text = '';
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  for await (const chunk of chunks) text += decoder.decode(chunk, { stream: true });
  const rows = text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line, exactly as never) as Record<string, unknown>);
  if (rows.length === 0) return 'No rows.';
  const show = (value: unknown) => {
    const cell = showValue(value).replace(/\s+/g, ' ');
    return cell.length > CELL_WIDTH ? `${cell.slice(0, CELL_WIDTH - 1)}…` : cell;
  };
  const names = Object.keys(rows[0]!);
  const columns = names.slice(0, maxColumns).map((key) => ({ key, show }));
  const more = names.length > columns.length ? `, ${names.length - columns.length} more columns` : '';
  return `${formatTable(rows, columns)}\n${countOf(rows.length, 'row')}${more}`;
}
