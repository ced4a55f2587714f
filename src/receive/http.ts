/**
 * OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp): POST of protobuf or JSON on a signal's path; every
 * answer, also to a request that is refused, is in the request's encoding.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerConfig } from '../config/types.ts';
import { BridgeError, STATUS } from '../errors.ts';
import type { ContentEncoding, ContentType, Signal } from '../model/signal.ts';
import { type Address, createHttpServer, listen, stopServer } from '../platform/listen.ts';
import type { TokenCheck } from '../platform/tokens.ts';
import type { AnswerCodec } from './answers.ts';
import { readBody } from './body.ts';
import type { Handler } from './handler.ts';

export interface HttpReceiver {
  readonly address: Address;
  /** Takes no new connections, lets requests end within the deadline, then cuts them. */
  stop(deadlineMs: number): Promise<void>;
}

export interface HttpReceiverOptions {
  readonly server: ServerConfig;
  readonly signals: readonly Signal[];
  readonly handler: Handler;
  readonly codec: AnswerCodec;
  readonly checkToken: TokenCheck;
}

const CONTENT_TYPES: Readonly<Record<string, ContentType>> = {
  'application/x-protobuf': 'protobuf',
  'application/json': 'json',
};
const ENCODINGS: readonly ContentEncoding[] = ['identity', 'gzip', 'zstd', 'deflate'];

export async function startHttpReceiver(options: HttpReceiverOptions): Promise<HttpReceiver> {
  const { server: config, handler, codec } = options;
  const routes = new Map(options.signals.map((signal) => [signal.httpPath, signal]));

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?', 1)[0] ?? '';
    const signal = routes.get(path);
    const contentType = contentTypeOf(request);
    let release: (() => void) | undefined;
    let handled = false;
    try {
      allowOrigin(request, response);
      if (request.method === 'OPTIONS' && request.headers.origin) return preflight(response);
      if (!signal) throw unknownPath(path, [...routes.keys()]);
      if (request.method !== 'POST') throw wrongMethod(request, response);
      if (!contentType) throw wrongContentType(request);
      const contentEncoding = contentEncodingOf(request);
      options.checkToken(request.headers.authorization);
      release = handler.admit(declaredLength(request, config.maxRequestBytes));
      const body = await readBody(request, config.maxRequestBytes);
      handled = true;
      const outcome = await handler.handle({ signal, transport: 'http', contentType, contentEncoding, body });
      answer(response, 200, contentType, codec.success(signal, contentType, outcome));
    } catch (thrown) {
      const error = BridgeError.from(thrown);
      if (!handled) handler.refused(signal, 'http', error);
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (error.retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(error.retryAfterMs / 1000));
      // What is left of a body we refused is not read: the connection ends with the answer.
      if (!request.complete) response.setHeader('Connection', 'close');
      const type = contentType ?? 'json';
      answer(response, STATUS[error.code].http, type, codec.status(type, error));
    } finally {
      release?.();
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => void onRequest(request, response);
  const server = createHttpServer(config.tls, listener);
  server.keepAliveTimeout = 65_000; // longer than the usual 60 s of load balancers, which otherwise reuse a closing connection
  server.requestTimeout = 120_000;
  const address = await listen(server, config.otlpHttp, 'server.otlp_http');

  function allowOrigin(request: IncomingMessage, response: ServerResponse): void {
    const origin = request.headers.origin;
    if (!origin) return;
    const { allowedOrigins } = config.cors;
    if (!allowedOrigins.includes('*') && !allowedOrigins.includes(origin)) return;
    response.setHeader('Access-Control-Allow-Origin', origin);
    response.setHeader('Vary', 'Origin');
  }

  return {
    address,
    stop: (deadlineMs) => stopServer(server, deadlineMs),
  };
}

function answer(response: ServerResponse, status: number, contentType: ContentType, body: Uint8Array): void {
  response.writeHead(status, {
    'Content-Type': contentType === 'json' ? 'application/json' : 'application/x-protobuf',
    'Content-Length': body.byteLength,
  });
  response.end(body);
}

function preflight(response: ServerResponse): void {
  response.writeHead(204, {
    'Access-Control-Allow-Methods': 'POST',
    'Access-Control-Allow-Headers': 'authorization,content-type,content-encoding',
    'Access-Control-Max-Age': '7200',
  });
  response.end();
}

function contentTypeOf(request: IncomingMessage): ContentType | undefined {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase();
  return CONTENT_TYPES[type ?? ''];
}

function contentEncodingOf(request: IncomingMessage): ContentEncoding {
  const name = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  const encoding = ENCODINGS.find((known) => known === name);
  if (encoding) return encoding;
  throw new BridgeError('unsupported_media_type', `Content-Encoding "${name}" is not supported`, {
    hint: `Use one of ${ENCODINGS.join(', ')}.`,
  });
}

/** Content-Length, or the limit where the body comes in chunks of unknown number. */
function declaredLength(request: IncomingMessage, maxBytes: number): number {
  const length = request.headers['content-length'];
  return length === undefined ? Math.min(maxBytes, 1024 * 1024) : Math.min(Number(length), maxBytes);
}

function unknownPath(path: string, known: readonly string[]): BridgeError {
  return new BridgeError('not_found', `there is nothing at ${path}`, { hint: `OTLP is taken at ${known.join(', ')}.` });
}

function wrongMethod(request: IncomingMessage, response: ServerResponse): BridgeError {
  response.setHeader('Allow', 'POST');
  return new BridgeError('method_not_allowed', `${request.method} is not allowed here`, { hint: 'Use POST.' });
}

function wrongContentType(request: IncomingMessage): BridgeError {
  const found = request.headers['content-type'];
  return new BridgeError(
    'unsupported_media_type',
    found ? `Content-Type "${found}" is not supported` : 'the Content-Type header is missing',
    { hint: 'Use application/x-protobuf or application/json.' },
  );
}
