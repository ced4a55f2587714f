/** Browsers that send from pages of other origins (https://fetch.spec.whatwg.org/#http-cors-protocol). */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { CorsConfig } from '../config/types.ts';

/** Request headers of every OTLP exporter that a browser asks for first. */
const OTLP_HEADERS = ['authorization', 'content-encoding', 'content-type'];
/** What a page may read of an answer. */
const EXPOSED_HEADERS = 'Retry-After';

export interface Cors {
  /** Adds what lets the page read the answer, also where that is an error. */
  allow(request: IncomingMessage, response: ServerResponse): void;
  /** Answers a preflight request; false where the request is none. */
  preflight(request: IncomingMessage, response: ServerResponse): boolean;
}

export function createCors(config: CorsConfig): Cors {
  const { allowedOrigins, allowedHeaders, maxAgeSeconds } = config;
  const patterns = allowedOrigins.map(originPattern);
  const isAllowed = (origin: string) => patterns.some((pattern) => pattern.test(origin));
  const anyHeader = allowedHeaders.includes('*');
  const headers = [...new Set([...OTLP_HEADERS, ...allowedHeaders.map((name) => name.toLowerCase())])].join(', ');

  return {
    allow(request, response) {
      if (patterns.length === 0) return;
      response.setHeader('Vary', 'Origin');
      const { origin } = request.headers;
      if (origin === undefined || !isAllowed(origin)) return;
      response.setHeader('Access-Control-Allow-Origin', origin);
      response.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    },
    preflight(request, response) {
      const { origin, 'access-control-request-method': method } = request.headers;
      if (request.method !== 'OPTIONS' || origin === undefined || method === undefined) return false;
      if (isAllowed(origin)) {
        const asked = request.headers['access-control-request-headers'];
        response.setHeader('Access-Control-Allow-Methods', 'POST');
        response.setHeader('Access-Control-Allow-Headers', anyHeader && asked ? asked : headers);
        response.setHeader('Access-Control-Max-Age', String(maxAgeSeconds));
      }
      response.writeHead(204);
      response.end();
      return true;
    },
  };
}

/** "*" stands for any text without a slash, so that it cannot leave the host's part of an origin. */
function originPattern(allowed: string): RegExp {
  if (allowed === '*') return /^/;
  const parts = allowed.split('*').map((part) => part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^/]*')}$`, 'i');
}
