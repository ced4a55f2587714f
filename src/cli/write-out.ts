/** Where the bytes of a read go: a file, standard output, or a table for the terminal. */
import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { BridgeError } from '../errors.ts';
import { isErrno } from '../platform/files.ts';
import { countOf, formatTable, showBytes, showValue, startProgress } from './output.ts';

const CELL_WIDTH = 40;
const FILE_ERRORS = ['ENOENT', 'EACCES', 'EISDIR', 'ENOSPC', 'EROFS', 'ENOTDIR', 'EPERM', 'EIO'];

/**
 * Copies to a file or standard output with backpressure; a reader that goes away (`| head`) ends it quietly. An error
 * says what was written by then.
 */
export async function writeOut(
  chunks: AsyncIterable<Uint8Array>,
  file: string | undefined,
  signal: AbortSignal,
): Promise<void> {
  // A spinner would stand between rows that go to the same terminal.
  const progress = file || !process.stdout.isTTY ? startProgress('reading') : undefined;
  let bytes = 0;
  async function* counted() {
    for await (const chunk of chunks) {
      bytes += chunk.byteLength;
      if (file) progress?.update(`${showBytes(bytes)} read`);
      yield chunk;
    }
  }
  try {
    if (file) await pipeline(counted, createWriteStream(file), { signal });
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
    progress?.done();
  }
}

/** Before the first byte the error speaks for itself. */
function incomplete(error: BridgeError, file: string | undefined, bytes: number): BridgeError {
  if (bytes === 0) return error;
  const where = file === undefined ? 'the output above' : file;
  const message = `${error.message}; ${where} is not complete (${showBytes(bytes)})`;
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
