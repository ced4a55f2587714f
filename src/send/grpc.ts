/** OTLP/gRPC (https://opentelemetry.io/docs/specs/otlp/#otlpgrpc-response). */
import { Client, compressionAlgorithms, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import { BridgeError, type ErrorCode } from '../errors.ts';
import type { ClientOptions, OtlpClient } from './client.ts';
import { MAX_ANSWER_BYTES, readStatus } from './status.ts';

const RETRYABLE: ReadonlySet<number> = new Set([
  status.CANCELLED,
  status.DEADLINE_EXCEEDED,
  status.ABORTED,
  status.OUT_OF_RANGE,
  status.UNAVAILABLE,
  status.DATA_LOSS,
]);
const CODES: Readonly<Partial<Record<number, ErrorCode>>> = {
  [status.INVALID_ARGUMENT]: 'invalid_argument',
  [status.UNAUTHENTICATED]: 'unauthenticated',
  [status.PERMISSION_DENIED]: 'permission_denied',
  [status.NOT_FOUND]: 'not_found',
  [status.UNIMPLEMENTED]: 'method_not_allowed',
  [status.RESOURCE_EXHAUSTED]: 'too_large',
};

export function createGrpcClient({ target, headers, gzip, timeoutMs }: ClientOptions): OtlpClient {
  const channel = target.tls ? credentials.createSsl() : credentials.createInsecure();
  const client = new Client(target.authority, channel, {
    'grpc.default_compression_algorithm': gzip ? compressionAlgorithms.gzip : compressionAlgorithms.identity,
    'grpc.max_receive_message_length': MAX_ANSWER_BYTES,
    'grpc.enable_retries': 0, // what is tried again is decided, and counted, by the caller
  });
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  const identity = (value: Buffer) => value;

  return {
    send: (signal, body, abort) =>
      new Promise((resolve, reject) => {
        abort.throwIfAborted();
        const call = client.makeUnaryRequest(
          `/${signal.grpcService}/Export`,
          identity,
          identity,
          Buffer.from(body.buffer, body.byteOffset, body.byteLength),
          metadata,
          { deadline: Date.now() + timeoutMs },
          (error: ServiceError | null, answer?: Buffer) => {
            abort.removeEventListener('abort', cancel);
            if (abort.aborted) reject(abort.reason);
            else if (error) reject(refusal(error, target.authority));
            else resolve(answer!);
          },
        );
        const cancel = () => call.cancel();
        abort.addEventListener('abort', cancel);
      }),
    close: () => client.close(),
  };
}

/** RESOURCE_EXHAUSTED is tried again only where RetryInfo says that the receiver can recover. */
function refusal(error: ServiceError, authority: string): BridgeError {
  const [details] = error.metadata.get('grpc-status-details-bin');
  const info = Buffer.isBuffer(details) ? readStatus(details) : { message: undefined, retryAfterMs: undefined };
  const exhausted = error.code === status.RESOURCE_EXHAUSTED && info.retryAfterMs !== undefined;
  const retryable = exhausted || RETRYABLE.has(error.code);
  const code = retryable ? 'unavailable' : (CODES[error.code] ?? 'unprocessable');
  return new BridgeError(code, `${authority} answered ${status[error.code]}: ${info.message ?? error.details}`, {
    retryable,
    retryAfterMs: info.retryAfterMs,
    cause: error,
  });
}
