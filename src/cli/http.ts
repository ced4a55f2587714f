/** HTTP for commands: over TCP, TLS or a Unix socket, with the trailers that `fetch` does not show. */
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { BridgeError } from '../errors.ts';

export interface HttpClient {
  /** The answer as soon as its head is there. Throws `unavailable` where nobody answers. */
  send(method: string, path: string, options?: SendOptions): Promise<IncomingMessage>;
}

export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** `base` is `http://host:port`, `https://host:port` or `unix:/path`; `tls` says which of the two a socket speaks. */
export function createHttpClient(base: string, tls: boolean): HttpClient {
  const socketPath = base.startsWith('unix:') ? base.slice('unix:'.length) : undefined;
  const url = parseBase(socketPath === undefined ? base : `${tls ? 'https' : 'http'}://lake`, base);
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const prefix = url.pathname.replace(/\/$/, '');
  return {
    send(method, path, { headers = {}, signal } = {}) {
      return new Promise((resolve, reject) => {
        const where =
          socketPath === undefined ? { host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port } : { socketPath };
        // As it is written: a parser of URLs would take `..` in a partition path as a way to another route.
        const request = send({
          ...where,
          path: prefix + path,
          method,
          headers: { host: url.host, ...headers },
          ...(signal ? { signal } : {}),
        });
        request.once('response', resolve);
        request.once('error', (cause) => {
          const hint = 'Start the bridge, correct --url or server.api, or read the store itself with --direct.';
          reject(
            signal?.aborted
              ? signal.reason
              : new BridgeError('unavailable', `the bridge at ${base} does not answer: ${reasonOf(cause)}`, {
                  cause,
                  hint,
                }),
          );
        });
        request.end();
      });
    },
  };
}

function parseBase(text: string, given: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  throw new BridgeError('config', `--url ${given} is no address of a bridge`, {
    hint: 'Write http://127.0.0.1:4319, https://host:port or unix:/run/lake.sock.',
  });
}

/** Node tries several addresses of one name and then has an error without a message. */
function reasonOf(error: Error & { code?: string }): string {
  return error.message || error.code || 'no connection';
}
