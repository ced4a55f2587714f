/**
 * `read --follow`: asks again and again for what was committed since. A page is written only when it came whole, and
 * the cursor moves with it, so that no trouble on the way makes a row come twice or not at all.
 */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { BridgeError } from '../errors.ts';
import { isErrno } from '../platform/files.ts';
import type { Lake } from './lake.ts';

export interface FollowOptions {
  readonly after: string;
  readonly intervalMs: number;
  /** Ends after so many rows. */
  readonly limit: number | undefined;
  /** Rows are appended to this file. */
  readonly out: string | undefined;
  /** Called when the rows up to the cursor are written. */
  readonly onCursor: (cursor: string) => void;
  /** Tells people of files that were left out, of trouble that may pass, and of its end. */
  readonly onTrouble: (text: string) => void;
}

export interface FollowResult {
  readonly rows: number;
  readonly cursor: string;
}

/** Rows asked for at once: they are held in memory until the page is whole. */
const PAGE_ROWS = 20_000;
const FIRST_RETRY_MS = 1000;
const MAX_RETRY_MS = 30_000;

/** Ends when the signal is aborted, the limit is met, or nobody reads the output any more; throws what will not pass. */
export async function follow(
  lake: Lake,
  table: string,
  params: URLSearchParams,
  options: FollowOptions,
  signal: AbortSignal,
): Promise<FollowResult> {
  const output = openOutput(options.out);
  const stop = AbortSignal.any([signal, output.closed]);
  let cursor = options.after;
  let left = options.limit ?? Number.POSITIVE_INFINITY;
  let rows = 0;
  let retryMs = 0;
  try {
    while (left > 0) {
      const asked = Math.min(left, PAGE_ROWS);
      try {
        const page = await readPage(lake, table, params, { after: cursor, limit: String(asked) }, stop);
        if (retryMs > 0) options.onTrouble(`reading on through ${lake.via}`);
        retryMs = 0;
        await output.write(page.chunks);
        for (const { message } of page.skipped) options.onTrouble(`left out: ${message}`);
        rows += page.rows;
        left -= page.rows;
        cursor = page.cursor;
        options.onCursor(cursor);
        if (page.rows === asked) continue;
      } catch (thrown) {
        stop.throwIfAborted();
        const error = BridgeError.from(thrown);
        if (!error.retryable || error.code === 'internal') throw error;
        if (retryMs === 0) options.onTrouble(`${error.message}; trying again`);
        retryMs = Math.min(MAX_RETRY_MS, Math.max(FIRST_RETRY_MS, 2 * retryMs));
      }
      if (left > 0) await sleep(Math.max(retryMs, options.intervalMs), undefined, { signal: stop });
    }
  } catch (error) {
    if (!stop.aborted) throw error;
  } finally {
    await output.close();
  }
  output.throwIfFailed();
  return { rows, cursor };
}

async function readPage(
  lake: Lake,
  table: string,
  params: URLSearchParams,
  more: Record<string, string>,
  signal: AbortSignal,
) {
  const read = lake.read(table, new URLSearchParams([...params, ...Object.entries(more)]), signal);
  const chunks: Uint8Array[] = [];
  for await (const chunk of read) chunks.push(chunk);
  const { rows, cursor, skipped = [] } = read.summary ?? {};
  if (rows === undefined || cursor === undefined) throw new BridgeError('internal', 'a read ended without its cursor');
  return { chunks, rows, cursor, skipped };
}

function openOutput(file: string | undefined) {
  const stream: Writable = file === undefined ? process.stdout : createWriteStream(file, { flags: 'a' });
  const closed = new AbortController();
  let failure: Error | undefined;
  stream.on('error', (error: Error) => {
    if (!isErrno(error, 'EPIPE')) failure = error;
    closed.abort(error);
  });
  return {
    /** Aborted when nothing more can be written: the reader of a pipe has gone, or the disk is full. */
    closed: closed.signal,
    async write(chunks: readonly Uint8Array[]) {
      for (const chunk of chunks) {
        if (!stream.write(chunk)) await once(stream, 'drain', { signal: closed.signal });
      }
    },
    async close() {
      if (file === undefined || closed.signal.aborted) return;
      stream.end();
      await once(stream, 'close');
    },
    throwIfFailed() {
      if (failure === undefined) return;
      const message = `${file ?? 'standard output'} cannot be written: ${failure.message}`;
      throw new BridgeError('permission_denied', message, { cause: failure });
    },
  };
}
