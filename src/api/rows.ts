/** Streamed rows: what the reader sends is passed on with backpressure, and an error in the middle breaks the answer. */
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { ReadRequest } from '../read/request.ts';
import { CONTENT_TYPES, readRequestFromUrl } from '../read/request.ts';
import type { ReadStats } from '../read/types.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { Call, Route } from './route.ts';
import { tableOf } from './tables.ts';

export interface RowsDeps {
  /** Starts a read; the stats are whole when the chunks have ended. */
  readonly read: (
    request: ReadRequest,
    signal: AbortSignal,
  ) => { chunks: AsyncIterable<Uint8Array>; stats(): ReadStats | undefined };
  readonly metrics: Metrics;
}

export function rowsRoutes(deps: RowsDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/tables/{table}/rows',
      access: 'read',
      handle: ({ params, query, response, signal }) =>
        streamRows(deps, readRequestFromUrl(tableOf(params.table!), query), response, signal),
    },
  ];
}

/** Answers with the rows of a read. */
export async function streamRows(
  deps: RowsDeps,
  request: ReadRequest,
  response: ServerResponse,
  signal: Call['signal'],
): Promise<void> {
  const { table, format } = request;
  const { chunks, stats } = deps.read(request, signal);
  let code = 'ok';
  try {
    // The head waits for the first chunk, so that an error in the plan still gets its status.
    for await (const chunk of chunks) {
      if (!response.headersSent) response.writeHead(200, { 'Content-Type': CONTENT_TYPES[format] });
      if (!response.write(chunk)) await once(response, 'drain', { signal });
    }
    if (!response.headersSent) response.writeHead(200, { 'Content-Type': CONTENT_TYPES[format] });
    response.end();
  } catch (error) {
    code = 'error';
    throw error;
  } finally {
    deps.metrics.reads.inc({ table, format, code });
    deps.metrics.readRows.inc({ table }, stats()?.rows ?? 0);
  }
}
