/**
 * Errors of S3 as BridgeErrors, sorted by what the caller can do. Codes are those of
 * https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, of servers like it, and of Node's network layer.
 *
 * The SDK's error objects hold access keys, signatures and whole responses, so none of them goes on as a cause: only
 * name, message, status and request id are kept.
 */
import { BridgeError, type ErrorCode } from '../errors.ts';
import { alreadyExists, cancelled, notFound } from './common.ts';

export interface S3Where {
  /** Of the API, which is also the name of the permission: `PutObject`. */
  readonly action: string;
  readonly bucket: string;
  /** With the lake's prefix; undefined for calls on the bucket. */
  readonly key?: string | undefined;
  readonly region: string;
  readonly endpoint: string | undefined;
  /** Account that the bucket was expected to belong to. */
  readonly owner?: string | undefined;
}

interface Row {
  readonly code: ErrorCode;
  readonly hint: string;
}

const row = (code: ErrorCode, hint: string): Row => ({ code, hint });

const KEYS =
  'Check access key and secret: [s3.credentials], or the AWS_* environment variables and profile of this process.';
const EXPIRED = 'The session token has expired: renew it.';
const TOKEN = 'The session token is not valid, or its session has ended: renew it.';
const KMS =
  'Check kms_key_id in [s3.encryption], that the key is there and enabled, and that this server has a KMS at all.';
const DAMAGED = 'The request was cut or changed on its way; calls are tried again.';
const ROWS: Readonly<Record<string, Row>> = {
  NoSuchBucket: row('config', 'Create the bucket, set create_bucket = true in [s3], or correct the name.'),
  InvalidBucketName: row('config', 'Correct bucket in [s3].'),
  BucketAlreadyExists: row('config', 'The name is taken by another account: choose another bucket in [s3].'),
  AllAccessDisabled: row('config', 'The account or bucket is disabled.'),
  InvalidAccessKeyId: row('unauthenticated', KEYS),
  XAdminUserNotFound: row('unauthenticated', KEYS), // versitygw's name, with HTTP 404
  SignatureDoesNotMatch: row('unauthenticated', KEYS),
  ExpiredToken: row('unauthenticated', EXPIRED),
  ExpiredTokenException: row('unauthenticated', EXPIRED),
  TokenRefreshRequired: row('unauthenticated', EXPIRED),
  InvalidToken: row('unauthenticated', TOKEN),
  InvalidTokenId: row('unauthenticated', TOKEN), // MinIO's name, also for a session that has ended
  CredentialsProviderError: row(
    'unauthenticated',
    'No credentials were found: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or [s3.credentials].',
  ),
  RequestTimeTooSkewed: row('unauthenticated', "Set this machine's clock (NTP)."),
  EntityTooLarge: row('too_large', 'Raise part_size_mb in [s3.multipart].'),
  NoSuchUpload: row('conflict', 'The multipart upload was aborted from outside, by hand or by a lifecycle rule.'),
  InvalidPart: row('conflict', 'A part of the multipart upload is gone or was changed from outside.'),
  OperationAborted: row('conflict', 'Another operation on the same name was under way: try again.'),
  ConditionalRequestConflict: row('conflict', 'Another operation on the same name was under way: try again.'),
  BadDigest: row('unavailable', DAMAGED),
  XAmzContentSHA256Mismatch: row('unavailable', DAMAGED),
  IncompleteBody: row('unavailable', DAMAGED),
  RequestTimeout: row('unavailable', DAMAGED),
  InvalidObjectState: row(
    'unprocessable',
    'The object was archived, by a lifecycle rule or by hand: restore it, or leave its partition out.',
  ),
  InvalidStorageClass: row('config', 'Correct storage_class: this server does not have that one.'),
  NotImplemented: row('unprocessable', 'This server lacks an operation of S3 that the lake needs.'),
};

const REGION_CODES = new Set([
  'PermanentRedirect',
  'AuthorizationHeaderMalformed',
  'IllegalLocationConstraintException',
  'InvalidRegion',
  'InvalidLocationConstraint',
]);

/** What the SDK puts on its errors, as far as it is looked at here. */
interface SdkError {
  readonly name?: string;
  readonly message?: string;
  /** Node's errno of a network error. */
  readonly code?: string;
  /** Some answers name the expected region. */
  readonly Region?: string;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string; readonly attempts?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
  readonly cause?: unknown;
}

/** The code S3 gave (`NoSuchUpload`), Node's (`ECONNREFUSED`), or the error's name. */
export function s3Code(thrown: unknown): string {
  if (!(thrown instanceof Error)) return '';
  const { name, code } = thrown as SdkError;
  return (name === 'Error' || name === 'TimeoutError' ? code : name) ?? name ?? '';
}

export function s3Status(thrown: unknown): number {
  return (thrown as SdkError | undefined)?.$metadata?.httpStatusCode ?? 0;
}

/** How often the call was made before it failed. */
export function s3Attempts(thrown: unknown): number {
  return (thrown as SdkError | undefined)?.$metadata?.attempts ?? 1;
}

/** S3's code of an error that went through `s3Error`, which keeps it as the name of the cause. */
export function causeCode(error: unknown): string | undefined {
  return error instanceof BridgeError && error.cause instanceof Error ? error.cause.name : undefined;
}

