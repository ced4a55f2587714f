/** One trace by its id: as OTLP/JSON, or its rows in any format of a read. */
import { BridgeError } from '../errors.ts';
import { readRequestFromUrl } from '../read/request.ts';
import { acceptedFormat } from './formats.ts';
import { onlyParams, type Route } from './route.ts';
import { type RowsDeps, streamRows } from './rows.ts';

/** `from` and `to` spare the search: files without rows of that time are not touched. */
const PARAMETERS = ['format', 'select', 'from', 'to', 'buffered', 'on_error'];

export function traceRoutes(deps: RowsDeps): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/v1/traces/{trace_id}',
      access: 'read',
      handle(call) {
        onlyParams(call.query, PARAMETERS);
        const traceId = checkTraceId(call.params.trace_id!);
        const query = new URLSearchParams(call.query);
        query.set('filter', `trace_id = '${traceId}'`);
        if (!query.has('format')) {
          query.set('format', acceptedFormat(call.request.headers.accept, 'otlp-json') ?? 'otlp-json');
        }
        return streamRows(deps, readRequestFromUrl('traces', query), call, {
          name: `trace-${traceId}`,
          whenEmpty: () => new BridgeError('not_found', `there is no span of trace ${traceId}`),
        });
      },
    },
  ];
}

function checkTraceId(text: string): string {
  if (/^[0-9a-fA-F]{32}$/.test(text)) return text.toLowerCase();
  throw new BridgeError('invalid_argument', `"${text}" is no trace id`, { hint: 'A trace id has 32 hex digits.' });
}
