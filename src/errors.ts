/**
 * The one error type of the bridge, and the one table from its codes to gRPC and HTTP status.
 *
 * Every error that leaves a module is a BridgeError. Its message says what was found and what was expected;
 * `hint` says what to do. `retryable` means that the same call may succeed later without a change by the caller:
 * on OTLP it decides between an answer that senders retry and one on which they drop the data
 * (https://opentelemetry.io/docs/specs/otlp/#failures).
 */

/** What kind of trouble an error is: by it a caller decides what to do. */
export type ErrorCode =
  | 'invalid_argument' // the input can never be accepted as it is
  | 'unauthenticated'
  | 'permission_denied'
  | 'not_found'
  | 'method_not_allowed'
  | 'already_exists' // a conditional create found the object
  | 'conflict'
  | 'too_large' // over a size limit; the same input stays too large
  | 'unsupported_media_type'
  | 'unprocessable' // well formed, but cannot be carried out on this lake
  | 'corrupt' // stored bytes do not hold what their format promises
  | 'overloaded' // a limit on memory, queue or journal is reached for now
  | 'unavailable' // a part that is needed (store, journal disk) does not answer for now
  | 'cancelled'
  | 'config' // the configuration cannot be used
  | 'internal'; // a defect of the bridge itself

interface StatusRow {
  readonly http: number;
  /** Numeric code of google.rpc.Code. */
  readonly grpc: number;
  readonly retryable: boolean;
}

/** No row answers 500 / INTERNAL / UNKNOWN to a sender: senders drop data on those. */
export const STATUS: Readonly<Record<ErrorCode, StatusRow>> = {
  invalid_argument: { http: 400, grpc: 3, retryable: false },
  unauthenticated: { http: 401, grpc: 16, retryable: false },
  permission_denied: { http: 403, grpc: 7, retryable: false },
  not_found: { http: 404, grpc: 5, retryable: false },
  method_not_allowed: { http: 405, grpc: 12, retryable: false },
  already_exists: { http: 409, grpc: 6, retryable: false },
  conflict: { http: 409, grpc: 10, retryable: true },
  too_large: { http: 413, grpc: 8, retryable: false },
  unsupported_media_type: { http: 415, grpc: 3, retryable: false },
  unprocessable: { http: 422, grpc: 9, retryable: false },
  corrupt: { http: 422, grpc: 9, retryable: false },
  overloaded: { http: 503, grpc: 14, retryable: true },
  unavailable: { http: 503, grpc: 14, retryable: true },
  cancelled: { http: 503, grpc: 14, retryable: true },
  config: { http: 503, grpc: 14, retryable: false },
  internal: { http: 503, grpc: 14, retryable: true },
};

export interface BridgeErrorOptions {
  /** What the reader of the message can do about it, as a sentence. */
  readonly hint?: string | undefined;
  readonly cause?: unknown;
  /** Overrides the default of the code. */
  readonly retryable?: boolean | undefined;
  /** How long a client should wait before it tries again, where that is known. */
  readonly retryAfterMs?: number | undefined;
}

export class BridgeError extends Error {
  override readonly name = 'BridgeError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly hint: string | undefined;
  readonly retryAfterMs: number | undefined;

  constructor(code: ErrorCode, message: string, options: BridgeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? STATUS[code].retryable;
    this.hint = options.hint;
    this.retryAfterMs = options.retryAfterMs;
  }

  /** Any thrown value as a BridgeError; what is none already becomes `internal` with the value as its cause. */
  static from(thrown: unknown, context?: string): BridgeError {
    if (thrown instanceof BridgeError) return thrown;
    const text = thrown instanceof Error ? thrown.message : String(thrown);
    return new BridgeError('internal', context ? `${context}: ${text}` : text, { cause: thrown });
  }
}

/** A BridgeError as plain data, for the way between threads (structured clone keeps no class). */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint: string | undefined;
  readonly retryable: boolean;
  readonly retryAfterMs: number | undefined;
  readonly stack: string | undefined;
}

export function errorToData(thrown: unknown): ErrorData {
  const { code, message, hint, retryable, retryAfterMs, stack } = BridgeError.from(thrown);
  return { code, message, hint, retryable, retryAfterMs, stack };
}

export function errorFromData(data: ErrorData): BridgeError {
  const { hint, retryable, retryAfterMs } = data;
  const error = new BridgeError(data.code, data.message, { hint, retryable, retryAfterMs });
  if (data.stack) error.stack = data.stack;
  return error;
}
