/** What keys of `[s3]` say together. */
import type { Problems } from './problems.ts';
import type { Settings } from './settings.ts';

export function checkS3(settings: Settings, problems: Problems): void {
  if (settings.text('storage.type') === 's3') checkBucket(settings, problems);
  checkPrefix(settings, problems);
  checkCredentials(settings, problems);
  checkEncryption(settings, problems);
}

/** The rules of S3 for names (3 to 63 characters, letters, digits, `.`, `-`), and `_` and capitals as old buckets have. */
const BUCKET = /^[A-Za-z0-9][A-Za-z0-9._-]{1,253}[A-Za-z0-9]$/;

function checkBucket(settings: Settings, problems: Problems): void {
  const bucket = settings.optional('s3.bucket');
  if (bucket === undefined) problems.reportMissing('s3.bucket', 'storage.type "s3" needs it');
  else if (!BUCKET.test(bucket)) {
    problems.report('s3.bucket', 's3.bucket is no name of a bucket; expected letters, digits, "." and "-" (no URL)');
  }
}

function checkPrefix(settings: Settings, problems: Problems): void {
  const steps = trimSlashes(settings.text('s3.prefix')).split('/');
  if (steps.length > 1 && steps.some((step) => step === '' || step === '.' || step === '..')) {
    problems.report('s3.prefix', 's3.prefix has an empty segment, "." or ".."; expected a path such as "lake/prod"');
  }
}

function checkCredentials(settings: Settings, problems: Problems): void {
  const type = settings.text('s3.credentials.type');
  for (const [key, user] of CREDENTIAL_USERS) {
    const path = `s3.credentials.${key}`;
    const isGiven = settings.has(path);
    if (isGiven && type !== user) {
      problems.report(
        path,
        `${path} is not used by s3.credentials.type "${type}", only by "${user}"; remove it`,
        'key',
      );
    }
    if (!isGiven && type === user && (key === 'access_key_id' || key === 'secret_access_key')) {
      problems.reportMissing(path, 's3.credentials.type "explicit" needs it');
    }
  }
}

function checkEncryption(settings: Settings, problems: Problems): void {
  if (settings.has('s3.encryption.kms_key_id') && settings.optional('s3.encryption.type') !== 'aws:kms') {
    const path = 's3.encryption.kms_key_id';
    problems.report(
      path,
      `${path} is used by s3.encryption.type "aws:kms" only; set that type or remove the key`,
      'key',
    );
  }
}

const CREDENTIAL_USERS = [
  ['profile', 'profile'],
  ['access_key_id', 'explicit'],
  ['secret_access_key', 'explicit'],
  ['session_token', 'explicit'],
] as const;

export function trimSlashes(text: string): string {
  return text.replace(/^\/+|\/+$/g, '');
}
