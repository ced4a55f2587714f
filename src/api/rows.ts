/**
 * Streamed rows: what the reader sends is passed on with backpressure. The answer ends with the trailer `Lake-Summary`
 * (a ReadSummary as JSON). An error in the middle breaks the answer, see `fail` in server.ts.
 */
import { once } from 'node:events';
import type { BridgeError } from '../errors.ts';
import { asciiJson } from '../platform/ascii-json.ts';
import { heldBack } from '../platform/held-back.ts';
import { type ReadRequest, readRequestFromUrl } from '../read/request.ts';
import { summaryOf } from '../read/summary.ts';
import type { ReadStats } from '../read/types.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import { acceptedEncoding, compress } from './compress.ts';
import { acceptedFormat, formatHeaders } from './formats.ts';
import { type Call, type Route, TRAILERS } from './route.ts';
import { tableOf } from './tables.ts';

export interface RowsDeps {
  /** Starts a read; the stats are whole when the chunks have ended. */
  readonly read: (
    request: ReadRequest,
    signal: AbortSignal,
  ) => { chunks: AsyncIterable<Uint8Array>; stats(): ReadStats | undefined; cursor(): string | undefined };
  readonly metrics: Metrics;
}

export interface RowsAnswer {
  /** Of the file a browser would save, without its extension. */
  readonly name: string;
  /** Thrown where no row was found; absent: that is an answer like any other. */
  readonly whenEmpty?: () => BridgeError;
}

export function rowsRoutes(deps: RowsDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/tables/{table}/rows',
      access: 'read',
      handle(call) {
        const table = tableOf(call.params.table!);
        const query = new URLSearchParams(call.query);
        const format = acceptedFormat(call.request.headers.accept, 'json');
        if (format && !query.has('format')) query.set('format', format);
        return streamRows(deps, readRequestFromUrl(table, query), call, { name: table });
      },
    },
  ];
}

/** Answers with the rows of a read. */
export async function streamRows(deps: RowsDeps, request: ReadRequest, call: Call, answer: RowsAnswer): Promise<void> {
  const { table, format } = request;
  const { response, signal } = call;
  const { headers, method, httpVersion } = call.request;
  // HTTP/1.0 knows neither chunks nor trailers: there the end of the connection ends the answer.
  const hasTrailers = method !== 'HEAD' && httpVersion !== '1.0';
  // Pages of Parquet are compressed already.
  const encoding = format === 'parquet' ? undefined : acceptedEncoding(headers['accept-encoding']);
  const writeHead = (next?: string) => {
    const head = { ...formatHeaders(format, answer.name), Vary: 'Accept, Accept-Encoding' };
    for (const [name, value] of Object.entries(head)) response.setHeader(name, value);
    if (encoding) response.setHeader('Content-Encoding', encoding);
    // For clients without a way to trailers; it holds if the whole body comes.
    if (next !== undefined) response.setHeader('Lake-Cursor', next);
    if (hasTrailers) response.setHeader('Trailer', TRAILERS.summary);
    response.writeHead(200);
  };
  if (method === 'HEAD') {
    writeHead();
    response.end();
    return;
  }
  const startMs = performance.now();
  let stats = (): ReadStats | undefined => undefined;
  let code = 'ok';
  try {
    const read = deps.read(request, signal);
    stats = read.stats;
    const rows = heldBack(read.chunks, () => {
      if (answer.whenEmpty && stats()?.rows === 0) throw answer.whenEmpty();
    });
    for await (const chunk of encoding ? compress(rows, encoding) : rows) {
      if (!response.headersSent) writeHead(stats()?.cursor ?? read.cursor());
      if (!response.write(chunk)) await once(response, 'drain', { signal });
    }
    const found = stats();
    if (!response.headersSent) writeHead(found?.cursor);
    if (found && hasTrailers) {
      response.addTrailers({ [TRAILERS.summary]: asciiJson(summaryOf(found, performance.now() - startMs)) });
    }
    response.end();
  } catch (error) {
    code = 'error';
    throw error;
  } finally {
    deps.metrics.reads.inc({ table, format, code });
    deps.metrics.readRows.inc({ table }, stats()?.rows ?? 0);
  }
}
