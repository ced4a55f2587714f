/** The faults an S3 server, and the network before it, are known for. What each means: src/store/s3-errors.ts. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { S3Call } from './s3-call.ts';

export interface FaultCase extends S3Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Passes the request on and resolves with the server's answer, which the client has not seen. */
  forward(): Promise<Forwarded>;
  /** Takes the whole request, breaks the connection, and passes it on a little later. */
  forwardLate(): void;
}

export interface Forwarded {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

export interface Fault {
  /** Calls it is known from; all, where there are none. */
  readonly calls?: readonly string[];
  /** How often it comes, beside the others. */
  readonly weight: number;
  run(fault: FaultCase): void | Promise<void>;
}

const WITH_BODY = ['PutObject', 'UploadPart', 'CompleteMultipartUpload'];
const CONDITIONAL = ['PutObject', 'CompleteMultipartUpload'];
const DAY_MS = 86_400_000;

/** Answers that a server gives without having done anything. */
function refusal(status: number, code: string, headers: () => Record<string, string> = () => ({})) {
  return ({ request, response }: FaultCase) => {
    request.resume();
    request.once('end', () => {
      response.writeHead(status, { 'content-type': 'application/xml', ...headers() });
      response.end(request.method === 'HEAD' ? undefined : xmlError(code));
    });
  };
}

export function xmlError(code: string): string {
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>injected</Message></Error>`;
}

export const FAULTS: Readonly<Record<string, Fault>> = {
  'SlowDown 503': { weight: 3, run: refusal(503, 'SlowDown') },
  'InternalError 500': { weight: 3, run: refusal(500, 'InternalError') },
  'bad gateway 502': {
    weight: 2,
    run({ request, response }) {
      request.resume();
      request.once('end', () => {
        response.writeHead(502, { 'content-type': 'text/html' });
        response.end(request.method === 'HEAD' ? undefined : '<html><body>Bad Gateway</body></html>');
      });
    },
  },
  'BadDigest 400': { calls: WITH_BODY, weight: 1, run: refusal(400, 'BadDigest') },
  'RequestTimeout 400': { calls: WITH_BODY, weight: 1, run: refusal(400, 'RequestTimeout') },
  'ExpiredToken 400': { weight: 1, run: refusal(400, 'ExpiredToken') },
  // The client believes the date, and the server then refuses what it signs with it.
  'RequestTimeTooSkewed 403': {
    weight: 1,
    run: refusal(403, 'RequestTimeTooSkewed', () => ({ date: new Date(Date.now() + DAY_MS).toUTCString() })),
  },
  'ConditionalRequestConflict 409': {
    calls: CONDITIONAL,
    weight: 2,
    run: refusal(409, 'ConditionalRequestConflict'),
  },
  'NoSuchUpload 404': {
    calls: ['UploadPart', 'CompleteMultipartUpload'],
    weight: 2,
    run: refusal(404, 'NoSuchUpload'),
  },
  'error in 200, nothing done': {
    calls: ['CompleteMultipartUpload'],
    weight: 4,
    run: refusal(200, 'InternalError'),
  },
  'error in 200, all done': {
    calls: ['CompleteMultipartUpload'],
    weight: 4,
    async run({ forward, response }) {
      await forward();
      response.writeHead(200, { 'content-type': 'application/xml' }).end(`  ${xmlError('InternalError')}\n`);
    },
  },
  'reset before': { weight: 3, run: ({ request }) => void request.socket.destroy() },
  'reset in the body': {
    calls: WITH_BODY,
    weight: 2,
    run: ({ request }) => void request.once('data', () => request.socket.destroy()),
  },
  'answer lost': {
    weight: 4,
    async run({ forward, request }) {
      await forward();
      request.socket.destroy();
    },
  },
  'answer cut': {
    weight: 2,
    async run({ forward, request, response }) {
      const { status, headers, body } = await forward();
      response.writeHead(status, headers);
      if (body.length > 1) response.write(body.subarray(0, body.length / 2));
      else response.flushHeaders();
      setTimeout(() => request.socket.destroy(), 5);
    },
  },
  // Its sender has given up when it is carried out. Not CreateMultipartUpload: what is begun after everything else was
  // cleaned up nobody can know of; a lifecycle rule is for that.
  'carried out late': { calls: WITH_BODY, weight: 2, run: ({ forwardLate }) => forwardLate() },
  'never read': { calls: WITH_BODY, weight: 1, run() {} },
  'never answered': { weight: 1, run: ({ request }) => void request.resume() },
  'done and never answered': {
    weight: 1,
    async run({ forward }) {
      await forward();
    },
  },
  'answer stalls': {
    weight: 1,
    async run({ forward, response }) {
      const { status, headers, body } = await forward();
      if (body.length < 2) return;
      response.writeHead(status, headers);
      response.write(body.subarray(0, body.length / 2));
    },
  },
};
