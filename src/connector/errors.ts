/**
 * What the library throws. Inside there is one error type, BridgeError; here, in one place, it becomes the class a
 * caller can ask for with `instanceof`. The code of the BridgeError stays, and the BridgeError is the cause.
 */
import { BridgeError, type ErrorCode } from '../errors.ts';
import type { WrittenFile } from './types.ts';

/** What a batch write had stored when it failed. None of it is committed: reads do not show it, other engines may. */
export interface WrittenSoFar {
  /** Id of the commit that did not come about; it begins the files' names. */
  readonly commitId: string;
  readonly fileCount: number;
  readonly recordCount: number;
  readonly files: readonly WrittenFile[];
}

/** Of the constructors of errors. */
export interface ConnectorErrorOptions {
  readonly cause?: unknown;
  readonly hint?: string | undefined;
  readonly retryable?: boolean | undefined;
}

/** Base of everything the library throws. */
export class ConnectorError extends Error {
  override readonly name: string = 'ConnectorError';
  /** The kind of the trouble, more exact than the class: `permission_denied`, `unavailable`, `cancelled`, … */
  readonly code: ErrorCode;
  /** Whether the same call may succeed later without a change. */
  readonly retryable: boolean;
  /** What to do about it, as a sentence. */
  readonly hint: string | undefined;
  /** Of a failed `batchWrite`: what was stored by then. */
  written?: WrittenSoFar;

  constructor(code: ErrorCode, message: string, options: ConnectorErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.hint = options.hint;
    this.retryable = options.retryable ?? new BridgeError(code, message).retryable;
  }
}

/** The store (a bucket, or a directory) refused a call or did not answer. */
export class S3Error extends ConnectorError {
  override readonly name = 'S3Error';
}

/** A file cannot be written as Parquet, or what is stored is none. */
export class ParquetError extends ConnectorError {
  override readonly name = 'ParquetError';
}

/** Records do not fit their schema, or schemas do not fit each other. */
export class SchemaError extends ConnectorError {
  override readonly name = 'SchemaError';
}

/** The options or the TOML file cannot be used, or an argument of a call is none. */
export class ConfigError extends ConnectorError {
  override readonly name = 'ConfigError';
}

/** There is no such partition, object or file. */
export class NotFoundError extends ConnectorError {
  override readonly name = 'NotFoundError';
}

type ErrorClass = new (code: ErrorCode, message: string, options: ConnectorErrorOptions) => ConnectorError;

/** What was being done, which decides where the code alone does not. */
export type Stage = 'options' | 'schema' | 'parquet' | 'store' | 'read';

const OF_STAGE: Readonly<Record<Stage, ErrorClass>> = {
  options: ConfigError,
  schema: SchemaError,
  parquet: ParquetError,
  store: S3Error,
  read: ConfigError,
};

const OF_CODE: Readonly<Partial<Record<ErrorCode, ErrorClass>>> = {
  config: ConfigError,
  not_found: NotFoundError,
  corrupt: ParquetError,
  unauthenticated: S3Error,
  permission_denied: S3Error,
  already_exists: S3Error,
  conflict: S3Error,
  unavailable: S3Error,
  overloaded: S3Error,
  cancelled: ConnectorError,
};

/**
 * Any thrown value as an error of the library; one that is one already stays as it is. An Error of another kind, as a
 * source of records may throw, goes on as it is too: it is the caller's own.
 */
export function toConnectorError(thrown: unknown, stage: Stage): Error {
  if (thrown instanceof ConnectorError) return thrown;
  if (!(thrown instanceof BridgeError)) {
    return thrown instanceof Error ? thrown : new ConnectorError('internal', String(thrown), { cause: thrown });
  }
  const { code, message, hint, retryable } = thrown;
  // Of what is read, files that do not go together are told apart from a filter or a path that is none.
  const isMixed = stage === 'read' && code === 'unprocessable';
  const Class = isMixed ? SchemaError : (OF_CODE[code] ?? OF_STAGE[stage]);
  return new Class(code, message, { cause: thrown, hint, retryable });
}

/** Runs one call of the library; what it throws is an error of the library. */
export async function within<T>(stage: Stage, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toConnectorError(error, stage);
  }
}

/** The same for work that does not wait. */
export function withinSync<T>(stage: Stage, work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw toConnectorError(error, stage);
  }
}
