/** The HTTP interface for people and programs that read and administer the lake. */
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { ConnectionLimits, TlsConfig } from '../config/types.ts';
import { BridgeError } from '../errors.ts';
import { type Address, createHttpServer, listen, stopServer } from '../platform/listen.ts';
import type { TokenCheck } from '../platform/tokens.ts';
import type { Logger } from '../telemetry/log.ts';
import { type Access, breakOff, matchRoute, type Route, sendError } from './route.ts';

export interface ApiServer {
  readonly address: Address;
  stop(deadlineMs: number): Promise<void>;
}

export interface ApiServerOptions {
  readonly address: string;
  /** Configuration key of the address, for messages. */
  readonly key: string;
  readonly tls: TlsConfig | undefined;
  readonly limits: ConnectionLimits;
  readonly routes: readonly Route[];
  readonly tokens: Readonly<Record<Access, TokenCheck>>;
  readonly log: Logger;
}

/** A filter stands in the first line of a request, and may list a thousand trace ids. */
const MAX_HEADER_BYTES = 64 * 1024;

export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { tls, limits } = options;
  const answer = (request: IncomingMessage, response: ServerResponse) => void dispatch(request, response);
  const server: Server = createHttpServer(tls, limits, answer, { maxHeaderSize: MAX_HEADER_BYTES });
  const address = await listen(server, options.address, options.key);

  async function dispatch(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => gone.abort(new BridgeError('cancelled', 'the client has gone')));
    const [path = '/', search = ''] = (request.url ?? '/').split('?', 2);
    try {
      const { route, params } = matchRoute(options.routes, request.method ?? 'GET', path);
      options.tokens[route.access](request.headers.authorization);
      await route.handle({ request, response, params, query: new URLSearchParams(search), signal: gone.signal });
    } catch (thrown) {
      fail(request, response, BridgeError.from(thrown), gone.signal.aborted);
    }
  }

  function fail(request: IncomingMessage, response: ServerResponse, error: BridgeError, clientGone: boolean): void {
    if (clientGone) return void response.destroy();
    const [path] = (request.url ?? '/').split('?', 1);
    const level = error.code === 'internal' ? 'error' : 'info';
    options.log[level]({ path, code: error.code, err: error.code === 'internal' ? error : undefined }, error.message);
    if (response.headersSent) breakOff(request, response, error);
    else sendError(response, error);
  }

  return { address, stop: (deadlineMs) => stopServer(server, deadlineMs) };
}
