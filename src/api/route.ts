/** Routes as a table: what is asked for, who may ask, and the function that answers. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { BridgeError, STATUS } from '../errors.ts';
import { asciiJson } from '../platform/ascii-json.ts';

export type Access = 'open' | 'read' | 'admin';

export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Segments; `{name}` takes one, `{name+}` takes the rest, still percent-encoded. */
  readonly path: string;
  readonly access: Access;
  handle(call: Call): Promise<void> | void;
}

export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Values of the path's `{name}` segments; decoded, but for `{name+}`. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

export interface RouteMatch {
  readonly route: Route;
  readonly params: Record<string, string>;
}

/** Finds the route for a path; throws `not_found`, or `method_not_allowed` with the methods that are. */
export function matchRoute(routes: readonly Route[], method: string, path: string): RouteMatch {
  const allowed: string[] = [];
  for (const route of routes) {
    const params = matchPath(route.path, path);
    if (!params) continue;
    if (route.method === method || (method === 'HEAD' && route.method === 'GET')) return { route, params };
    allowed.push(route.method);
  }
  if (allowed.length > 0) {
    throw new BridgeError('method_not_allowed', `${method} is not allowed at ${path}`, {
      hint: `Use ${allowed.join(', ')}.`,
    });
  }
  throw new BridgeError('not_found', `there is nothing at ${path}`, { hint: 'GET / lists what there is.' });
}

function matchPath(pattern: string, path: string): Record<string, string> | undefined {
  const wanted = pattern.split('/');
  const found = path.split('/');
  const params: Record<string, string> = {};
  for (let i = 0; i < wanted.length; i++) {
    const name = /^\{(\w+)(\+?)\}$/.exec(wanted[i]!);
    if (name?.[2]) {
      params[name[1]!] = found.slice(i).join('/');
      return found.length > i ? params : undefined;
    }
    if (found[i] === undefined) return undefined;
    if (name) params[name[1]!] = decodeSegment(found[i]!);
    else if (found[i] !== wanted[i]) return undefined;
  }
  return found.length === wanted.length ? params : undefined;
}

function decodeSegment(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new BridgeError('invalid_argument', `"${segment}" in the path is not valid percent-encoding`);
  }
}

/** Fields behind the body of a streamed answer. */
export const TRAILERS = {
  /** ReadSummary as JSON; without it an answer is not whole. */
  summary: 'Lake-Summary',
  /** `{ "code", "message", "hint" }`: the answer broke off. Only for clients that say `TE: trailers`. */
  error: 'Lake-Error',
} as const;

export function sendJson(response: ServerResponse, status: number, value: unknown): void {
  const body = Buffer.from(`${JSON.stringify(value)}\n`);
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': body.length });
  response.end(body);
}

/** `{ "error": { "code", "message", "hint" } }`. */
export function sendError(response: ServerResponse, error: BridgeError): void {
  if (error.retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(error.retryAfterMs / 1000));
  if (error.code === 'unauthenticated') response.setHeader('WWW-Authenticate', 'Bearer');
  sendJson(response, STATUS[error.code].http, { error: errorBody(error) });
}

/**
 * Ends an answer whose body had begun. A client that has said it reads trailers gets the error in one. For any other
 * the only honest sign is a broken connection: a short answer would look whole.
 */
export function breakOff(request: IncomingMessage, response: ServerResponse, error: BridgeError): void {
  const readsTrailers = /\btrailers\b/i.test(String(request.headers.te ?? '')) && response.hasHeader('Trailer');
  if (!readsTrailers) return void response.destroy();
  response.addTrailers({ [TRAILERS.error]: asciiJson(errorBody(error)) });
  response.end();
}

function errorBody({ code, message, hint }: BridgeError) {
  return { code, message, hint };
}

/** A yes or no in a query; throws on anything else. */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null || value === 'false' || value === '0') return false;
  if (value === '' || value === 'true' || value === '1') return true;
  throw new BridgeError('invalid_argument', `${name}=${value} is neither true nor false`);
}

/** Throws where the query names something the route does not know: a misspelt parameter must not be ignored. */
export function onlyParams(query: URLSearchParams, known: readonly string[]): void {
  for (const name of query.keys()) {
    if (known.includes(name)) continue;
    throw new BridgeError('invalid_argument', `unknown parameter "${name}"`, { hint: `Known: ${known.join(', ')}.` });
  }
}
