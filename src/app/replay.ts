/** Rows of the lake sent as OTLP again: read as an Arrow stream, put together a batch at a time, sent one after another. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Lake } from '../cli/lake.ts';
import type { ReplayCounts, ReplayHooks, ReplayOptions, ReplayResult } from '../cli/replay-types.ts';
import { SERVICE_MESSAGES } from '../decode/messages.ts';
import { encode } from '../decode/protobuf-writer.ts';
import { createOtlpAssembler, type Row } from '../decode/rows.ts';
import { BridgeError } from '../errors.ts';
import { SIGNALS, type Signal } from '../model/signal.ts';
import { arrowRows } from '../read/emit/arrow-rows.ts';
import { createClient } from '../send/client.ts';
import { DEFAULT_RETRY, withRetries } from '../send/retry.ts';
import { readPartialSuccess } from '../send/status.ts';
import { parseTarget } from '../send/target.ts';

/** A request is cut in two where it is larger, whatever the receiver would take. */
const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** Refusals that the next batch may not meet; after any other error nothing more is sent. */
const OF_THE_ROWS: ReadonlySet<string> = new Set(['invalid_argument', 'too_large', 'unprocessable']);

/**
 * Sends all rows the options name. A batch that is refused as too large is cut in two; one refused for what it holds is
 * counted as failed and the next one sent; on any other error it stops there, and says so in the result.
 */
export async function replay(lake: Lake, options: ReplayOptions, hooks: ReplayHooks): Promise<ReplayResult> {
  const { gzip, headers, timeoutMs } = options;
  const client = createClient({ target: parseTarget(options.to, options.protocol), headers, gzip, timeoutMs });
  const policy = { ...DEFAULT_RETRY, maxRetries: options.maxRetries };
  const batchSize = Math.max(1, Math.min(options.batchSize, options.rowsPerSecond ?? options.batchSize));
  const pace = createPacer(options.rowsPerSecond);
  const tables: ReplayCounts[] = [];
  let firstProblem: string | undefined;
  let left = options.limit ?? Number.POSITIVE_INFINITY;

  async function send(signal: Signal, rows: readonly Row[], counts: Counts): Promise<void> {
    const body = encodeRows(signal, rows);
    const call = async () => {
      if (body.byteLength > MAX_BODY_BYTES) throw new BridgeError('too_large', `a request of ${body.byteLength} bytes`);
      counts.requests++;
      return client.send(signal, body, hooks.signal);
    };
    try {
      const answer = await withRetries(call, policy, hooks.signal, (error, delayMs) => {
        counts.retries++;
        hooks.onRetry(error.message, delayMs);
      });
      const { rejected, message } = readPartialSuccess(signal, answer);
      counts.rejected += rejected;
      counts.sent += rows.length - rejected;
      if (rejected > 0) firstProblem ??= message;
    } catch (thrown) {
      hooks.signal.throwIfAborted();
      const error = BridgeError.from(thrown);
      if (error.code === 'too_large' && rows.length > 1) {
        const half = rows.length >> 1;
        await send(signal, rows.slice(0, half), counts);
        return send(signal, rows.slice(half), counts);
      }
      counts.failed += rows.length;
      firstProblem ??= error.message;
      if (!OF_THE_ROWS.has(error.code)) throw error;
    }
  }

  async function sendTable(table: Signal['name'], counts: Counts): Promise<void> {
    const signal = SIGNALS[table];
    let batch: Row[] = [];
    const flush = async () => {
      if (batch.length === 0) return;
      const rows = batch;
      batch = [];
      await pace(rows.length, hooks.signal);
      await send(signal, rows, counts);
      hooks.onProgress(tables);
    };
    const params = new URLSearchParams({ ...options.params, format: 'arrow' });
    if (Number.isFinite(left)) params.set('limit', String(left));
    for await (const row of arrowRows(lake.read(table, params, hooks.signal))) {
      batch.push(row);
      left--;
      if (batch.length >= batchSize) await flush();
    }
    await flush();
  }

  let stoppedBy: BridgeError | undefined;
  try {
    for (const table of options.tables) {
      if (left <= 0) break;
      const counts = { table, sent: 0, rejected: 0, failed: 0, requests: 0, retries: 0 };
      tables.push(counts);
      await sendTable(table, counts);
    }
  } catch (thrown) {
    stoppedBy = BridgeError.from(thrown);
  } finally {
    client.close();
  }
  return { tables, firstProblem, stoppedBy };
}

type Counts = { -readonly [K in keyof ReplayCounts]: ReplayCounts[K] };

function encodeRows(signal: Signal, rows: readonly Row[]): Uint8Array {
  const assembler = createOtlpAssembler(signal.name);
  for (const row of rows) assembler.add(row);
  return encode(SERVICE_MESSAGES[signal.name].request, assembler.finish());
}

/** Waits before rows may be sent, so that no more than the rate are sent a second. */
function createPacer(rowsPerSecond: number | undefined): (rows: number, signal: AbortSignal) => Promise<void> {
  if (rowsPerSecond === undefined) return async () => {};
  let freeAtMs = performance.now();
  return async (rows, signal) => {
    const nowMs = performance.now();
    const waitMs = freeAtMs - nowMs;
    freeAtMs = Math.max(nowMs, freeAtMs) + (rows / rowsPerSecond) * 1000;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal }).catch(() => signal.throwIfAborted());
  };
}