export function s3Error(thrown: unknown, where: S3Where): BridgeError {
  if (thrown instanceof BridgeError) return thrown;
  const error = (thrown ?? {}) as SdkError;
  const code = s3Code(thrown);
  const status = s3Status(thrown);
  const name = where.key === undefined ? `bucket ${where.bucket}` : `s3://${where.bucket}/${where.key}`;
  const cause = causeOf(error, code, status);
  const text = `${where.action} of ${name} failed: ${code || 'unknown error'}${status ? ` (HTTP ${status})` : ''}`;
  const message = error.message && error.message !== code ? `${text}: ${firstLine(error.message)}` : text;
  const as = (errorCode: ErrorCode, hint: string) => new BridgeError(errorCode, message, { hint, cause });

  if (code === 'AbortError') return cancelled(`${where.action} of ${name}`, cause);
  if (REGION_CODES.has(code) || status === 301) return as('config', regionHint(error, where));
  const kms = kmsError(code, status, error.message ?? '');
  if (kms) return as(kms.code, kms.hint);
  const known = Object.hasOwn(ROWS, code) ? ROWS[code] : undefined;
  if (known) return as(known.code, known.hint);
  if (NO_OBJECT_CODES.has(code) || (status === 404 && !isOwnCode(error))) return notFound(name, cause);
  if (code === 'PreconditionFailed' || status === 412) return alreadyExists(name, cause);
  if (status === 403) {
    const target = where.key === undefined ? where.bucket : `${where.bucket}/${where.key}`;
    const allow = `Allow s3:${permissionOf(where.action)} on arn:aws:s3:::${target} to these credentials`;
    const owner = where.owner
      ? `, or correct expected_bucket_owner in [s3]: the bucket may not be ${where.owner}'s`
      : '';
    return as('permission_denied', `${allow}${owner}.`);
  }
  // Answers to HEAD have no body and so no code; of what is answered 400, this is what happens.
  if (where.action === 'HeadObject' && status === 400) return as('unauthenticated', EXPIRED);
  if (status === 401) return as('unauthenticated', KEYS);
  if (status === 409) return as('conflict', 'Another operation on the same name was under way: try again.');
  if (status >= 400 && status < 500 && status !== 408 && status !== 429) {
    return as('unprocessable', 'The server refuses this request as it is: compare [s3] with what it supports.');
  }
  const server = where.endpoint ?? `S3 in ${where.region}`;
  return as('unavailable', `${server} does not answer as it should for now; calls are tried again.`);
}

/** Codes of what is missing where an object was asked for; a HEAD has the name that the SDK gives it. */
const NO_OBJECT_CODES = new Set(['NoSuchKey', 'NotFound', 'NoSuchVersion']);

/** Whether the server named what is wrong; without a body in its answer the SDK makes up a name. */
function isOwnCode(error: SdkError): boolean {
  return (
    error.name !== undefined && !['', 'Error', 'UnknownError', 'Unknown', 'S3ServiceException'].includes(error.name)
  );
}

/** Trouble with the key of encryption, which AWS, MinIO and others put in codes of their own. */
function kmsError(code: string, status: number, message: string): Row | undefined {
  if (status < 400 || status === 500 || status === 503 || !/\bkms\b|kms:|kms\./i.test(`${code} ${message}`))
    return undefined;
  if (status !== 403) return row('config', KMS);
  return row(
    'permission_denied',
    'Allow kms:GenerateDataKey and kms:Decrypt on the key to these credentials, in its key policy too.',
  );
}

function regionHint(error: SdkError, where: S3Where): string {
  const named = error.Region ?? error.$response?.headers?.['x-amz-bucket-region'];
  const expected = named ?? /expecting '([^']+)'/.exec(error.message ?? '')?.[1];
  if (expected) return `Set region = "${expected}" in [s3] (it is "${where.region}").`;
  return `Set region in [s3] to the bucket's region (it is "${where.region}"), or correct the endpoint.`;
}

/** The IAM action that a call needs, where it has another name than the call. */
function permissionOf(action: string): string {
  const names: Readonly<Record<string, string>> = {
    HeadObject: 'GetObject',
    GetBucketLifecycleConfiguration: 'GetLifecycleConfiguration',
    PutBucketLifecycleConfiguration: 'PutLifecycleConfiguration',
    GetPublicAccessBlock: 'GetBucketPublicAccessBlock',
    PutPublicAccessBlock: 'PutBucketPublicAccessBlock',
    ListObjectsV2: 'ListBucket',
    DeleteObjects: 'DeleteObject',
    ListMultipartUploads: 'ListBucketMultipartUploads',
    CreateMultipartUpload: 'PutObject',
    UploadPart: 'PutObject',
    ListParts: 'ListMultipartUploadParts',
    CompleteMultipartUpload: 'PutObject',
  };
  return names[action] ?? action;
}

function causeOf(error: SdkError, code: string, status: number): Error {
  const cause = new Error(firstLine(error.message ?? ''));
  cause.name = code || 'Error';
  const requestId = error.$metadata?.requestId;
  return Object.assign(cause, status ? { status } : {}, requestId ? { requestId } : {});
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]!.slice(0, 500);
}
