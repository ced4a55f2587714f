/** OTLP/HTTP in protobuf (https://opentelemetry.io/docs/specs/otlp/#otlphttp-response). */
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { BridgeError, type ErrorCode } from '../errors.ts';
import type { ClientOptions, OtlpClient } from './client.ts';
import { MAX_ANSWER_BYTES, readStatus } from './status.ts';

const CONTENT_TYPE = 'application/x-protobuf';
const RETRYABLE: ReadonlySet<number> = new Set([429, 502, 503, 504]);
const CODES: Readonly<Record<number, ErrorCode>> = {
  400: 'invalid_argument',
  401: 'unauthenticated',
  403: 'permission_denied',
  404: 'not_found',
  405: 'method_not_allowed',
  413: 'too_large',
  415: 'unsupported_media_type',
};

const compress = promisify(gzip);

export function createHttpClient({ target, headers, gzip: isPacked, timeoutMs }: ClientOptions): OtlpClient {
  const origin = `${target.tls ? 'https' : 'http'}://${target.authority}${target.basePath}`;
  const sentHeaders = {
    ...headers,
    'content-type': CONTENT_TYPE,
    ...(isPacked ? { 'content-encoding': 'gzip' } : {}),
  };
  return {
    async send(signal, body, abort) {
      const bytes = isPacked ? await compress(body) : body;
      const timeout = AbortSignal.timeout(timeoutMs);
      try {
        const response = await fetch(`${origin}${signal.httpPath}`, {
          method: 'POST',
          headers: sentHeaders,
          body: new Uint8Array(bytes),
          redirect: 'manual', // a followed redirect may become a GET, and would lose the body
          signal: AbortSignal.any([abort, timeout]),
        });
        const answer = await readAnswer(response);
        if (!response.ok) throw refusal(response, answer);
        return answer;
      } catch (thrown) {
        abort.throwIfAborted();
        if (thrown instanceof BridgeError) throw thrown;
        const cause = thrown instanceof Error && thrown.cause instanceof Error ? thrown.cause : thrown;
        const what = timeout.aborted ? `no answer within ${timeoutMs} ms` : (cause as Error).message;
        throw new BridgeError('unavailable', `${origin} cannot be reached: ${what}`, { cause: thrown });
      }
    },
    close() {},
  };
}

async function readAnswer(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += part.byteLength;
    if (bytes > MAX_ANSWER_BYTES) {
      throw new BridgeError('unprocessable', `the answer is over ${MAX_ANSWER_BYTES} bytes`, {
        hint: 'See that the address is that of an OTLP receiver.',
      });
    }
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function refusal(response: Response, answer: Uint8Array): BridgeError {
  const { status, headers } = response;
  const isStatus = headers.get('content-type')?.startsWith(CONTENT_TYPE) ?? false;
  const info = isStatus ? readStatus(answer) : { message: undefined, retryAfterMs: undefined };
  const retryable = RETRYABLE.has(status);
  const code = CODES[status] ?? (retryable ? 'unavailable' : 'unprocessable');
  const retryAfterMs = retryAfter(headers.get('retry-after')) ?? info.retryAfterMs;
  return new BridgeError(code, `the receiver answered ${status}${info.message ? `: ${info.message}` : ''}`, {
    retryable,
    ...(retryable ? { retryAfterMs } : {}),
  });
}

/** Seconds or a date (RFC 9110, 10.2.3). */
function retryAfter(text: string | null): number | undefined {
  if (text === null) return undefined;
  if (/^\d+$/.test(text.trim())) return Number(text) * 1000;
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}
