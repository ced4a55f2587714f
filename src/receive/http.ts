/**
 * OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp): POST of protobuf or JSON on a signal's path; every
 * answer, also to a request that is refused, is in the request's encoding.
 */
import { type IncomingMessage, type Server, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { BridgeError, STATUS } from '../errors.ts';
import type { ContentEncoding, ContentType } from '../model/signal.ts';
import { createHttpServer, listen, stopServer } from '../platform/listen.ts';
import { type AnswerCodec, answerable } from './answers.ts';
import { readBody } from './body.ts';
import { createCors } from './cors.ts';
import { ACCEPTED_ENCODINGS, asksForGzip, encodingByName, unknownEncoding } from './encodings.ts';
import type { Admission } from './handler.ts';
import type { Receiver, ReceiverOptions } from './receiver.ts';

const CONTENT_TYPES: Readonly<Record<string, ContentType>> = {
  'application/x-protobuf': 'protobuf',
  'application/json': 'json',
};

/** Answers are tiny; below this gzip makes them larger. */
const MIN_GZIP_BYTES = 256;

export async function startHttpReceiver(options: ReceiverOptions): Promise<Receiver> {
  const { server: config, handler, codec } = options;
  const routes = new Map(options.signals.map((signal) => [config[`${signal.name}Path`], signal]));
  const cors = createCors(config.cors);

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url?.split('?', 1)[0] ?? '';
    const signal = routes.get(path);
    const contentType = contentTypeOf(request);
    const gzip = asksForGzip(request.headers['accept-encoding']);
    let admission: Admission | undefined;
    let handled = false;
    try {
      cors.allow(request, response);
      if (cors.preflight(request, response)) return;
      if (!signal) throw unknownPath(path, [...routes.keys()]);
      if (request.method !== 'POST') throw wrongMethod(request, response);
      if (!contentType) throw wrongContentType(request);
      const contentEncoding = contentEncodingOf(request, response);
      options.checkToken(request.headers.authorization);
      admission = handler.admit();
      const parts = await readBody(request, config.maxRequestBytes, admission);
      admission.begin();
      handled = true;
      const outcome = await handler.handle({ signal, transport: 'http', contentType, contentEncoding, parts });
      answer(response, 200, contentType, codec.success(signal, contentType, outcome), gzip);
    } catch (thrown) {
      const error = answerable(thrown);
      if (!handled) handler.refused(signal, 'http', error);
      if (response.headersSent || response.destroyed) return void response.destroy();
      if (error.retryAfterMs !== undefined) response.setHeader('Retry-After', Math.ceil(error.retryAfterMs / 1000));
      if (error.code === 'unauthenticated') response.setHeader('WWW-Authenticate', 'Bearer');
      if (!request.complete) {
        // A sender that is still sending gets a reset instead of its answer where nobody reads: so the rest is read and
        // dropped, if there is an end to it. Else the connection ends with the answer.
        if (Number(request.headers['content-length']) <= config.maxRequestBytes) request.resume();
        else response.setHeader('Connection', 'close');
      }
      const type = contentType ?? 'json';
      answer(response, STATUS[error.code].http, type, codec.status(type, error), gzip);
    } finally {
      admission?.release();
    }
  }

  const listener = (request: IncomingMessage, response: ServerResponse) => void onRequest(request, response);
  // Without the check a request that has no Host header gets our answer instead of Node's, which has no body.
  const server = createHttpServer(config.tls, config.connections, listener, { requireHostHeader: false });
  server.keepAliveTimeout = 65_000; // longer than the usual 60 s of load balancers, which otherwise reuse a closing connection
  server.on('checkExpectation', listener); // an expectation we do not know may be ignored (RFC 9110, 10.1.1)
  answerBrokenRequests(server, codec);
  const address = await listen(server, config.otlpHttp, 'server.otlp_http');
  return { address, stop: (deadlineMs) => stopServer(server, deadlineMs) };
}

function answer(response: ServerResponse, status: number, type: ContentType, body: Uint8Array, gzip: boolean): void {
  const isPacked = gzip && body.byteLength >= MIN_GZIP_BYTES;
  const sent = isPacked ? gzipSync(body) : body;
  if (isPacked) {
    response.setHeader('Content-Encoding', 'gzip');
    response.appendHeader('Vary', 'Accept-Encoding');
  }
  response.writeHead(status, {
    'Content-Type': type === 'json' ? 'application/json' : 'application/x-protobuf',
    'Content-Length': sent.byteLength,
  });
  response.end(sent);
}

/** A Status, in JSON, for what does not become a request: broken HTTP, headers that are too large, a sender too slow. */
function answerBrokenRequests(server: Server, codec: AnswerCodec): void {
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Duplex) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    const status = BROKEN_STATUS[error.code ?? ''] ?? 400;
    const problem = new BridgeError(
      'invalid_argument',
      `this is no HTTP request that can be answered: ${error.message}`,
    );
    const body = Buffer.from(codec.status('json', answerable(problem)));
    const head = `Connection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    socket.end(Buffer.concat([Buffer.from(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head}\r\n\r\n`), body]));
  });
}

const BROKEN_STATUS: Readonly<Record<string, number>> = {
  HPE_HEADER_OVERFLOW: 431,
  ERR_HTTP_REQUEST_TIMEOUT: 408,
};

function contentTypeOf(request: IncomingMessage): ContentType | undefined {
  const type = request.headers['content-type']?.split(';', 1)[0]?.trim().toLowerCase() ?? '';
  return Object.hasOwn(CONTENT_TYPES, type) ? CONTENT_TYPES[type] : undefined;
}

function contentEncodingOf(request: IncomingMessage, response: ServerResponse): ContentEncoding {
  const name = request.headers['content-encoding'];
  const encoding = encodingByName(name);
  if (encoding) return encoding;
  response.setHeader('Accept-Encoding', ACCEPTED_ENCODINGS.join(', '));
  throw unknownEncoding('Content-Encoding', name);
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
