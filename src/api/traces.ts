/** One trace by its id: as OTLP/JSON, or its rows in any format of a read. */
import { BridgeError } from '../errors.ts';
import { readRequestFromUrl } from '../read/request.ts';
import { onlyParams, type Route } from './route.ts';
import { type RowsDeps, streamRows } from './rows.ts';

export interface TraceDeps extends RowsDeps {
  /** Rows as an Arrow IPC stream to the text of an ExportTraceServiceRequest in OTLP/JSON. */
  readonly toOtlpJson: (arrow: AsyncIterable<Uint8Array>) => Promise<{ readonly json: string; readonly rows: number }>;
}

/** Spans of a trace that are put together in memory at most. */
const MAX_SPANS = 100_000;

export function traceRoutes(deps: TraceDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/traces/{trace_id}',
      access: 'read',
      async handle({ params, query, response, signal }) {
        onlyParams(query, ['format']);
        const traceId = checkTraceId(params.trace_id!);
        const format = query.get('format') ?? 'otlp-json';
        const filter = `trace_id = '${traceId}'`;
        if (format !== 'otlp-json') {
          return streamRows(
            deps,
            readRequestFromUrl('traces', new URLSearchParams({ filter, format })),
            response,
            signal,
          );
        }
        const words = new URLSearchParams({ filter, limit: String(MAX_SPANS), format: 'arrow' });
        const { json, rows } = await deps.toOtlpJson(deps.read(readRequestFromUrl('traces', words), signal).chunks);
        if (rows === 0) throw new BridgeError('not_found', `there is no span of trace ${traceId}`);
        response.writeHead(200, { 'Content-Type': 'application/json' });
        response.end(json);
      },
    },
  ];
}

function checkTraceId(text: string): string {
  if (/^[0-9a-fA-F]{32}$/.test(text)) return text.toLowerCase();
  throw new BridgeError('invalid_argument', `"${text}" is no trace id`, { hint: 'A trace id has 32 hex digits.' });
}
